"""Workloads that break and heal, two policies over them, and an operator that can be killed at any station.

Everything between a symptom and the intent is the operator's own; what lies before and after answers as little as it can.
A new process knows only what the API holds.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from planaria_contract import Decision, Observation, Restart, SemanticState
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.detect.incident import Incident
from planaria_operator.guard.weather import weather
from planaria_operator.kube.errors import Conflict, NotFound
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.brakes import braked
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.journal import Journal, Station
from planaria_operator.reconcile.opening import open_remediations
from planaria_operator.reconcile.records import Records
from planaria_operator.settings import Settings
from planaria_operator.watch.resources import parse_policy, parse_remediation
from tests import builders
from tests.reconcile.harness import VERIFICATION, policy_body

GROUPS = ("a", "b")


class Killed(BaseException):
    """SIGKILL: nothing after it is done, and nobody catches it."""


class SlowKube(FakeKube):
    """Others get their turn at every write, as with a real server."""

    async def patch(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return await super().patch(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class Intent:
    """An action that is certain from now on."""

    at: datetime
    """By the operator's clock, which may have been set back since the last one."""
    remediation: str
    attempt: int
    policy: str
    target: str


class Town(Journal):
    def __init__(self, size: int, rails: Sequence[dict[str, Any]], settings: Settings) -> None:
        super().__init__()
        self.now, self.settings = builders.NOW, settings
        self.broken_since: dict[str, datetime] = {}
        self.names = [f"w{number}" for number in range(size)]
        self.intents: list[Intent] = []
        self.kill_at: Station | None = None
        made = (
            builders.policy(group, labels={"group": group}, guardrails=each, verification=VERIFICATION)
            for group, each in zip(GROUPS, rails, strict=True)
        )
        self.kube = SlowKube(*(policy_body(each) for each in made))
        self.restart()

    def restart(self) -> None:
        self.store = ClusterStore()
        for (kind, *_), body in list(self.kube.objects.items()):
            if kind == "HealingPolicy":
                self.store.put_policy(parse_policy(body))
            else:
                self.store.put_remediation(parse_remediation(body))
        for name in self.names:
            self._show(name)
        self.parts = Parts(
            settings=self.settings,
            store=self.store,
            collector=self,  # type: ignore[arg-type]
            extractor=self,
            decider=self,
            planner=self,  # type: ignore[arg-type]
            actor=self,  # type: ignore[arg-type]
            records=Records(self.kube, self.store),
            recorder=self,  # type: ignore[arg-type]
            journal=self,
            clock=lambda: self.now,
        )

    # --- the world

    def group(self, name: str) -> str:
        return GROUPS[self.names.index(name) % len(GROUPS)]

    def toggle(self, name: str) -> None:
        if self.broken_since.pop(name, None) is None:
            self.broken_since[name] = self.now
        self._show(name)

    def _show(self, name: str) -> None:
        ready = 0 if name in self.broken_since else 3
        labels = {"group": self.group(name)}
        self.store.put(builders.deployment(name, ready=ready, available=ready, labels=labels))

    def incidents(self, policy: HealingPolicy) -> tuple[Incident, ...]:
        return tuple(
            Incident(policy, builders.ref(target), (self._symptom(target, name),))
            for name in self.broken_since
            if self.group(name) == policy.name and (target := self.store.workload("Deployment", "shop", name))
        )

    def _symptom(self, target: Any, name: str) -> Any:
        made = builders.symptom(subject=target)
        return made.model_copy(update={"since": self.broken_since[name]})

    @property
    def records(self) -> list[Remediation]:
        """As the API holds them."""
        return [parse_remediation(body) for key, body in self.kube.objects.items() if key[0] == "Remediation"]

    # --- the operator: one pass, as the engine makes it

    async def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        try:
            for policy in list(self.store.policies.values()):
                await self._pass(policy)
        except Killed:
            self.kill_at = None
            self.restart()

    async def _pass(self, policy: HealingPolicy) -> None:
        incidents = self.incidents(policy)
        known = open_remediations(self.store, policy)
        for incident in incidents:
            if incident.target.uid not in known:
                await self.parts.records.open(incident)
        sky = weather(self.store, policy, incidents, self.now)
        newest = await self.parts.records.update_policy(
            policy, lambda status: braked(self.store, policy, status, sky, self.now)
        )
        cases = [
            Case(each, newest, incidents, self.now, sky)
            for each in open_remediations(self.store, newest).values()
        ]
        results = await asyncio.gather(*(advance(self.parts, case) for case in cases), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, (Conflict, NotFound)):
                raise result

    # --- the stations around the brakes

    def passed(self, station: Station, incident: str, **facts: Any) -> None:
        if station is Station.INTENT:
            self._note(incident, facts["attempt"])
        if station is self.kill_at:
            raise Killed

    def _note(self, incident: str, attempt: int) -> None:
        (record,) = (each for each in self.records if f"{each.namespace}/{each.name}" == incident)
        target = str(record.status.attempts[-1].plan.target)
        self.intents.append(Intent(self.now, record.name, attempt, record.spec.policy, target))

    async def observe(self, _: Any, target: Any, *__: Any) -> Observation:
        return builders.observation(target=target)

    async def extract(self, observation: Observation) -> SemanticState:
        return builders.state(component=str(observation.target))

    async def decide(self, situation: Situation) -> Decision:
        return builders.decision(Restart(scope="workload"), situation.observation.target)

    async def plan(self, decision: Decision, *_: Any) -> Plan:
        about = ObjectReference(**decision.target.model_dump())
        return Plan(
            action=decision.category,
            target=about,
            summary="restart",
            operations=(Operation(verb=Verb.PATCH, object=about, body="[]"),),
        )

    async def dry_run(self, _: Sequence[Operation]) -> None:
        return None

    async def apply(self, *_: Any) -> list[str]:
        return []

    def tell(self, _: Any) -> None:
        return None

    def record(self, *_: Any, **__: Any) -> None:
        return None
