"""What is wrong with one object, read from its view alone.

Every `since` comes from a time that the API server itself keeps, so a restarted operator sees the same symptoms with
the same times. A container's waiting state carries no time of its own; the pod's Ready condition stands in for it.

How long a pod has been unready, and whether it ever was ready, follows from two times. Observed on Kubernetes 1.34 with
containerd (tests/detect/recorded holds the watch events):

- The kubelet's first status report stamps `status.startTime` and `Ready=False` in one go: the two are equal to the
  second. `startTime` never moves again.
- `Ready.lastTransitionTime` moves only when the status flips. A pod that never became ready keeps `Ready=False` at its
  start time, through any number of crashes, image pull errors and passed start-up probes.
- A pod that was ready shows `Ready=False` with a later time. A container that runs for a moment between crashes, without
  a readiness probe, makes its pod Ready for that moment, so this time moves with each crash.
- ErrImagePull and ImagePullBackOff alternate; a container ends as `terminated` for up to a second before the kubelet
  shows CrashLoopBackOff; a liveness kill replaces the container without the pod ever leaving Ready.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from planaria_contract import ObjectRef, Symptom, SymptomKind
from planaria_operator.api.triggers import Triggers
from planaria_operator.detect.relapse import ending, on_probation, restarts_within
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.meta import Meta
from planaria_operator.objects.pod import OUT_OF_MEMORY, Container, Pod
from planaria_operator.objects.workload import Workload
from planaria_operator.record.fit import clip

WAITING: Final = {
    "CrashLoopBackOff": SymptomKind.CRASH_LOOP,
    "ErrImagePull": SymptomKind.IMAGE_PULL,
    "ImagePullBackOff": SymptomKind.IMAGE_PULL,
    "ErrImageNeverPull": SymptomKind.IMAGE_PULL,
    "InvalidImageName": SymptomKind.IMAGE_PULL,
    "ImageInspectError": SymptomKind.IMAGE_PULL,
    "RegistryUnavailable": SymptomKind.IMAGE_PULL,
    "SignatureValidationFailed": SymptomKind.IMAGE_PULL,
    "CreateContainerConfigError": SymptomKind.CONFIG_ERROR,
    "CreateContainerError": SymptomKind.CONFIG_ERROR,
    "RunContainerError": SymptomKind.CONFIG_ERROR,
}
"""Waiting reasons that mean a fault. ContainerCreating and PodInitializing are ordinary steps of a start."""

SAME_REPORT: Final = timedelta(seconds=1)
"""`startTime` and the first `Ready=False` are stamped together, but may fall on either side of a full second."""

BEGINNING: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    symptom: Symptom
    ripe_at: datetime | None
    """When its trigger has waited long enough; None where it is worth watching but never opens an incident by itself."""

    def ripe(self, now: datetime) -> bool:
        return self.ripe_at is not None and self.ripe_at <= now


def was_ready(pod: Pod) -> bool:
    """True for a pod that is, or at some time was, ready."""
    if pod.ready:
        return True
    began = pod.started_at or pod.meta.created
    return bool(pod.ready_since and began and pod.ready_since - began > SAME_REPORT)


def of_pod(pod: Pod, triggers: Triggers, now: datetime, *, deadline: int) -> list[Finding]:
    """`deadline`: seconds that the pod's rollout may take, within which a silent start is no symptom."""
    if not pod.active:
        return []
    if not pod.scheduled:
        return list(_unschedulable(pod, triggers))
    found = [
        finding
        for container in (*pod.init_containers, *pod.containers)
        if not succeeded(container)
        for finding in _of_container(pod, container, triggers, now)
    ]
    return found if pod.ready else [*found, *_of_readiness(pod, triggers, now, deadline)]


def of_workload(workload: Workload) -> list[Finding]:
    """A rollout past its progress deadline. The deadline was the wait, so it is ripe at once."""
    if not workload.rollout_stuck or workload.desired == 0:
        return []
    since = workload.progressing_since or workload.meta.created or BEGINNING
    message = f"no progress within {workload.progress_deadline} s"
    return [Finding(_symptom(SymptomKind.STUCK_ROLLOUT, workload.meta, since, message), since)]


