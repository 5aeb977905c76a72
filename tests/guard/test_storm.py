"""When much breaks at once: is it a storm, and who may act then."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.policy_status import HealingPolicyStatus, StormStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.weather import CALM, Weather, storm_of, weather
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from tests.builders import (
    NOW,
    ago,
    cluster_policy,
    daemon_set,
    deployment,
    node,
    pod,
    policy,
    service_of,
    space,
    store,
)
from tests.guard.proposals import FRONT, proposal, put_records, remediation
from tests.guard.storming import LIMIT, NODES, broken, recorded, sick, spread, treated


def storm(
    incidents: Iterable[Incident] = (), *records: Remediation, known: StormStatus | None = None, **rails: Any
) -> StormStatus | None:
    here = store(FRONT)
    put_records(here, *records)
    under = policy(guardrails={**LIMIT, **rails})
    under = under.model_copy(update={"status": HealingPolicyStatus(storm=known)})
    return storm_of(here, under, incidents, NOW)


# --- is it a storm?


def test_so_many_targets_that_broke_lately_are_a_storm():
    assert storm([broken("a"), broken("b")]) is None
    raging = storm([broken("a"), broken("b"), broken("c")])
    assert raging == StormStatus(since=NOW, why="3 or more targets broke within 300 s")


def test_what_is_not_ripe_yet_counts_already():
    assert storm([replace(broken(name), ripe=False) for name in "abc"])


def test_a_target_counts_once_however_often_it_broke():
    records = [recorded("a", 10), recorded("a", 20, finished=True), recorded("b", 10, finished=True)]
    assert storm([broken("a"), broken("b")], *records) is None
    assert storm([broken("c")], *records), "what healed a moment ago counts still"


def test_what_has_long_been_broken_is_no_news():
    assert storm([broken("a"), broken("b", 301), broken("c", 9999)]) is None
    flapping = recorded("c", 9999)
    assert storm([broken("a"), broken("b"), broken("c")], flapping) is None, "its record says since when"


def test_fewer_healthy_than_are_required_are_a_storm():
    sick = [deployment(name, ready=0) for name in "abc"]
    under = policy(guardrails={"min_healthy": "50%"})
    assert storm_of(store(sick, deployment("d")), under, [], NOW), "1 of 4; 2 of the others must be well"
    assert storm_of(store(sick[:2], deployment("d"), deployment("e")), under, [], NOW) is None
    assert storm_of(store(deployment("d")), policy(guardrails={"min_healthy": 5}), [], NOW) is None, (
        "all are well"
    )


def test_the_first_three_that_are_not_healthy_are_named():
    sick = [deployment(name, ready=0) for name in "dbca"]
    raging = storm_of(store(sick), policy(guardrails={"min_healthy": "50%"}), [], NOW)
    assert raging
    assert raging.why == (
        "fewer than 2 of 4 workloads are healthy (50%): not so are shop/Deployment/a, shop/Deployment/b, shop/Deployment/c and 1 more"
    )


def test_the_longest_names_there_can_be_still_fit_into_the_status():
    sick = [deployment(f"{letter:x<253}", namespace=f"{'n':n<63}", ready=0) for letter in "abc"]
    under = cluster_policy(guardrails={"min_healthy": "50%"})
    raging = storm_of(store(sick, space(f"{'n':n<63}")), under, [], NOW)
    assert raging
    assert raging.why.endswith("…")


def test_what_is_well_apart_from_what_is_left_alone_makes_no_storm():
    agents = [daemon_set(name, ready=2, available=2) for name in "abc"]
    away = [pod(f"{each.meta.name}-0", each, ready=False, ready_since=ago(90)) for each in agents]
    lost = node("node-1", ready=False)
    assert storm_of(store(agents, away, lost), policy(guardrails={"min_healthy": "50%"}), [], NOW) is None


def test_a_required_number_that_is_none_is_held_to_be_a_storm():
    raging = storm_of(store(FRONT), policy(guardrails={"min_healthy": "many"}), [], NOW)
    assert raging
    assert "50%" in raging.why


# --- when is it over?

BEFORE = StormStatus(since=ago(600), why="it was bad")


def test_it_is_over_only_after_its_cooldown():
    calm = storm(known=BEFORE)
    assert calm == BEFORE.model_copy(update={"calm_since": NOW})
    assert storm(known=BEFORE.model_copy(update={"calm_since": ago(59)}))
    assert storm(known=BEFORE.model_copy(update={"calm_since": ago(60)})) is None


def test_a_relapse_starts_the_cooldown_again_and_keeps_the_beginning():
    relapsed = storm(
        [broken(name) for name in "abc"], known=BEFORE.model_copy(update={"calm_since": ago(59)})
    )
    assert relapsed
    assert (relapsed.since, relapsed.calm_since) == (ago(600), None)


def test_a_clock_that_is_set_back_neither_ends_it_early_nor_keeps_it_longer_than_its_cooldown():
    assert storm(known=BEFORE.model_copy(update={"calm_since": ago(-3600)})) == BEFORE.model_copy(
        update={"calm_since": NOW}
    )


# --- who may act?


def sky(*views: Any, records: Iterable[Remediation] = ()) -> tuple[ClusterStore, Weather]:
    here = store(*views)
    put_records(here, *records)
    under = policy(guardrails=LIMIT)
    return here, weather(here, under, detect(here, under, NOW), NOW)


def asked(target: Workload, here: ClusterStore, now_is: Weather):
    made = remediation(target, name=f"{target.meta.name}-1")
    return Storm().check(proposal(target=target, world=here, weather=now_is, remediation=made))


def test_in_calm_weather_everybody_may():
    assert Storm().check(proposal()).allowed
    assert sky(spread("a", "b"), NODES)[1] == CALM


def test_in_a_storm_without_a_common_cause_nobody_may():
    views = spread("a", "b", "c")
    here, now_is = sky(views, NODES)
    verdict = asked(views[0], here, now_is)
    assert (verdict.allowed, verdict.reason) == (False, Reason.STORM_ACTIVE)
    assert "3 or more targets broke" in verdict.message


def test_after_the_cause_was_mended_its_symptoms_are_given_time_and_say_whose_they_are():
    back = deployment("back")
    users = [sick(f"user-{number}", node=f"node-{number % 3}", depends_on="back") for number in range(5)]
    here, now_is = sky(back, service_of(back, ready=1), *users, NODES, records=[treated("back")])
    verdicts = [asked(each[0], here, now_is) for each in users]
    assert {(verdict.allowed, verdict.reason) for verdict in verdicts} == {(False, Reason.SHARED_CAUSE)}
    assert verdicts[0].message == (
        "one of 5 incidents with the cause Deployment back; it was treated by Remediation back-1, and they are given time to "
        "follow"
    )


def test_exactly_one_may_act_for_a_common_cause_and_the_others_name_it():
    back = sick("back", node="node-0")
    users = [sick(f"user-{number}", node=f"node-{number % 3}", depends_on="back") for number in range(40)]
    lead = remediation(back[0], name="back-1")
    here, now_is = sky(back, service_of(back[0]), *users, NODES, records=[lead])
    verdicts = {each[0].meta.name: asked(each[0], here, now_is) for each in (back, *users)}
    assert [name for name, verdict in verdicts.items() if verdict.allowed] == ["back"]
    assert {v.reason for name, v in verdicts.items() if name != "back"} == {Reason.SHARED_CAUSE}
    assert "Remediation back-1" in verdicts["user-7"].message
    assert "one of 41 incidents with the cause Deployment back" in verdicts["user-7"].message


def test_those_that_share_the_cause_are_not_held_against_who_treats_it():
    back = sick("back", node="node-0")
    users = [sick(f"user-{number}", node=f"node-{number % 3}", depends_on="back") for number in range(6)]
    here, now_is = sky(back, service_of(back[0]), *users, NODES)
    treating = proposal(target=back[0], world=here, weather=now_is)
    assert MinHealthy().check(treating).message.startswith("0 of 0 other workloads")
    one_by_one = proposal(target=users[0][0], world=here, weather=now_is)
    assert not MinHealthy().check(one_by_one).allowed


def test_after_the_storm_the_cooldown_is_told():
    calm = Weather(BEFORE.model_copy(update={"calm_since": ago(5)}))
    verdict = Storm().check(proposal(weather=calm))
    assert verdict.message.startswith("calm since 11:59:55Z, not yet for the storm's cooldown")


@pytest.mark.parametrize("count", [400])
def test_a_storm_of_many_workloads_is_seen_through_quickly(count: int):
    back = sick("back", node="node-0")
    users = [sick(f"user-{number}", node=f"node-{number % 3}", depends_on="back") for number in range(count)]
    here = store(back, service_of(back[0]), *users, NODES)
    under = policy(guardrails=LIMIT)
    found = detect(here, under, NOW)
    import time

    begun = time.process_time()
    assert len(weather(here, under, found, NOW).groups) == count + 1
    assert time.process_time() - begun < 1.0
