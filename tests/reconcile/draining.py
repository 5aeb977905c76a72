"""A node that is drained in rounds, with the controllers that replace what is evicted played beside it."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Action, Isolate
from planaria_operator.act.actor import Actor
from planaria_operator.api.attempt import AnswerRecord, AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import View
from planaria_operator.record.convert import decision_record
from tests import builders
from tests.guard.proposals import attempt as made
from tests.reconcile.harness import TARGET, Script, World, condition

CART = builders.deployment("cart", desired=2)
OURS = [{"manager": "planaria", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
THEIRS = [{"manager": "kubectl-cordon", "fieldsV1": {"f:spec": {"f:unschedulable": {}}}}]
NODE = ObjectReference(kind="Node", name="node-1", uid="uid-node-node-1")


def reference(pod: Pod) -> ObjectReference:
    return ObjectReference(kind="Pod", namespace=pod.meta.namespace, name=pod.meta.name, uid=pod.meta.uid)


def evict(pod: Pod, *, may_stay: bool) -> Operation:
    return Operation(verb=Verb.EVICT, object=reference(pod), best_effort=may_stay)


class Town:
    """Node-1 with three pods of `front`, which is the target, and two of `cart`; a controller replaces what is evicted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at_once: int = 2) -> None:
        self.script = Script([])
        self.world = World(
            self.script,
            monkeypatch,
            verification={"timeoutSeconds": 60, "stableForSeconds": 30},
            actions=[{"type": "isolate"}],
        )
        self.at_once = at_once
        self.elsewhere: list[Pod] = []
        self.pods = [*builders.pods_of(TARGET, 3, ready=False), *builders.pods_of(CART, 2)]
        self.kube = FakeKube(
            {
                "kind": "Node",
                "metadata": {"name": "node-1", "uid": NODE.uid, "managedFields": OURS},
                "spec": {},
            }
        )
        for pod in self.pods:
            body = {
                "kind": "Pod",
                "metadata": {"namespace": "shop", "name": pod.meta.name, "uid": pod.meta.uid},
            }
            self.kube.put(body)
        self.restart()

    def restart(self) -> None:
        """As a new process: nothing is known but what the API server holds."""
        self.world.restart()
        self.world.parts = replace(self.world.parts, actor=Actor(self.kube))
        store = self.world.store
        views: list[View] = [CART, builders.node(), builders.node("node-2"), *self.pods, *self.elsewhere]
        for view in views:
            store.put(view)

    @property
    def plan(self) -> Plan:
        body = f'{{"{CORDONED_BY}":"web/1","{UNCORDON}":"{WHEN_WELL}"}}'
        cordon = Operation(verb=Verb.CORDON, object=NODE, body=body)
        sick, well = self.pods[:3], self.pods[3:]
        late = sick[self.at_once :]
        return Plan(
            action=Action.ISOLATE,
            target=NODE,
            summary="cordon node node-1",
            operations=(
                cordon,
                *(evict(each, may_stay=each in late) for each in sick),
                *(evict(each, may_stay=True) for each in well),
            ),
            inverse=(cordon.model_copy(update={"verb": Verb.UNCORDON}),),
            at_once=self.at_once,
        )

    async def begin(self) -> None:
        opened = await self.world.open()
        plan = self.plan
        begun = made(TARGET, None).model_copy(
            update={
                "decision": decision_record(builders.decision(Isolate(node="node-1", drain=True), TARGET)),
                "plan": plan,
                "digest": plan.digest,
                "reserved_at": self.world.now,
                "applied_at": None,
                "finished_at": None,
                "outcome": AttemptOutcome.PENDING,
            }
        )
        status = opened.status.with_attempt(begun).model_copy(update={"stage": Stage.ACTING})
        await self.world.parts.records.write(opened, status)

    async def first_round(self) -> None:
        """Its pods are gone and run elsewhere; the next round has not begun."""
        await self.begin()
        await self.step()
        await self.step()
        self.replace_evicted()

    async def approved(self) -> None:
        """A person had approved the drain before it was begun."""
        opened, digest = await self.world.open(), self.plan.digest
        yes = {"verdict": "Approve", "approver": "anna", "outcome": "Counted"}
        answer = AnswerRecord(name="a", uid="uid-a", digest=digest, time=self.world.now, **yes)
        status = opened.status.model_copy(update={"answers": (answer,)})
        status = status.with_condition("Approved", Status.TRUE, Reason.APPROVED, "", now=self.world.now)
        await self.world.parts.records.write(opened, status)

    async def step(self, seconds: float = 0) -> Remediation:
        return await self.world.step(seconds)

    async def until(
        self, true: Any, *, seconds: float = 1, limit: int = 300, replacing: bool = False
    ) -> Remediation:
        for _ in range(limit):
            if replacing:
                self.replace_evicted()
            found = await self.step(seconds)
            if true(found):
                return found
        raise AssertionError([(each.reason, each.message) for each in found.status.timeline])

    def replace_evicted(self, *, ready: bool = True) -> None:
        """What the controllers and the scheduler do meanwhile."""
        there = {name for kind, _, name in self.kube.objects if kind == "Pod"}
        for pod in [each for each in self.pods if each.meta.name not in there]:
            self.pods.remove(pod)
            self.world.store.remove(pod)
            owner = TARGET if pod.meta.owner and pod.meta.owner.uid == TARGET.meta.uid else CART
            name = f"{owner.meta.name}-new-{len(self.elsewhere)}"
            self.elsewhere.append(builders.pod(name, owner, node="node-2", ready=ready))
            self.world.store.put(self.elsewhere[-1])

    def make_ready(self) -> None:
        self.elsewhere = [replace(each, ready=True) for each in self.elsewhere]
        for each in self.elsewhere:
            self.world.store.put(each)

    @property
    def evicted(self) -> list[str]:
        return [call.name for call in self.kube.changes if call.verb == "evict"]


def drain_of(found: Remediation) -> Any:
    assert found.status.attempt is not None
    return found.status.attempt.drain


def executed(found: Remediation) -> tuple[str, str]:
    told = condition(found, "Executed")
    return told.reason, told.message


def applied(found: Remediation) -> bool:
    return found.status.stage is Stage.VERIFYING


def told(found: Remediation, reason: Reason) -> list[str]:
    return [each.message for each in found.status.timeline if each.reason == reason]
