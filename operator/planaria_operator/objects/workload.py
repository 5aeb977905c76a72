from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from planaria_operator.objects.keeper import Keeper, parse_keeper
from planaria_operator.objects.meta import Body, Meta, find_condition, heal_disabled, parse_meta, parse_time

WORKLOAD_KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet")
REVISION: Final = "deployment.kubernetes.io/revision"


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet."""

    meta: Meta
    desired: int
    ready: int
    updated: int
    available: int
    observed_generation: int
    match_labels: dict[str, str]
    environment: tuple[str, ...]
    """Values of plain environment variables and arguments, the init containers' last: where a template names what it
    depends on."""
    progress_deadline: int = 600
    """Seconds that a rollout may take; Deployments have their own."""
    min_ready_seconds: int = 0
    """Seconds that a pod has to be ready before it counts as available."""
    progressing_reason: str | None = None
    """Reason of a Deployment's Progressing condition."""
    progressing_since: datetime | None = None
    """When that condition was last updated: a rollout that still moves updates it."""
    update_revision: str | None = None
    """StatefulSets name it in status."""
    template_heal_disabled: bool = False
    """The pod template says `planaria.dev/heal: disabled`."""
    keeper: Keeper | None = None
    """The GitOps controller that writes its spec from Git."""
    held_back: int = 0
    """Pods that a person keeps from the newest template: by a partition, by OnDelete, or by a paused rollout."""

    @property
    def rollout_in_progress(self) -> bool:
        if not self.observed:
            return True
        return self.updated < self._to_update or self.progressing_reason in {
            "ReplicaSetUpdated",
            "NewReplicaSetCreated",
            "FoundNewReplicaSet",
        }

    @property
    def rollout_stuck(self) -> bool:
        """Not while it is paused: the controller then keeps the reason, though it waits for nothing any more."""
        return self.progressing_reason == "ProgressDeadlineExceeded" and not self.held_back

    @property
    def observed(self) -> bool:
        """True once its controller has seen the newest spec, so that status speaks of that."""
        return self.observed_generation >= self.meta.generation

    @property
    def lacking(self) -> int:
        """Pods that are wanted and not there, or not ready, or still to be made anew."""
        return max(
            self.desired - self.ready, self.desired - self.available, self._to_update - self.updated, 0
        )

    @property
    def healthy(self) -> bool:
        """Everything that is wanted is there, new and ready. Wanting nothing counts as healthy."""
        return self.observed and self.lacking == 0

    @property
    def _to_update(self) -> int:
        return self.desired - self.held_back


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    meta: Meta
    desired: int
    ready: int
    revision: int
    """The Deployment revision that it stands for."""

    @property
    def template_hash(self) -> str | None:
        return self.meta.labels.get("pod-template-hash")


def parse_workload(kind: str, body: Body) -> Workload:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    marks = (spec.get("template") or {}).get("metadata") or {}
    containers = template.get("containers") or ()
    progressing = find_condition(body, "Progressing") or {}
    daemon = kind == "DaemonSet"
    desired = status.get("desiredNumberScheduled", 0) if daemon else spec.get("replicas", 1)
    ready = status.get("numberReady" if daemon else "readyReplicas") or 0
    return Workload(
        meta=parse_meta(kind, body),
        desired=desired,
        ready=ready,
        updated=status.get("updatedNumberScheduled" if daemon else "updatedReplicas") or 0,
        available=status.get("numberAvailable" if daemon else "availableReplicas") or 0,
        observed_generation=status.get("observedGeneration") or 0,
        match_labels=dict((spec.get("selector") or {}).get("matchLabels") or {}),
        environment=_environment((*containers, *(template.get("initContainers") or ()))),
        progress_deadline=spec.get("progressDeadlineSeconds") or 600,
        min_ready_seconds=spec.get("minReadySeconds") or 0,
        progressing_reason=progressing.get("reason"),
        progressing_since=parse_time(progressing.get("lastUpdateTime")),
        update_revision=status.get("updateRevision"),
        template_heal_disabled=heal_disabled(marks.get("labels") or {}, marks.get("annotations") or {}),
        keeper=parse_keeper(body),
        held_back=_held_back(kind, spec, desired),
    )


def _held_back(kind: str, spec: Mapping[str, Any], desired: int) -> int:
    strategy = spec.get("updateStrategy") or {}
    if spec.get("paused") or strategy.get("type") == "OnDelete":
        return desired
    if kind != "StatefulSet":
        return 0
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    return min(partition, desired)


def _environment(containers: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    values: list[str] = []
    for container in containers:
        values += [str(item["value"]) for item in container.get("env") or () if item.get("value")]
        values += [
            str(argument) for argument in (*(container.get("command") or ()), *(container.get("args") or ()))
        ]
    return tuple(value[:512] for value in values[:64])


def parse_replica_set(body: Body) -> ReplicaSet:
    meta = parse_meta("ReplicaSet", body)
    return ReplicaSet(
        meta=meta,
        desired=(body.get("spec") or {}).get("replicas", 0),
        ready=(body.get("status") or {}).get("readyReplicas") or 0,
        revision=int(meta.annotations.get(REVISION) or 0),
    )
