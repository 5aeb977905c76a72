"""Who is concerned by an incident: the target, its pods, and which of them are affected. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from planaria_contract import ObjectRef, Symptom
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.selection import Ranking, opted_out
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

MAX_PODS: Final = 200
"""Pods that an observation names: all affected ones first."""

MAX_MEASURED: Final = 20


@dataclass(frozen=True, slots=True)
class Scene:
    target: ObjectRef
    workload: Workload | None
    affected: tuple[Pod, ...]
    healthy: tuple[Pod, ...]

    @property
    def pods(self) -> tuple[Pod, ...]:
        return (*self.affected, *self.healthy)[:MAX_PODS]

    @property
    def measured(self) -> tuple[Pod, ...]:
        """Pods whose usage is read: the affected, and enough of the others to compare with."""
        return (*self.affected[:MAX_MEASURED], *self.healthy[:MAX_MEASURED])

    @property
    def measured_by_namespace(self) -> dict[str, list[str]]:
        """Names of the measured pods; on a node they may be of several namespaces."""
        found: dict[str, list[str]] = {}
        for pod in self.measured:
            found.setdefault(pod.meta.namespace, []).append(pod.meta.name)
        return found

    @property
    def nodes(self) -> tuple[str, ...]:
        own = (self.target.name,) if self.target.kind == "Node" else ()
        return tuple(dict.fromkeys((*own, *(pod.node for pod in self.pods if pod.node))))


def scene(
    store: ClusterStore, policy: HealingPolicy, target: ObjectRef, symptoms: Iterable[Symptom]
) -> Scene:
    if target.kind == "Node":
        return Scene(target, None, tuple(_pods_on(store, policy, target.name)), ())
    workload = store.workload(target.kind, target.namespace or policy.namespace, target.name)
    pods = [pod for pod in store.pods_of(workload) if pod.active] if workload else []
    named = {symptom.subject.name for symptom in symptoms if symptom.subject.kind == "Pod"}
    ill = [pod for pod in pods if pod.meta.name in named]
    if not ill:  # a stuck rollout, say, shows on the workload alone, and what a restart did not help on pods that it has replaced
        ill = [pod for pod in pods if not pod.ready]
    ailing = {pod.meta.name for pod in ill}
    well = [pod for pod in pods if pod.meta.name not in ailing]
    return Scene(target, workload, tuple(ill), tuple(sorted(well, key=lambda pod: not pod.ready)))


def _pods_on(store: ClusterStore, policy: HealingPolicy, node: str) -> Iterable[Pod]:
    """The active pods on a node that it is for the policy to move."""
    ranking = Ranking(store)
    for pod in store.pods_on(node):
        workload = store.workload_of(pod)
        if workload and pod.active and ranking.carries(policy, workload) and not opted_out(pod.meta):
            yield pod
