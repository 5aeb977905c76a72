"""A target that its policy lets go while it is ill: its record ends, and does not say that it got well."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_contract import Decision, Escalate
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.decider import Situation
from planaria_operator.objects.meta import HEAL, OPT_OUT_LABEL
from planaria_operator.objects.store import View
from planaria_operator.watch.resources import parse_policy
from tests import builders
from tests.builders import ago, deployment, node, pod, pods_of, replica_set, space
from tests.reconcile.harness import RESTART, VERIFICATION, Script, change_spec, condition, plan, policy_body
from tests.reconcile.seeing import Seeing

IGNORED = {OPT_OUT_LABEL: "true"}
NOBODY_KNOWS = Escalate(reason="nothing fits")
SPEC: dict[str, Any] = {
    "verification": VERIFICATION,
    "guardrails": {"min_healthy": 0, "hesitation_seconds": 0},
    "escalation": {"notify": [{"receiver": "pager", "events": ["Escalated", "Resolved"]}]},
}

FRONT = deployment(desired=1)
SET = replica_set(FRONT, desired=1)

LOST = node("node-1", ready=False, ready_since=ago(121))
STUCK = replace(FRONT, ready=0, available=0)


def killed(seconds: float) -> View:
    """The one pod of front: ready again since the limit of its memory was reached, so many seconds ago."""
    ended = builders.terminated("OOMKilled", 137, finished=seconds + 2, ran=20)
    runs = builders.container(restarts=9, last_termination=ended, running_since=ago(seconds))
    return pod("front-0", SET, containers=[runs])


class OnNode(Script):
    async def decide(self, situation: Situation) -> Decision:
        return builders.decision(self.decisions.pop(0), LOST, masks=())


class Live(Seeing):
    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, script: Script, policy: HealingPolicy, *views: View
    ) -> None:
        super().__init__(script, monkeypatch)
        self.store.policies.clear()
        self.kube.objects.clear()
        self.enter(policy)
        self.see(space(), space("planaria-system"), node("node-1"), node("node-2"), *views)

    def enter(self, policy: HealingPolicy) -> None:
        self.store.put_policy(parse_policy(self.kube.put(policy_body(policy))))


def shop(monkeypatch: pytest.MonkeyPatch, decision: Any) -> Live:
    """Of a workload that is killed for its memory again and again, and is ready in between."""
    return Live(monkeypatch, Script([decision] * 9), builders.policy(**SPEC), FRONT, SET, killed(8))


def lost(monkeypatch: pytest.MonkeyPatch, decision: Any) -> Live:
    """Of a node that is lost with the one pod of front on it."""
    about = ObjectReference(kind="Node", name="node-1", uid=LOST.meta.uid)
    made = plan(inverse=False).model_copy(update={"target": about})
    script, policy = OnNode([decision] * 9, plans=[made] * 9), builders.cluster_policy(**SPEC)
    sick = pod("front-0", SET, ready=False, ready_since=ago(120), started_at=ago(900))
    return Live(monkeypatch, script, policy, STUCK, SET, sick, LOST)


def let_go(here: Live, how: str) -> None:
    """As people do it: with a label or an annotation, or in the policy, or with another policy."""
    if how == "label":
        front = STUCK if here.store.node("node-1") == LOST else FRONT
        here.see(replace(front, meta=replace(front.meta, labels=IGNORED)))
    elif how == "label on the node":
        here.see(replace(LOST, meta=replace(LOST.meta, labels=IGNORED)))
    elif how == "annotation":
        here.see(space(annotations={HEAL: "disabled"}))
    elif how == "selector":
        change_spec(here, selector={"match_labels": {"tier": "other"}})
    elif how == "kinds":
        change_spec(here, kinds=["StatefulSet"])
    elif how == "another policy":
        here.enter(builders.policy("own", labels={"app": "front"}))


async def closed(here: Live, how: str) -> Remediation:
    """Let go once a person has been told of it: the record ends at the next look."""
    await here.until("Escalated", seconds=1)
    let_go(here, how)
    return await here.until("Finished", seconds=1, limit=1)


def ending(record: Remediation) -> tuple[str, str]:
    said = condition(record, "Succeeded")
    return said.reason, said.message


def told(record: Remediation) -> list[str]:
    return [each.event for each in record.status.notifications]


# --- a workload


@pytest.mark.parametrize("how", ["label", "selector", "kinds"])
async def test_a_workload_that_is_let_go_while_it_shows_nothing_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    here = shop(monkeypatch, NOBODY_KNOWS)
    done = await closed(here, how)
    message = "HealingPolicy shop/default does not select Deployment/front any more"
    assert ending(done) == ("NotSelected", message)
    assert told(done) == ["Escalated"]


async def test_a_workload_that_another_policy_has_by_now_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = shop(monkeypatch, NOBODY_KNOWS)
    await here.until("Escalated", seconds=1)
    here.see(pod("front-0", SET))
    let_go(here, "another policy")
    done = await here.until("Finished", seconds=1, limit=1)
    assert ending(done) == ("HandedOver", "HealingPolicy shop/own has the target now")
    assert told(done) == ["Escalated"]


@pytest.mark.parametrize("how", ["label", "selector", "kinds"])
async def test_an_action_is_judged_by_what_the_workload_shows_though_it_is_let_go(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    here = shop(monkeypatch, RESTART)
    await here.until("Verifying", seconds=1)
    let_go(here, how)
    while not (done := await here.step(5)).status.finished:
        here.see(killed((builders.NOW - here.now).total_seconds() + 3))
    assert ending(done)[0] == "NotSelected"
    assert [each.outcome for each in done.status.attempts] == [AttemptOutcome.INEFFECTIVE]


async def test_an_action_that_helped_is_told_so_though_the_workload_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = shop(monkeypatch, RESTART)
    await here.until("Verifying", seconds=1)
    let_go(here, "selector")
    here.see(pod("front-0", SET))
    assert ending(await here.until("Finished", seconds=1))[0] == "Recovered"


# --- a node


@pytest.mark.parametrize("how", ["label", "label on the node", "annotation", "selector", "kinds"])
async def test_a_node_whose_pods_are_let_go_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    here = lost(monkeypatch, NOBODY_KNOWS)
    done = await closed(here, how)
    message = "ClusterHealingPolicy base does not select what is on Node/node-1 any more"
    assert ending(done) == ("NotSelected", message)
    assert told(done) == ["Escalated"]


async def test_a_node_whose_pods_another_policy_moves_by_now_is_handed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = lost(monkeypatch, NOBODY_KNOWS)
    done = await closed(here, "another policy")
    assert ending(done) == ("HandedOver", "HealingPolicy shop/own has the target now")
    assert told(done) == ["Escalated"]


@pytest.mark.parametrize(
    ("how", "end"),
    [("annotation", "NotSelected"), ("kinds", "NotSelected"), ("another policy", "HandedOver")],
)
async def test_an_action_on_a_node_is_judged_by_its_pods_though_they_are_let_go(
    monkeypatch: pytest.MonkeyPatch, how: str, end: str
) -> None:
    here = lost(monkeypatch, RESTART)
    await here.until("Verifying", seconds=1)
    let_go(here, how)
    done = await here.until("Finished", seconds=1)
    assert ending(done)[0] == end
    assert [each.outcome for each in done.status.attempts] == [AttemptOutcome.INEFFECTIVE]


async def test_a_node_that_its_pods_have_left_is_well_whoever_has_what_else_is_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = lost(monkeypatch, NOBODY_KNOWS)
    await here.until("Escalated", seconds=1)
    stranger = deployment("stranger", ready=0, available=0, labels=IGNORED)
    owned = replica_set(stranger)
    here.see(stranger, owned, pod("stranger-0", owned, ready=False, ready_since=ago(120)))
    here.store.remove(pod("front-0", SET))
    here.see(FRONT, *pods_of(SET, 1, node="node-2"))
    let_go(here, "annotation")
    done = await here.until("Finished", seconds=1)
    assert ending(done)[0] == "RecoveredAfterEscalation"
    assert told(done) == ["Escalated", "Resolved"]


async def test_a_node_is_kept_while_one_of_its_pods_is_still_to_be_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = lost(monkeypatch, NOBODY_KNOWS)
    back = deployment("back", ready=0, available=0)
    owned = replica_set(back)
    here.see(back, owned, pod("back-0", owned, ready=False, ready_since=ago(120), started_at=ago(900)))
    await here.until("Escalated", seconds=1)
    let_go(here, "label")
    assert (await here.step(60)).status.stage == "Escalated"
    here.store.remove(pod("back-0", owned))
    here.see(deployment("back"), *pods_of(owned, 3, node="node-2"))
    assert ending(await here.until("Finished", seconds=1, limit=1))[0] == "NotSelected"


async def test_a_node_whose_pods_are_in_a_namespace_that_is_not_known_now_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = lost(monkeypatch, NOBODY_KNOWS)
    await here.until("Escalated", seconds=1)
    here.store.discard("Namespace", "", "shop", builders.uid_of("Namespace", "shop"))
    assert (await here.step(60)).status.stage == "Escalated"
