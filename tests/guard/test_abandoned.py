"""What a policy that was deleted without them (`kubectl delete --cascade=orphan`) left open: nobody goes on with such records,
so they hold nobody back for longer than what was sent may be at work.
"""

from typing import Any

import pytest

from planaria_contract import Action
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.drain import DrainRecord
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.concurrency import Concurrency
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.shared_node import shared_nodes
from planaria_operator.guard.verdict import Limits, Verdict
from planaria_operator.guard.weather import storm_of
from planaria_operator.objects.meta import Identity
from planaria_operator.objects.store import ClusterStore
from tests.builders import NOW, ago, deployment, node, policy, service_of, store
from tests.guard.proposals import FRONT, attempt, isolating, proposal, remediation
from tests.guard.storming import LIMIT, NODES, broken, found_groups, recorded, sick, treated
from tests.guard.test_lead_of_a_node import WIDE, two

BACK = deployment("back")
LOST = node("node-1", ready=False)
UNREADABLE = Identity("HealingPolicy", "shop", "deleted", "uid-9")
THERE = policy()


def left_open(made: Remediation, *, kind: str = "HealingPolicy") -> Remediation:
    """As it is, under a policy that is not in the store."""
    spec = made.spec.model_copy(update={"policy": "deleted", "policy_kind": kind})
    return made.model_copy(update={"spec": spec, "uid": f"uid-{made.name}"})


def begun(stage: Stage, *attempts: Attempt, **of_record: Any) -> Remediation:
    """On `back`."""
    made = remediation(BACK, name="back-1", attempts=attempts)
    made = made.model_copy(update={"status": made.status.model_copy(update={"stage": stage})})
    return left_open(made, **of_record)


def world(record: Remediation, *views: Any, under: HealingPolicy = THERE) -> ClusterStore:
    here = store(FRONT, views)
    here.put_policy(under)
    here.put_remediation(record)
    return here


def at_once(here: ClusterStore) -> Verdict:
    return Concurrency().check(proposal(world=here, limits=Limits(acting=1)))


HOUR_AGO = attempt(BACK, ago(3600))


@pytest.mark.parametrize("stage", [Stage.ACTING, Stage.VERIFYING, Stage.REVERTING])
def test_it_takes_no_place_among_those_under_way(stage: Stage):
    assert at_once(world(begun(stage, HOUR_AGO))).allowed


def test_what_it_sent_a_moment_ago_may_still_be_at_work_and_takes_its_place():
    for done in ({"applied_at": ago(599)}, {"begun_at": ago(599)}, {"reserved_at": ago(599)}):
        late = attempt(BACK, None).model_copy(update=done)
        assert at_once(world(begun(Stage.VERIFYING, late))).reason is Reason.TOO_MANY_AT_ONCE, done
    undone = HOUR_AGO.model_copy(update={"finished_at": ago(599)})
    assert not at_once(world(begun(Stage.REVERTING, undone))).allowed
    assert at_once(world(begun(Stage.VERIFYING, attempt(BACK, ago(600))))).allowed


def test_a_round_of_a_drain_a_moment_ago_may_still_be_at_work():
    drain = DrainRecord(total=9, moved=3, round=2, progress_at=ago(700), sent_at=ago(500))
    assert not at_once(world(begun(Stage.ACTING, HOUR_AGO.model_copy(update={"drain": drain})))).allowed


def test_what_was_only_queued_is_never_sent_and_takes_no_place():
    later = HOUR_AGO.decision.parameters.model_copy(update={"delay_seconds": 600})
    queued = attempt(BACK, None).model_copy(
        update={
            "reserved_at": ago(5),
            "decision": HOUR_AGO.decision.model_copy(update={"parameters": later}),
        }
    )
    assert at_once(world(begun(Stage.ACTING, queued))).allowed