def of_node(node: Node, triggers: Triggers) -> list[Finding]:
    if node.ready:
        return []
    since = node.ready_since or node.meta.created or BEGINNING
    lost = _symptom(SymptomKind.NODE_NOT_READY, node.meta, since, node.ready_message)
    return [Finding(lost, since + timedelta(seconds=triggers.node_not_ready_for_seconds))]


def _unschedulable(pod: Pod, triggers: Triggers) -> Iterator[Finding]:
    since = pod.unscheduled_since or _created(pod)
    symptom = _symptom(SymptomKind.UNSCHEDULABLE, pod.meta, since, pod.unscheduled_message)
    yield Finding(symptom, since + timedelta(seconds=triggers.unschedulable_for_seconds))


def _of_container(pod: Pod, container: Container, triggers: Triggers, now: datetime) -> Iterator[Finding]:
    kind = WAITING.get(container.waiting_reason or "")
    if kind:
        since = _unready_since(pod, container)
        message = f"{container.name}: {container.waiting_reason}. {container.waiting_message}"
        yield Finding(
            _symptom(kind, pod.meta, since, message),
            since + timedelta(seconds=triggers.waiting_for_seconds),
        )
    if container.terminated or on_probation(container, now):
        yield from _of_ending(pod, container, triggers, now)


def _of_ending(pod: Pod, container: Container, triggers: Triggers, now: datetime) -> Iterator[Finding]:
    """How the latest instance ended, and whether that happens again and again."""
    ended = ending(container)
    since = _unready_since(pod, container)
    if ended and ended.exit_code != 0:
        out_of_memory = ended.reason == OUT_OF_MEMORY
        kind = SymptomKind.OUT_OF_MEMORY if out_of_memory else SymptomKind.TERMINATED
        message = f"{container.name}: {ended.reason}, exit code {ended.exit_code}"
        yield Finding(_symptom(kind, pod.meta, since, message), None)
    count = restarts_within(container, triggers.restarts.window_seconds, now)
    enough = count >= triggers.restarts.count
    if enough or count > 1:  # a single one is ordinary, except where the policy says otherwise
        restarts = "restart" if count == 1 else "restarts"
        message = f"{container.name}: about {count} {restarts} in {triggers.restarts.window_seconds} s"
        yield Finding(_symptom(SymptomKind.RESTARTING, pod.meta, since, message), since if enough else None)


def _of_readiness(pod: Pod, triggers: Triggers, now: datetime, deadline: int) -> Iterator[Finding]:
    if was_ready(pod) and pod.ready_since:
        since, message = pod.ready_since, "was ready and is not any more"
    else:
        since = (pod.started_at or _created(pod)) + timedelta(seconds=deadline)
        message = f"not ready {deadline} s after its start"
        if now < since:
            return
    # The kubelet itself ends a start-up that takes too long, and that shows as a restart.
    wait = None if _starting_up(pod) else since + timedelta(seconds=triggers.not_ready_for_seconds)
    yield Finding(_symptom(SymptomKind.NOT_READY, pod.meta, since, message), wait)


def succeeded(container: Container) -> bool:
    """An init container that is through, however often it had to wait for something before."""
    return container.terminated is not None and container.terminated.exit_code == 0


def _starting_up(pod: Pod) -> bool:
    return any(each.has_startup_probe and each.running_since and not each.started for each in pod.containers)


def _unready_since(pod: Pod, container: Container) -> datetime:
    """Since when the container's trouble shows: the pod's unreadiness, or its latest ending while the pod is Ready."""
    ended = ending(container)
    if not pod.ready and pod.ready_since:
        return pod.ready_since
    return (ended.finished if ended else None) or _created(pod)


def _created(pod: Pod) -> datetime:
    return pod.meta.created or BEGINNING


def _symptom(kind: SymptomKind, meta: Meta, since: datetime, message: str) -> Symptom:
    subject = ObjectRef(kind=meta.kind, name=meta.name, namespace=meta.namespace or None, uid=meta.uid)
    return Symptom(kind=kind, subject=subject, since=since, message=clip(message.strip(), 512))
