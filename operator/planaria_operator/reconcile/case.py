"""One open Remediation at one moment, and the parts that the steps work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from planaria_contract import ObjectRef, Observation, Symptom
from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus
from planaria_operator.decide.decider import Decider
from planaria_operator.detect.incident import Incident, Incidents
from planaria_operator.detect.selection import Ranking
from planaria_operator.evidence.collector import Collector
from planaria_operator.guard.weather import CALM, Weather
from planaria_operator.notify.notifier import Notifier
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.records import Records
from planaria_operator.record.convert import object_ref, symptom
from planaria_operator.record.events import Recorder
from planaria_operator.settings import Settings
from planaria_semantics.extractor import Extractor


@dataclass(frozen=True, slots=True)
class Parts:
    """The stations, put together once in `app.py`."""

    settings: Settings
    store: ClusterStore
    collector: Collector
    extractor: Extractor
    decider: Decider
    planner: Planner
    actor: Actor
    records: Records
    recorder: Recorder
    journal: Journal
    clock: Callable[[], datetime] = now
    observations: dict[str, Observation] = field(default_factory=dict)
    """The latest observation of each open case; made again where a restart has lost it."""
    notifier: Notifier | None = None
    """Tells people; None where nobody can be told."""


@dataclass(frozen=True, slots=True)
class Case:
    remediation: Remediation
    policy: HealingPolicy
    incidents: tuple[Incident, ...]
    """Everything that is detected under the policy now."""
    now: datetime
    """When this advance began."""
    weather: Weather = CALM
    """Of the pass that this advance began in."""
    ranking: Ranking | None = None
    """Of that pass too; made anew where there is none."""

    @property
    def key(self) -> str:
        return f"{self.remediation.namespace}/{self.remediation.name}"

    @property
    def status(self) -> RemediationStatus:
        return self.remediation.status

    @property
    def target(self) -> ObjectRef:
        return object_ref(self.remediation.spec.target)

    @property
    def namespace(self) -> str:
        """The target's; for a node that of the policy, which is empty for a ClusterHealingPolicy."""
        return self.remediation.spec.target.namespace or self.policy.namespace

    def workload(self, store: ClusterStore) -> Workload | None:
        """The target as it is now; None for a node, and where it is gone."""
        target = self.remediation.spec.target
        return store.workload(target.kind, self.namespace, target.name)

    @property
    def incident(self) -> Incident | None:
        """What is detected on the target now; None where nothing is."""
        return Incidents.of(self.incidents).by_uid.get(self.remediation.spec.target.uid or "")

    @property
    def shared_node(self) -> str | None:
        """The node that several workloads, the target among them, fail on and nowhere else."""
        shared = self.weather.shared_nodes.get(self.target.uid or "")
        return shared.node if shared else None

    @property
    def node_at_fault(self) -> str | None:
        return self.target.name if self.target.kind == "Node" else self.shared_node

    @property
    def symptoms(self) -> tuple[Symptom, ...]:
        """Those of now, or those that opened the incident: of what an attempt did not help, or of a lost node that its pods have left."""
        if self.incident:
            return self.incident.symptoms
        return tuple(symptom(record, self.namespace or None) for record in self.remediation.spec.symptoms)

    @property
    def reference(self) -> ObjectReference:
        own = self.remediation
        return ObjectReference(kind="Remediation", namespace=own.namespace, name=own.name, uid=own.uid)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is said of a step: once in the timeline, once as an Event."""

    station: str
    reason: Reason
    message: str
    warning: bool = False


async def commit(parts: Parts, case: Case, status: RemediationStatus, *tellings: Telling) -> Remediation:
    """Write the status with its lines in the timeline, then say the same as Events."""
    for telling in tellings:
        status = status.noted(telling.station, telling.reason, telling.message, now=parts.clock())
    said = status.timeline != case.status.timeline
    remediation = await parts.records.write(case.remediation, status)
    for telling in tellings if said else ():
        parts.recorder.record(
            case.remediation.spec.target,
            reason=telling.reason,
            note=telling.message,
            action=telling.station.capitalize(),
            warning=telling.warning,
            related=case.reference,
        )
    return remediation
