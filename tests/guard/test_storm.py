"""When much breaks at once: is it a storm, do the symptoms share a cause, and who may act then."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus, StormStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.guard.causes import Group, TargetKey, groups
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.weather import CALM, Weather, storm_of, weather
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from tests.builders import (
    NOW,
    ago,
    container,
    deployment,
    node,
    pod,
    policy,
    ref,
    replica_set,
    service_of,
    store,
    symptom,
)
from tests.guard.proposals import FRONT, attempt, proposal, remediation

LIMIT = {"storm": {"incidents": 3, "window_seconds": 300, "cooldown_seconds": 60}, "min_healthy": 0}


def broken(name: str, since: float = 60) -> Incident:
    target = deployment(name)
    return Incident(policy(), ref(target), (symptom(subject=target, since=since),))


def recorded(name: str, since: float, *, finished: bool = False) -> Remediation:
    made = remediation(deployment(name), name=f"{name}-1", finished=finished)
    return made.model_copy(update={"spec": made.spec.model_copy(update={"visible_at": ago(since)})})


def storm(
    incidents: Iterable[Incident] = (), *records: Remediation, known: StormStatus | None = None, **rails: Any
) -> StormStatus | None:
    here = store(FRONT)
    for each in records:
        here.put_remediation(each)
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


def test_a_clock_that_is_set_back_does_not_end_it_early():
    assert storm(known=BEFORE.model_copy(update={"calm_since": ago(-3600)}))


# --- do they share a cause?


def sick(
    name: str, *, node: str = "node-1", image: str = "", depends_on: str = "", **fields: Any
) -> list[Any]:
    """A workload of two pods, both unready for a minute."""
    environment = (f"http://{depends_on}:8080",) if depends_on else ()
    workload = deployment(name, desired=2, ready=0, available=0, environment=environment, **fields)
    owned = replica_set(workload, desired=2, ready=0)
    unready: dict[str, Any] = {"ready": False, "ready_since": ago(60), "started_at": ago(900), "node": node}
    made = [container(image=image or f"{name}:1", started=False)]
    return [workload, owned, *(pod(f"{name}-{n}", owned, containers=made, **unready) for n in range(2))]


def shared(
    *views: Any, under: HealingPolicy | None = None, records: Iterable[Remediation] = ()
) -> dict[str, str]:
    """Whose incident is treated by whose."""
    here = store(*views)
    for each in records:
        here.put_remediation(each)
    found = found_groups(here, under or policy())
    return {key[-1]: group.lead[-1] if group.lead else "" for key, group in found.items()}


def found_groups(here: ClusterStore, under: HealingPolicy) -> dict[TargetKey, Group]:
    return dict(groups(here, under, detect(here, under, NOW), NOW))


def spread(*names: str) -> list[Any]:
    """On different nodes, so that the node is no explanation."""
    return [view for number, name in enumerate(names) for view in sick(name, node=f"node-{number}")]


NODES = [node(f"node-{number}") for number in range(4)]


def test_what_has_nothing_in_common_shares_nothing():
    assert shared(spread("a", "b", "c"), NODES) == {}


def test_workloads_that_depend_on_one_that_is_broken_wait_for_it():
    back = sick("back", node="node-0")
    service = service_of(back[0])
    users = [sick(name, node=f"node-{number}", depends_on="back") for number, name in enumerate("ab", 1)]
    assert shared(back, service, *users, NODES) == {"a": "back", "b": "back", "back": "back"}


def test_a_dependency_that_still_answers_explains_nothing():
    back = deployment("back")
    users = [sick(name, node=f"node-{number}", depends_on="back") for number, name in enumerate("ab", 1)]
    assert shared(back, service_of(back, ready=1), *users, NODES) == {}


def treated(name: str, *, broke: float = 120, ended: float | None = 5, helped: bool = True) -> Remediation:
    """The record of what was done about a dependency; `ended` so many seconds ago, None while it is looked whether it helped."""
    outcome = AttemptOutcome.RECOVERED if ended else AttemptOutcome.PENDING
    done = attempt(deployment(name), ago(20)).model_copy(
        update={"outcome": outcome if helped else AttemptOutcome.INEFFECTIVE}
    )
    made = remediation(
        deployment(name), name=f"{name}-1", finished=ended is not None, attempts=(done,),
        finished_at=ago(ended) if ended is not None else None,
    )  # fmt: skip
    return made.model_copy(update={"spec": made.spec.model_copy(update={"visible_at": ago(broke)})})


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (treated("back"), True),
        (treated("back", ended=None), True),
        (treated("back", ended=61), False),  # they fell ill a minute ago, when it was well again
        (treated("back", broke=59), False),  # they fell ill first
        (treated("back", helped=False), False),
        (treated("other"), False),
    ],
)
def test_who_fell_ill_while_a_dependency_was_broken_still_names_it_once_it_is_mended(
    record: Remediation, named: bool
):
    back = deployment("back")
    users = [sick(name, node=f"node-{number}", depends_on="back") for number, name in enumerate("ab", 1)]
    here = store(back, service_of(back, ready=1), *users, NODES)
    here.put_remediation(record)
    found = found_groups(here, policy())
    assert {key[-1]: (str(group.cause), group.lead, group.remediation) for key, group in found.items()} == (
        dict.fromkeys("ab", ("Deployment back", None, "back-1")) if named else {}
    )


def test_a_dependency_that_was_mended_and_is_silent_again_is_treated_again():
    back = deployment("back", desired=0)
    users = [sick(name, node=f"node-{number}", depends_on="back") for number, name in enumerate("ab", 1)]
    records = [treated("back"), recorded("b", 90), recorded("a", 60)]
    found = shared(back, service_of(back), *users, NODES, records=records)
    assert found == {"a": "b", "b": "b"}


def test_a_dependency_that_is_no_incident_itself_is_left_to_who_broke_first():
    """Scaled to zero it wants nothing and so lacks nothing; whoever needs it brings it back."""
    back = deployment("back", desired=0)
    a = sick("a", node="node-1", depends_on="back")
    b = sick("b", node="node-2", depends_on="back")
    records = [recorded("b", 90), recorded("a", 60)]
    assert shared(back, service_of(back), a, b, NODES, records=records) == {"a": "b", "b": "b"}


def test_in_a_chain_the_last_that_is_broken_is_treated():
    back, mid = sick("back", node="node-0"), sick("mid", node="node-1", depends_on="back")
    users = [sick(name, node=f"node-{number}", depends_on="mid") for number, name in enumerate("ab", 2)]
    found = shared(back, mid, *users, service_of(back[0]), service_of(mid[0]), NODES)
    assert found == {"a": "mid", "b": "mid", "mid": "back", "back": "back"}


def test_pods_on_one_unwell_node_share_it():
    pressed = node("node-9", pressure=("DiskPressure",))
    here = sick("a", node="node-9"), sick("b", node="node-9"), sick("c", node="node-2")
    assert shared(*here, pressed, NODES) == {"a": "a", "b": "a"}


def test_what_was_rolled_out_together_shares_the_release():
    release: dict[str, Any] = {"labels": {"app.kubernetes.io/instance": "shop-7"}}
    moving: dict[str, Any] = {"updated": 1, **release}
    assert shared(sick("a", node="node-0", **moving), sick("b", node="node-1", **moving), NODES) == {
        "a": "a",
        "b": "a",
    }
    assert shared(sick("a", node="node-0", **release), sick("b", node="node-1", **release), NODES) == {}


def test_the_same_image_is_a_cause_of_its_own():
    assert shared(
        sick("a", node="node-0", image="base:2"), sick("b", node="node-1", image="base:2"), NODES
    ) == {"a": "a", "b": "a"}


def test_who_broke_first_by_its_record_leads():
    here = [sick(name, node=f"node-{number}", image="base:2") for number, name in enumerate("abc")]
    records = [recorded("c", 500), recorded("b", 400)]
    assert set(shared(*here, NODES, records=records).values()) == {"c"}


def test_who_is_only_watched_does_not_lead():
    views = [sick(name, node=f"node-{number}", image="base:2") for number, name in enumerate("abc")]
    here = store(*views[0], *views[1], *views[2], NODES)
    watched, *others = detect(here, policy(), NOW)

    def lead(first: Incident) -> set[str]:
        found = groups(here, policy(), [first, *others], NOW)
        return {group.lead[-1] for group in found.values() if group.lead}

    assert lead(replace(watched, ripe=False)) == {"a"}, "it will open an incident"
    assert lead(replace(watched, ripe=False, ripe_at=None)) == {"b"}, "it never will"


def lost(name: str) -> list[Any]:
    """A node that went away, and with it one of the two pods of each workload that it shares with another."""
    views: list[Any] = [node(name, ready=False, ready_since=ago(100))]
    for number in range(2):
        workload = deployment(f"{name}-app-{number}", desired=2, ready=1, available=1)
        owned = replica_set(workload, desired=2, ready=1)
        gone: dict[str, Any] = {"ready": False, "ready_since": ago(95), "started_at": ago(900)}
        views += [workload, owned, pod(f"{name}-{number}", owned, node=name, **gone)]
    return views


def test_one_lost_node_is_the_cause_of_all_that_it_held_and_is_treated_in_the_storm_that_it_makes():
    views = lost("node-9"), NODES
    under = policy(guardrails={"min_healthy": "50%"})
    here = store(*views)
    now_is = weather(here, under, detect(here, under, NOW), NOW)
    assert now_is.storm, "neither of the two workloads is healthy"
    target = views[0][0]
    asked = proposal(target=target, world=here, weather=now_is, remediation=remediation(target, name="n-1"))
    verdict = Storm().check(asked)
    assert (verdict.allowed, verdict.message) == (True, "treats Node node-9 for 1 incidents")
    assert MinHealthy().check(asked).allowed, "four other nodes are well"


def test_of_several_lost_nodes_none_is_the_cause():
    """Then it is rather the network between them, and moving everything would be the worst answer."""
    assert shared(lost("node-8"), lost("node-9"), NODES) == {"node-8": "", "node-9": ""}


def test_each_of_several_lost_nodes_says_so_and_none_is_treated():
    views = lost("node-8"), lost("node-9"), NODES
    under = policy(guardrails={"min_healthy": "50%"})
    here = store(*views)
    now_is = weather(here, under, detect(here, under, NOW), NOW)
    for target in (views[0][0], views[1][0]):
        made = remediation(target, name=f"{target.meta.name}-1")
        verdict = Storm().check(proposal(target=target, world=here, weather=now_is, remediation=made))
        assert (verdict.allowed, verdict.reason) == (False, Reason.SHARED_CAUSE)
        assert verdict.message.startswith("one of 2 incidents with the cause nodes lost together; nothing is")


def test_a_node_that_died_long_ago_does_not_excuse_the_one_that_is_lost_now():
    long_dead = node("node-0", ready=False, ready_since=ago(86400))
    found = shared(lost("node-9"), long_dead, NODES[1:])
    assert found == {"node-9": "node-9"}


def test_workloads_say_the_same_where_the_policy_does_not_look_at_nodes():
    under = policy(kinds=("Deployment",))
    views = lost("node-8"), lost("node-9"), NODES
    names = {f"{name}-app-{number}" for name in ("node-8", "node-9") for number in range(2)}
    assert shared(*views, under=under) == dict.fromkeys(names, "")
    beside = sick("a", node="node-1", image="base:2"), sick("b", node="node-2", image="base:2")
    assert shared(*views, *beside, under=under) == dict.fromkeys(names, "") | {"a": "a", "b": "a"}


# --- who may act?


def sky(*views: Any, records: Iterable[Remediation] = ()) -> tuple[ClusterStore, Weather]:
    here = store(*views)
    for each in records:
        here.put_remediation(each)
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
