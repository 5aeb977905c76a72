"""Equation 1 of the paper: x_t = {l_t, m_t, a_t}, the log window, the metric window, and the alerts and events."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from planaria_contract.base import SCHEMA_VERSION, Model


class ObjectRef(Model):
    """One object in the cluster, by the names a person would type."""

    kind: str
    name: str
    namespace: str | None = None
    uid: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class SymptomKind(StrEnum):
    """What was seen on an object, before anything is said about its cause."""

    NOT_READY = "NotReady"
    RESTARTING = "Restarting"
    CRASH_LOOP = "CrashLoopBackOff"
    IMAGE_PULL = "ImagePullFailed"
    CONFIG_ERROR = "ContainerConfigError"
    OUT_OF_MEMORY = "OutOfMemoryKilled"
    TERMINATED = "TerminatedWithError"
    UNSCHEDULABLE = "Unschedulable"
    NODE_NOT_READY = "NodeNotReady"
    STUCK_ROLLOUT = "StuckRollout"


class Symptom(Model):
    kind: SymptomKind
    subject: ObjectRef
    since: datetime
    """When the API first showed it, not when Planaria noticed."""
    message: str = ""


class LogLine(Model):
    index: int
    """Position in the window; `SemanticState.evidence` refers to it."""
    pod: str
    container: str
    text: str
    previous: bool = False
    """True for a line of the container instance before the last restart."""
    time: datetime | None = None
    dependent: bool = False
    """True for a line of another workload, one that calls the target."""


class MetricSeries(Model):
    """A short numeric series; `limit` is in the same unit as the values."""

    name: str
    subject: str
    unit: str
    values: tuple[float, ...]
    times: tuple[datetime, ...] = ()
    limit: float | None = None

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None

    @property
    def saturation(self) -> float | None:
        """The last value as a share of the limit, where both are known."""
        if self.last is None or not self.limit:
            return None
        return self.last / self.limit


class EventFact(Model):
    reason: str
    message: str
    subject: ObjectRef
    count: int = 1
    last_seen: datetime | None = None
    warning: bool = True


class AlertFact(Model):
    """An alert that fires about the target, as Prometheus knows it."""

    name: str
    severity: str = ""
    summary: str = ""
    since: datetime | None = None


class PodFact(Model):
    name: str
    uid: str
    node: str | None = None
    """None until the scheduler has placed it."""
    ready: bool
    affected: bool
    """True where a symptom of this incident is on the pod or its node."""
    restarts: int = 0
    waiting_reason: str | None = None
    last_termination: str | None = None
    last_exit_code: int | None = None
    revision: str | None = None
    """Hash of the template that the pod came from."""
    memory_limit_bytes: int | None = None
    cpu_limit_millicores: int | None = None
    movable: bool = True
    """False for pods that would not come back elsewhere: DaemonSet, static and bare pods, local volumes."""


class WorkloadFact(Model):
    ref: ObjectRef
    desired: int
    ready: int
    revision: str | None = None
    previous_revision: str | None = None
    """The newest older revision that can be returned to."""
    rollout_in_progress: bool = False
    revision_age_seconds: int | None = None
    """Time since the current revision was made."""
    previous_left_seconds: int | None = None
    """Time since the revision after the previous one was made: until then the previous one was current."""
    healed_revision: bool = False
    """The current revision is a healing action's own work, so its youth lays no blame on anybody's rollout."""
    autoscaled_by: str | None = None
    autoscaler_stuck: bool = False
    """The autoscaler would not help by itself: it wants more than its maximum, or cannot read its metrics."""
    controlled_by: str | None = None
    """The object that the workload is made from, which would take a change of its spec back: `Rollout/front`."""
    template_kept_by: str | None = None
    """The GitOps controller that would put another template back, in words."""
    replicas_kept_by: str | None = None
    """The same of the replica count, or of the autoscaler's bounds where there is one."""
    last_known_replicas: int | None = None
    """The last replica count above zero that was seen."""


class DependencyFact(Model):
    """A Service that the target names in its template or its logs, and what stands behind it."""

    service: str
    ready_endpoints: int
    workload: WorkloadFact | None = None


class NodeFact(Model):
    name: str
    ready: bool
    schedulable: bool
    not_ready_since: datetime | None = None
    pressure: tuple[str, ...] = ()


class Observation(Model):
    """Everything an extractor may look at. It is redacted: secrets never get this far."""

    schema_version: int = SCHEMA_VERSION
    incident: str
    time: datetime
    target: ObjectRef
    symptoms: tuple[Symptom, ...]
    logs: tuple[LogLine, ...] = ()
    metrics: tuple[MetricSeries, ...] = ()
    events: tuple[EventFact, ...] = ()
    alerts: tuple[AlertFact, ...] = ()
    pods: tuple[PodFact, ...] = ()
    workload: WorkloadFact | None = None
    dependencies: tuple[DependencyFact, ...] = ()
    nodes: tuple[NodeFact, ...] = ()
    missing: tuple[str, ...] = Field(default=())
    """Sources that could not be read, so that an absence is not mistaken for calm."""

    @property
    def affected(self) -> tuple[PodFact, ...]:
        return tuple(pod for pod in self.pods if pod.affected)

    @property
    def unaffected(self) -> tuple[PodFact, ...]:
        return tuple(pod for pod in self.pods if not pod.affected)

    def has(self, *kinds: SymptomKind) -> bool:
        return any(symptom.kind in kinds for symptom in self.symptoms)
