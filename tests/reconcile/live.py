"""One incident on the real API server: real record, planner, actor and verification; what is seen and decided is the test's.

The store holds what the test has looked at last, so that a test can put a race exactly where it wants it: between two looks.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from planaria_contract import Decision, Escalate, ObjectRef, Observation, SemanticState, Symptom
from planaria_contract.actions import Parameters
from planaria_contract.observation import SymptomKind
from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.api.base import API_VERSION
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.detect.incident import Incident
from planaria_operator.evidence.facts import pod_fact
from planaria_operator.kube.errors import NotFound
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.records import Records
from planaria_operator.settings import Settings
from planaria_operator.watch.kinds import PARSERS
from planaria_operator.watch.resources import parse_policy
from tests import builders
from tests.act.live import Live

SEEN = ("Deployment", "ReplicaSet", "Pod")


@dataclass
class Stations:
    """Collector, extractor, decider and recorder in one."""

    decisions: list[Parameters]
    observed: tuple[Any, ...] = ()
    target: ObjectRef | None = None
    events: list[str] = field(default_factory=list)

    async def observe(self, *_: Any) -> Observation:
        assert self.target is not None
        facts = tuple(pod_fact(pod, affected=True) for pod in self.observed)
        return Observation(
            incident="i", time=now(), target=self.target, symptoms=(builders.symptom(),), pods=facts
        )

    async def extract(self, _: Observation) -> SemanticState:
        return builders.state()

    async def decide(self, _: Situation) -> Decision:
        parameters = self.decisions.pop(0) if self.decisions else Escalate(reason="nothing is left")
        return builders.decision(parameters, self.target, masks=())

    def tell(self, _: Any) -> None:
        pass

    def record(self, _: Any, *, reason: Any, **__: Any) -> None:
        self.events.append(reason.value)


class Race:
    """The Deployment `app` in a namespace of its own, under a policy that enforces."""

    def __init__(self, live: Live, stations: Stations) -> None:
        self.live = live
        self.stations = stations
        self.store = ClusterStore()
        self.well = False
        self.late = timedelta(0)
        parts: dict[str, Any] = dict.fromkeys(("collector", "extractor", "decider", "recorder"), stations)
        self.parts = Parts(
            settings=Settings(),
            store=self.store,
            planner=Planner(live.kube, self.store),
            actor=Actor(live.kube),
            records=Records(live.kube, self.store),
            journal=Journal(),
            clock=self.clock,
            **parts,
        )

    def clock(self) -> datetime:
        return now() + self.late

    async def begin(self, **spec: Any) -> Remediation:
        """Look, and open the incident."""
        quick = {"timeoutSeconds": 60, "stableForSeconds": 1}
        body = {
            "apiVersion": API_VERSION,
            "kind": "HealingPolicy",
            "metadata": {"name": "p"},
            "spec": {"mode": "Enforce", "verification": quick, **spec},
        }
        made = await self.live.kube.create("HealingPolicy", self.live.namespace, body)
        self.store.put_policy(parse_policy(made))
        await self.look()
        target = self.store.workload("Deployment", self.live.namespace, "app")
        assert target is not None
        self.stations.target = builders.ref(target)
        symptom = Symptom(
            kind=SymptomKind.NOT_READY, subject=self.stations.target, since=now() - timedelta(minutes=2)
        )
        self.incident = Incident(self.policy, self.stations.target, (symptom,))
        return await self.parts.records.open(self.incident)

    @property
    def policy(self) -> Any:
        (found,) = self.store.policies.values()
        return found

    async def look(self) -> None:
        """As a watch that has caught up."""
        for kind in SEEN:
            bodies = await self.live.kube.list(kind, self.live.namespace)
            views = [PARSERS[kind](body) for body in bodies]
            uids = {view.meta.uid for view in views}
            for (namespace, name), uid in self.store.identities(kind).items():
                if uid not in uids:
                    self.store.discard(kind, namespace, name, uid)
            for view in views:
                self.store.put(view)
        self.stations.observed = tuple(pod for pod in self.store.pods() if pod.active)

    async def step(self) -> Remediation:
        (remediation,) = self.store.remediations.values()
        incidents = () if self.well else (replace(self.incident, policy=self.policy),)
        return await advance(self.parts, Case(remediation, self.policy, incidents, self.clock()))

    async def until(self, *stages: str) -> Remediation:
        for _ in range(20):
            remediation = await self.step()
            if remediation.status.stage in stages:
                return remediation
            self.late += timedelta(seconds=2)
        raise AssertionError(f"never {stages}: {remediation.status.stage}, {remediation.status.timeline}")

    async def deployment(self) -> Any:
        try:
            return await self.live.get("Deployment")
        except NotFound:
            return None


def outcomes(remediation: Remediation) -> list[str]:
    return [attempt.outcome.value for attempt in remediation.status.attempts]
