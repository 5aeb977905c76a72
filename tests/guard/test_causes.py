"""Do many symptoms share one cause, and whose incident is treated for it?"""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.causes import groups
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.weather import weather
from tests.builders import (
    NOW,
    ago,
    deployment,
    node,
    pod,
    policy,
    replica_set,
    service_of,
    store,
)
from tests.guard.proposals import proposal, put_records, remediation
from tests.guard.storming import NODES, found_groups, recorded, shared, sick, spread, treated


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
    put_records(here, record)
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


def test_who_broke_first_by_its_record_leads():
    here = [sick(name, node=f"node-{number}", image="base:2") for number, name in enumerate("abc")]
    records = [recorded("c", 500), recorded("b", 400)]
    assert set(shared(*here, NODES, records=records).values()) == {"c"}


def test_who_is_only_watched_does_not_lead():
    views = [sick(name, node=f"node-{number}", image="base:2") for number, name in enumerate("abc")]
    here = store(*views[0], *views[1], *views[2], NODES)
    watched, *others = detect(here, policy(), NOW)

    def lead(first: Incident) -> set[str]:
        found = groups(here, policy(), [first, *others], Ranking(here), NOW)
        return {group.lead[-1] for group in found.values() if group.lead}

    assert lead(replace(watched, ripe=False)) == {"a"}, "it will open an incident"
    assert lead(replace(watched, ripe=False, ripe_at=None)) == {"b"}, "it never will"


def lost(name: str, **of_node: Any) -> list[Any]:
    """A node that went away, and with it one of the two pods of each workload that it shares with another."""
    views: list[Any] = [node(name, ready=False, ready_since=ago(100), **of_node)]
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
