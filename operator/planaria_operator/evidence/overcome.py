"""What Kubernetes said of troubles that are over. It keeps an event for an hour, whatever has become of its matter, and
an old one explains no new fault: a volume that was mounted at the second try, a node that was lost and came back.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from planaria_operator.evidence.events import last_seen, subject_of
from planaria_operator.evidence.scene import Scene
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.pod import Container, Pod
from planaria_operator.objects.store import ClusterStore

LOSSES: Final = frozenset({"NodeNotReady"})
"""Said of a node, and of each pod on it, when its kubelet no longer reports."""
STARTS: Final = frozenset(
    {"FailedScheduling", "FailedAttachVolume", "FailedMount", "FailedMapVolume", "FailedCreatePodSandBox"}
)
"""Said of a pod whose containers cannot begin."""
PULLS: Final = (
    "Failed to pull image",
    "Back-off pulling image",
    "Error: ErrImagePull",
    "Error: ImagePullBackOff",
)
"""How the notes of a failed pull begin. Their reasons, Failed and BackOff, are given to other troubles too."""

Over = Mapping[tuple[str, str], datetime]
"""By kind and name: until when a trouble of that object is over."""


def without_overcome(bodies: Iterable[JsonBody], about: Scene, store: ClusterStore) -> list[JsonBody]:
    """All events but those of a trouble that cannot be why the affected pods are ill now."""
    back = _back(store, about.affected) if about.workload else {}  # of a node, its loss is the very matter
    begun = {("Pod", pod.meta.name): since for pod in about.affected if (since := _begun(pod))}

    def is_over(body: JsonBody) -> bool:
        return (_is_loss(body) and _is_before(body, back)) or (_is_start(body) and _is_before(body, begun))

    return [body for body in bodies if not is_over(body)]


def _is_loss(body: JsonBody) -> bool:
    return body.get("reason") in LOSSES


def _is_start(body: JsonBody) -> bool:
    return body.get("reason") in STARTS or str(body.get("note") or "").startswith(PULLS)


def _is_before(body: JsonBody, over: Over) -> bool:
    until = over.get(subject_of(body))
    return until is not None and last_seen(body) <= until.timestamp()


def _begun(pod: Pod) -> datetime | None:
    """When the last of the pod's containers began for the first time that is known, where all have begun."""
    starts = [_first_start(container) for container in pod.containers]
    known = [start for start in starts if start]
    return max(known) if known and len(known) == len(starts) else None


def _first_start(container: Container) -> datetime | None:
    ends = [end.started for end in (container.last_termination, container.terminated) if end]
    return min((start for start in (*ends, container.running_since) if start), default=None)


def _back(store: ClusterStore, affected: Sequence[Pod]) -> Over:
    """The pods that fell ill only after their node was back, and the nodes of which that holds for all affected pods.

    The others may still suffer from the loss: a kubelet that is back has all its containers to start.
    """
    back = {pod.meta.name: _back_before(store, pod) for pod in affected}
    found = {("Pod", name): since for name, since in back.items() if since}
    for name in {pod.node for pod in affected if pod.node}:
        here = [back[pod.meta.name] for pod in affected if pod.node == name]
        if since := here[0] if all(here) else None:
            found["Node", name] = since
    return found


def _back_before(store: ClusterStore, pod: Pod) -> datetime | None:
    """Since when the pod's node is ready, where the pod fell ill after that."""
    node = store.node(pod.node or "")
    if node is None or not node.ready or node.ready_since is None or pod.ready_since is None:
        return None
    return node.ready_since if pod.ready_since > node.ready_since else None