def test_a_policy_that_is_there_and_not_seen_is_not_gone():
    """What it has under way goes on as soon as it can be read, or watched, again."""
    here = world(begun(Stage.VERIFYING, HOUR_AGO))
    here.unreadable[UNREADABLE] = "spec.mode: none of these"
    assert at_once(here).reason is Reason.TOO_MANY_AT_ONCE
    here.unreadable = {UNREADABLE._replace(name="another"): "spec.mode: none of these"}
    assert at_once(here).allowed, "that of another policy says nothing of this one"
    here = world(begun(Stage.VERIFYING, HOUR_AGO, kind="ClusterHealingPolicy"))
    here.unwatched["ClusterHealingPolicy"] = "the role does not allow it"
    assert at_once(here).reason is Reason.TOO_MANY_AT_ONCE


@pytest.mark.parametrize("unreadable", [True, False])
def test_what_a_policy_that_cannot_be_read_has_open_counts_as_not_well(unreadable: bool):
    """Where the policy is gone nobody goes on with it, so it would count for ever."""
    under = policy(guardrails={"min_healthy": 1})
    here = world(begun(Stage.VERIFYING, HOUR_AGO), BACK, under=under)
    here.unreadable = {UNREADABLE: "spec.mode: none of these"} if unreadable else {}
    assert MinHealthy().check(proposal(world=here, under=under)).allowed is not unreadable


def test_it_takes_none_of_the_nodes_that_may_be_closed():
    """A node that is closed counts for itself; an intent that nobody carries out any more closes none."""
    made = HOUR_AGO.model_copy(update={"plan": isolating("node-2"), "applied_at": None})
    assert made.plan.action is Action.ISOLATE
    for seconds, allowed in ((3600, True), (5, False)):
        late = made.model_copy(update={"reserved_at": ago(seconds)})
        here = world(begun(Stage.ACTING, late), LOST, under=WIDE)
        asked = proposal(target=LOST, plan=isolating("node-1"), world=here, under=WIDE)
        assert NodeAction().check(asked).allowed is allowed


def test_what_breaks_anew_is_news_though_an_old_record_of_it_was_left_open():
    under = policy(guardrails=LIMIT)
    here = world(left_open(recorded("c", 9999)), under=under)
    assert storm_of(here, under, [broken(name) for name in "abc"], NOW)


def test_nobody_is_given_time_to_follow_what_was_left_open_while_it_was_watched():
    """Whoever needs it would be left alone in every storm, for nothing ever says how that ended."""
    back, users = (
        deployment("back"),
        [sick(name, node=f"node-{n}", depends_on="back") for n, name in enumerate("abc")],
    )
    here = store(back, service_of(back, ready=1), *users, NODES)
    here.put_policy(THERE)
    here.put_remediation(treated("back", ended=None))
    assert {group.lead for group in found_groups(here, THERE).values()} == {None}, "its policy is there"
    here.put_remediation(left_open(treated("back", ended=None)).model_copy(update={"resource_version": "2"}))
    assert found_groups(here, THERE) == {}


def test_of_a_shared_cause_the_record_that_is_gone_on_with_is_named():
    here = store(*(sick(name, node=f"node-{n}", image="base:2") for n, name in enumerate("ab")), NODES)
    here.put_policy(THERE)
    here.put_remediation(recorded("a", 60))
    here.put_remediation(left_open(recorded("b", 9999)))
    led = {(group.lead and group.lead[-1], group.remediation) for group in found_groups(here, THERE).values()}
    assert led == {("a", "a-1")}


def test_what_was_handed_to_a_person_and_left_open_keeps_no_target_from_leading():
    here, incidents = two()
    here.put_remediation(
        left_open(recorded("a", 9999)).model_copy(update={"status": begun(Stage.ESCALATED).status})
    )
    (found,) = set(shared_nodes(here, WIDE, incidents, Ranking(here)).values())
    assert (found.lead.rpartition("-")[2], found.remediation) == ("a", "")
