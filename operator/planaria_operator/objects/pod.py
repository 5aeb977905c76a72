from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from planaria_operator.objects.meta import Body, Meta, find_condition, parse_meta, parse_time
from planaria_operator.objects.quantity import to_bytes, to_millicores
from planaria_operator.text import shortened

Specs = Sequence[Mapping[str, Any]] | None

OUT_OF_MEMORY: Final = "OOMKilled"
"""The reason of a container that the kernel killed for memory."""


@dataclass(frozen=True, slots=True)
class Termination:
    reason: str
    exit_code: int
    finished: datetime | None
    started: datetime | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """One container, its limits as specified and its state as last reported."""

    name: str
    image: str = ""
    """As the template names it."""
    memory_limit: int | None = None
    """Bytes."""
    cpu_limit: int | None = None
    """Millicores."""
    restarts: int = 0
    started: bool = False
    """True once the start-up probe has passed (or at once, without one)."""
    ready: bool = False
    """As the kubelet reports it. An init container is ready once it has ended well; until then the others wait for it."""
    running_since: datetime | None = None
    waiting_reason: str | None = None
    waiting_message: str = ""
    terminated: Termination | None = None
    """The current state, where the container has ended."""
    last_termination: Termination | None = None
    """How the instance before this one ended."""
    has_startup_probe: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    meta: Meta
    node: str | None
    phase: str
    ready: bool
    ready_since: datetime | None
    """Last transition of the Ready condition, either way."""
    scheduled: bool
    unscheduled_since: datetime | None
    unscheduled_message: str
    containers: tuple[Container, ...]
    local_storage: bool = False
    """True for hostPath or local claims, which do not follow the pod. An emptyDir is scratch space and may be lost."""
    started_at: datetime | None = None
    """When a kubelet first took the pod up; it never moves afterwards."""
    init_containers: tuple[Container, ...] = ()
    gated: bool = False
    """Somebody holds it back with a scheduling gate: a queue, for one."""

    @property
    def restarts(self) -> int:
        return sum(container.restarts for container in self.containers)

    @property
    def active(self) -> bool:
        """False for a pod that is being deleted or has run to its end: nobody waits for it to be ready."""
        return not self.meta.deleting and self.phase not in {"Succeeded", "Failed"}


def parse_pod(body: Body) -> Pod:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    ready, scheduled = find_condition(body, "Ready") or {}, find_condition(body, "PodScheduled") or {}
    volumes = spec.get("volumes") or ()
    return Pod(
        meta=parse_meta("Pod", body),
        node=spec.get("nodeName"),
        phase=status.get("phase", "Pending"),
        ready=ready.get("status") == "True",
        ready_since=parse_time(ready.get("lastTransitionTime")),
        scheduled=scheduled.get("status") != "False",
        unscheduled_since=_since_false(scheduled),
        unscheduled_message=shortened(str(scheduled.get("message") or ""), 512),
        containers=_containers(spec.get("containers"), status.get("containerStatuses")),
        local_storage=any("hostPath" in volume for volume in volumes),
        started_at=parse_time(status.get("startTime")),
        init_containers=_containers(spec.get("initContainers"), status.get("initContainerStatuses")),
        # Until the scheduler has had its say, the condition is still of the gate that was taken off.
        gated=bool(spec.get("schedulingGates")) or scheduled.get("reason") == "SchedulingGated",
    )


def _containers(specs: Specs, statuses: Specs) -> tuple[Container, ...]:
    reported = {item["name"]: item for item in statuses or ()}
    return tuple(_container(item, reported.get(item["name"], {})) for item in specs or ())


def _since_false(condition: Mapping[str, Any]) -> datetime | None:
    return parse_time(condition.get("lastTransitionTime")) if condition.get("status") == "False" else None


def _container(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Container:
    limits = (spec.get("resources") or {}).get("limits") or {}
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    return Container(
        name=spec["name"],
        image=str(spec.get("image") or "")[:512],
        memory_limit=to_bytes(limits["memory"]) if "memory" in limits else None,
        cpu_limit=to_millicores(limits["cpu"]) if "cpu" in limits else None,
        restarts=status.get("restartCount") or 0,
        started=bool(status.get("started")),
        ready=bool(status.get("ready")),
        running_since=parse_time((state.get("running") or {}).get("startedAt")),
        waiting_reason=waiting.get("reason"),
        waiting_message=shortened(str(waiting.get("message") or ""), 512),
        terminated=_termination(state.get("terminated")),
        last_termination=_termination((status.get("lastState") or {}).get("terminated")),
        has_startup_probe="startupProbe" in spec,
    )


def _termination(state: Mapping[str, Any] | None) -> Termination | None:
    if not state:
        return None
    return Termination(
        reason=state.get("reason") or "Error",
        exit_code=int(state.get("exitCode") or 0),
        finished=parse_time(state.get("finishedAt")),
        started=parse_time(state.get("startedAt")),
    )
