"""The reconcile loop with its real records over a counting API, and stations that say what the test wants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from planaria_contract import Action, Decision, Escalate, Observation, Outcome, Restart, SemanticState
from planaria_contract.actions import Parameters
from planaria_operator.act.builder import Refusal
from planaria_operator.api.base import API_VERSION, POLICY_KINDS
from planaria_operator.api.conditions import Condition
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.detect.incident import Incident
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile import advance as advancing
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.records import Records
from planaria_operator.settings import Settings
from planaria_operator.telemetry import metrics
from planaria_operator.verify.health import Health
from planaria_operator.watch.resources import parse_policy
from tests import builders

TARGET = builders.deployment()
RESTART = Restart(pods=("front-0",))
WELL = Health(healthy=True, gone=False, message="3 of 3 ready")
SICK = Health(healthy=False, gone=False, message="0 of 3 ready")
VERIFICATION = {"timeout_seconds": 60, "stable_for_seconds": 10}


def policy_body(policy: HealingPolicy) -> dict[str, Any]:
    metadata = {"name": policy.name, "uid": policy.uid, "generation": 1}
    if policy.namespace:
        metadata["namespace"] = policy.namespace
    body = {"apiVersion": API_VERSION, "kind": policy.kind, "metadata": metadata}
    return {**body, "spec": policy.spec.to_body(), "status": {}}


def plan(name: str = "restart", *, inverse: bool = True) -> Plan:
    reference = ObjectReference(kind="Deployment", namespace="shop", name="front", uid=TARGET.meta.uid)
    do = Operation(verb=Verb.PATCH, object=reference, body=f'["{name}"]')
    undo = Operation(verb=Verb.PATCH, object=reference, body=f'["undo {name}"]')
    return Plan(
        action=Action.RESTART,
        target=reference,
        summary=f"{name} front",
        operations=(do,),
        inverse=(undo,) if inverse else (),
    )


def refused_by_no_guard(reason: Reason) -> float:
    """How often, since the process began."""
    labels = {"guard": metrics.NO_GUARD, "reason": reason.value}
    return metrics.REGISTRY.get_sample_value("planaria_refusals_total", labels) or 0


@dataclass
class Script:
    """What each station answers, and what it was asked."""

    decisions: list[Parameters]
    plans: list[Plan | Refusal] = field(default_factory=list)
    apply_errors: list[Exception] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    """(token, body of the first operation) of every application that succeeded."""
    situations: list[Situation] = field(default_factory=list)
    events: list[tuple[Reason, str]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    dry_runs: int = 0
    seen: dict[str, Any] = field(default_factory=dict)
    """Of the observation, where it is another than the usual one."""

    # Collector, Extractor, Decider, Planner, Actor and Recorder in one.

    async def observe(self, *asked: Any) -> Observation:
        return builders.observation(time=asked[-1], **self.seen)

    async def extract(self, _: Observation) -> SemanticState:
        return builders.state()

    async def decide(self, situation: Situation) -> Decision:
        self.situations.append(situation)
        parameters = self.decisions.pop(0) if self.decisions else Escalate(reason="nothing is left")
        return builders.decision(parameters, TARGET, masks=())

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    async def plan(self, decision: Decision, *_: Any) -> Plan | Refusal:
        if self.plans:
            return self.plans.pop(0)
        return plan(decision.category.value).model_copy(update={"action": decision.category})

    async def dry_run(self, _: Sequence[Operation]) -> None:
        self.dry_runs += 1

    async def apply(self, operations: Sequence[Operation], token: str) -> list[str]:
        if self.apply_errors:
            raise self.apply_errors.pop(0)
        self.applied.append((token, operations[0].body if operations else ""))
        return []

    def record(self, _: Any, *, reason: Reason, note: str, **__: Any) -> None:
        self.events.append((reason, note))


class World:
    """One target, one policy, one clock."""

    def __init__(self, script: Script, monkeypatch: Any, **spec: Any) -> None:
        self.script = script
        self.now: datetime = builders.NOW
        self.health = SICK
        monkeypatch.setattr(advancing, "health", lambda *_, **__: self.health)
        self.kube = FakeKube(policy_body(builders.policy(**spec)))
        self.restart()

    def restart(self) -> None:
        """Begin with an empty memory and what the API server holds, as a new process does."""
        self.store = ClusterStore(protected=Settings().protected, home=Settings().own_namespace)
        self.store.put(TARGET)
        for (kind, *_), body in list(self.kube.objects.items()):
            if kind in POLICY_KINDS:
                self.store.put_policy(parse_policy(body))
        self.parts = Parts(
            settings=Settings(),
            store=self.store,
            collector=self.script,  # type: ignore[arg-type]
            extractor=self.script,
            decider=self.script,
            planner=self.script,  # type: ignore[arg-type]
            actor=self.script,  # type: ignore[arg-type]
            records=Records(self.kube, self.store),
            recorder=self.script,  # type: ignore[arg-type]
            journal=Journal(),
            clock=lambda: self.now,
        )

    @property
    def policy(self) -> HealingPolicy:
        (found,) = self.store.policies.values()
        return found

    @property
    def incident(self) -> Incident:
        return Incident(self.policy, builders.ref(TARGET), (builders.symptom(),))

    async def open(self) -> Remediation:
        return await self.parts.records.open(self.incident)

    async def step(self, seconds: float = 0) -> Remediation:
        """Let time pass, then advance the one Remediation once."""
        self.now += timedelta(seconds=seconds)
        remediation = await self.open()
        case = Case(remediation, self.policy, (self.incident,), self.now)
        return await advancing.advance(self.parts, case)

    async def until(self, stage: str, *, seconds: float = 5, limit: int = 200) -> Remediation:
        for _ in range(limit):
            remediation = await self.step(seconds)
            if remediation.status.stage == stage:
                return remediation
        raise AssertionError(
            f"never reached {stage}: {remediation.status.stage}, {remediation.status.timeline}"
        )


def world(monkeypatch: pytest.MonkeyPatch, *decisions: Any, plans: Sequence[Plan] = (), **spec: Any) -> World:
    script = Script(list(decisions), plans=list(plans))
    return World(script, monkeypatch, **{"verification": VERIFICATION, **spec})


def change_spec(here: World, **spec: Any) -> None:
    """As a person does with kubectl."""
    (key,) = [key for key in here.kube.objects if key[0] in POLICY_KINDS]
    made = type(here.policy.spec).model_validate({**here.policy.spec.model_dump(), **spec})
    here.store.put_policy(parse_policy(here.kube.put({**here.kube.objects[key], "spec": made.to_body()})))


def condition(remediation: Remediation, kind: str) -> Condition:
    found = remediation.status.condition(kind)
    assert found is not None, kind
    return found


def said(remediation: Remediation, kind: str) -> tuple[str, str]:
    """Nothing, where there is no such condition."""
    found = remediation.status.condition(kind)
    return (found.status.value, found.reason) if found else ("", "")
