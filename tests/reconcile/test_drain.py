"""A drain in rounds: what comes next stands in the record, each pod is moved once, and what holds it is told."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Action, Isolate
from planaria_operator.act.actor import Actor
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.kube.errors import Invalid, TooManyRequests, Unavailable
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.cluster import Namespace
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import View
from planaria_operator.record.convert import decision_record
from planaria_operator.verify.health import Health
from tests import builders
from tests.guard.proposals import attempt as made
from tests.reconcile.harness import TARGET, Script, World

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
            self.script, monkeypatch, verification={"timeoutSeconds": 60, "stableForSeconds": 30}
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
    condition = found.status.condition("Executed")
    assert condition is not None
    return condition.reason, condition.message


def applied(found: Remediation) -> bool:
    return found.status.stage is Stage.VERIFYING


def told(found: Remediation, reason: Reason) -> list[str]:
    return [each.message for each in found.status.timeline if each.reason == reason]


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    return Town(monkeypatch)


async def test_a_round_waits_until_the_pods_of_the_one_before_are_ready_elsewhere(town: Town):
    await town.begin()
    closed = await town.step()
    assert (drain_of(closed).total, drain_of(closed).round, town.evicted) == (5, 0, [])
    await town.step()
    assert town.evicted == ["front-0", "front-1"]
    for _ in range(5):
        waiting = await town.step(1)
    assert town.evicted == ["front-0", "front-1"], "their replacements are not there yet"
    assert executed(waiting) == (
        Reason.DRAINING,
        "2 of 5 pods moved; waits for shop/front (0 of 2 pods ready elsewhere)",
    )
    town.replace_evicted(ready=False)
    await town.step(1)
    assert len(town.evicted) == 2, "there, and not ready"

    town.restart()
    town.make_ready()
    await town.step(1)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-0"]


async def test_every_pod_is_moved_once_and_the_timeline_counts(town: Town):
    await town.begin()
    found = await town.until(applied, replacing=True)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-0", "cart-1"]
    assert told(found, Reason.DRAIN_ROUND) == [
        "Node/node-1: 0 of 5 pods moved; evicts shop/front-0, shop/front-1",
        "Node/node-1: 2 of 5 pods moved; evicts shop/front-2, shop/cart-0",
        "Node/node-1: 4 of 5 pods moved; evicts shop/cart-1",
    ]
    assert executed(found) == (
        Reason.ACTION_APPLIED,
        "isolate Node/node-1: cordon node node-1; 5 of 5 pods moved in 3 rounds",
    )
    assert told(found, Reason.DRAIN_STOPPED) == []


async def test_a_process_that_dies_after_any_call_moves_each_pod_once(monkeypatch: pytest.MonkeyPatch):
    """After the n-th call that changed something the process is gone, before it could write down that it was made."""

    class Killed(BaseException):
        pass

    for deadly in range(1, 7):
        town = Town(monkeypatch)
        await town.begin()
        armed = [deadly]
        real = town.kube.evict, town.kube.patch

        async def evict(*args: Any, real: Any = real[0], armed: Any = armed, **more: Any) -> None:
            await real(*args, **more)
            armed[0] -= 1
            if armed[0] == 0:
                raise Killed

        async def patch(*args: Any, real: Any = real[1], armed: Any = armed, **more: Any) -> Any:
            done = await real(*args, **more)
            armed[0] -= 1
            if armed[0] == 0:
                raise Killed
            return done

        monkeypatch.setattr(town.kube, "evict", evict)
        monkeypatch.setattr(town.kube, "patch", patch)
        deaths, found = 0, None
        for _ in range(40):
            try:
                found = await town.step(1)
            except Killed:
                deaths += 1
                town.restart()
            town.replace_evicted()
            if found is not None and applied(found):
                break
        assert deaths == 1, f"died {deaths} times with {deadly}"
        assert found is not None
        assert applied(found)
        assert town.evicted == ["front-0", "front-1", "front-2", "cart-0", "cart-1"]
        assert [call.verb for call in town.kube.changes if call.kind == "Node"] == ["patch"]
        assert drain_of(found).moved == 5


async def test_what_a_budget_holds_is_tried_again_after_the_others_and_named_in_the_end(town: Town):
    await town.begin()
    budget = TooManyRequests("budget kept allows 0", 5)

    async def evict(namespace: str, pod: str, *, real: Any = town.kube.evict, **more: Any) -> None:
        if pod == "cart-0":
            tries.append(town.world.now)
            raise budget
        await real(namespace, pod, **more)

    tries: list[Any] = []
    town.kube.evict = evict  # type: ignore[method-assign]
    found = await town.until(applied, replacing=True)
    assert town.evicted == ["front-0", "front-1", "front-2", "cart-1"]
    assert 3 <= len(tries) <= 6, "again and again, but not each second"
    assert "4 of 5 pods moved" in executed(found)[1]
    (stopped,) = told(found, Reason.DRAIN_STOPPED)
    assert "left: shop/cart-0 (budget kept allows 0)" in stopped
    assert len(told(found, Reason.DISRUPTION_BUDGET)) == 1
    assert len(told(found, Reason.DRAIN_ROUND)) == 3, "what is only tried again is no news"


async def test_a_budget_that_gives_way_later_lets_the_last_pod_go(town: Town):
    await town.begin()
    town.kube.fail("evict", "Pod", TooManyRequests("no", 5))

    # It hits front-0, which must go in the first round: the round is sent again.
    found = await town.until(applied, replacing=True)
    assert sorted(set(town.evicted)) == ["cart-0", "cart-1", "front-0", "front-1", "front-2"]
    assert drain_of(found).moved == 5
    assert drain_of(found).held == ()


async def test_an_eviction_that_is_refused_for_good_is_not_tried_again(town: Town):
    await town.begin()

    async def evict(namespace: str, pod: str, *, real: Any = town.kube.evict, **more: Any) -> None:
        if pod == "cart-0":
            tries.append(pod)
            raise Invalid("it has more than one PodDisruptionBudget")
        await real(namespace, pod, **more)

    tries: list[str] = []
    town.kube.evict = evict  # type: ignore[method-assign]
    found = await town.until(applied, replacing=True)
    assert tries == ["cart-0"]
    assert "left: shop/cart-0 (it has more than one PodDisruptionBudget)" in executed(found)[1]


async def test_the_first_round_is_given_up_where_a_budget_holds_an_affected_pod_to_the_end(town: Town):
    await town.begin()
    town.kube.fail("evict", "Pod", TooManyRequests("budget front allows 0", 5), times=1000)
    found = await town.until(lambda each: each.status.stage is Stage.REVERTING, seconds=5)
    assert executed(found)[0] == Reason.NOT_APPLIED_IN_TIME
    await town.step()
    assert not town.kube.objects["Node", "", "node-1"]["spec"].get("unschedulable")


async def test_pods_that_do_not_get_ready_elsewhere_end_the_drain(town: Town):
    await town.begin()
    found = await town.until(applied, seconds=5)
    assert town.evicted == ["front-0", "front-1"]
    (stopped,) = told(found, Reason.DRAIN_STOPPED)
    assert stopped == (
        "2 of 5 pods moved in 1 rounds; left: shop/front-2, shop/cart-0, shop/cart-1; "
        "waits for shop/front (0 of 2 pods ready elsewhere)"
    )


async def test_a_person_who_opens_the_node_ends_the_drain_and_it_is_not_closed_again(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    assert len(town.evicted) == 2
    town.kube.objects["Node", "", "node-1"]["spec"]["unschedulable"] = None
    town.replace_evicted()
    found = await town.until(applied)
    assert len(town.evicted) == 2
    assert not town.kube.objects["Node", "", "node-1"]["spec"].get("unschedulable")
    assert "opened, or closed anew, by somebody else" in executed(found)[1]
    assert drain_of(found).moved == 2


async def test_a_person_who_takes_the_cordon_over_before_anything_moved_has_the_node(town: Town):
    await town.begin()
    await town.step()
    town.kube.objects["Node", "", "node-1"]["metadata"]["managedFields"] = THEIRS
    found = await town.step()
    assert (found.status.stage, executed(found)[0]) == (Stage.REVERTING, Reason.WORLD_CHANGED)
    await town.step()
    assert town.evicted == []
    assert town.kube.objects["Node", "", "node-1"]["spec"]["unschedulable"], "theirs, so it stays"


async def test_a_guard_that_changes_its_mind_holds_the_next_round(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.replace_evicted()
    space = builders.meta("Namespace", "shop", namespace="", annotations={"planaria.dev/heal": "disabled"})
    town.world.store.put(Namespace(space))
    held = await town.step(1)
    assert executed(held)[0] == Reason.OPTED_OUT
    assert len(town.evicted) == 2
    found = await town.until(applied, seconds=5)
    assert len(town.evicted) == 2
    assert len(told(found, Reason.OPTED_OUT)) == 1
    assert "says planaria.dev/heal: disabled" in told(found, Reason.DRAIN_STOPPED)[0]


async def test_no_round_begins_while_too_few_others_are_healthy(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.replace_evicted()
    town.world.store.put(replace(CART, ready=1, available=1))
    held = await town.step(1)
    assert executed(held) == (
        Reason.TOO_FEW_HEALTHY,
        "2 of 5 pods moved; 0 of 1 other workloads are healthy; 1 are required (50%)",
    )
    assert len(town.evicted) == 2
    town.world.store.put(CART)
    await town.until(applied, replacing=True)
    assert len(town.evicted) == 5


async def test_a_node_that_is_well_again_keeps_the_rest(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.world.store.put(builders.node("node-1", steady_since=builders.ago(31)))
    found = await town.step()
    assert applied(found)
    assert len(town.evicted) == 2
    assert "the node is well again" in executed(found)[1]


async def test_a_server_that_is_away_between_rounds_is_asked_again(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.replace_evicted()
    town.kube.fail("evict", "Pod", Unavailable("no answer"))
    held = await town.step(1)
    assert executed(held)[0] == Reason.API_UNAVAILABLE
    found = await town.until(applied, replacing=True)
    assert drain_of(found).moved == 5


async def test_a_target_that_is_well_after_the_first_round_recovered_then(town: Town):
    await town.begin()
    await town.step()
    await town.step()
    town.replace_evicted()
    town.world.health = Health(healthy=True, gone=False, message="well")
    first = await town.step(1)
    since = first.status.healthy_since
    assert since is not None
    found = await town.until(applied, replacing=True)
    assert found.status.healthy_since == since
    await town.until(lambda each: each.status.finished)
