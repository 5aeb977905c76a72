"""Records that hold one another: whatever is shared, one may act, and nobody is held for ever by what does not move."""

from dataclasses import replace
from typing import Any

from planaria_operator.detect.detector import detect
from planaria_operator.guard.aftermath import FOLLOW
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.storm import Storm
from planaria_operator.guard.weather import storm_of
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.meta import HEAL
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import View
from tests.builders import (
    NOW,
    ago,
    cluster_policy,
    deployment,
    node,
    pod,
    policy,
    replica_set,
    service_of,
    space,
    store,
)
from tests.guard.proposals import isolating, proposal
from tests.guard.storming import LIMIT, NODES, found_groups, recorded, shared, sick, storms, treated
from tests.guard.test_causes import lost

HALF = policy(guardrails={"min_healthy": "50%"})


def since(views: list[View], seconds: float) -> list[View]:
    """Ill, or lost, for so long."""
    ill = (each for each in views if isinstance(each, Pod | Node))
    older = {each.meta.key: replace(each, ready_since=ago(seconds)) for each in ill}
    return [older.get(each.meta.key, each) for each in views]


# --- dependencies


def test_of_two_that_need_each_other_who_broke_first_is_treated_for_both():
    a, b = sick("a", node="node-0", depends_on="b"), sick("b", node="node-1", depends_on="a")
    here = *a, *b, *service_of(a[0]), *service_of(b[0]), NODES
    assert shared(*here) == {"a": "a", "b": "a"}
    assert shared(*here, records=[recorded("a", 60), recorded("b", 90)]) == {"a": "b", "b": "b"}


def test_who_needs_one_of_a_ring_waits_for_it_and_the_ring_has_one_that_acts():
    needs = {"a": "b", "b": "c", "c": "a", "user": "b"}
    views = [sick(name, node=f"node-{n}", depends_on=to) for n, (name, to) in enumerate(needs.items())]
    services = [service_of(each[0]) for each in views[:3]]
    assert shared(*views, *services, NODES) == {"a": "a", "b": "a", "c": "a", "user": "b"}


def test_who_does_not_follow_a_dependency_that_was_mended_is_treated_in_the_storm_that_it_keeps_up():
    back = deployment("back")
    users = [sick(name, node=f"node-{n}", depends_on="back") for n, name in enumerate("abc")]
    old = [since(each, FOLLOW.seconds + 50) for each in users]
    for ended, allowed in ((FOLLOW.seconds - 1, []), (FOLLOW.seconds, ["a"])):
        here = store(back, service_of(back, ready=1), *old, NODES)
        here.put_remediation(treated("back", broke=FOLLOW.seconds + 100, ended=ended))
        asked = [storms(each[0], here, HALF) for each in users]
        assert [each.target.name for each in asked if Storm().check(each).allowed] == allowed
        assert all(MinHealthy().check(each).allowed for each in asked if each.target.name in allowed)


# --- who leads


def of_one_image(**of_a: Any) -> list[Any]:
    """Three that share an image, `a` with these fields."""
    fields: dict[str, dict[str, Any]] = {"a": of_a, "b": {}, "c": {}}
    return [sick(name, node=f"node-{n}", image="base:2", **fields[name]) for n, name in enumerate("abc")]


def test_who_is_healed_by_a_more_specific_policy_leads_nobody_of_this_one():
    """That one may only observe it, and nobody would ever act for the others."""
    here = store(*of_one_image(labels={"tier": "web"}), NODES)
    here.put_policy(policy("web", labels={"tier": "web"}))
    assert {group.lead and group.lead[-1] for group in found_groups(here, policy()).values()} == {"b"}


def test_who_is_to_be_left_alone_leads_nobody():
    assert set(shared(*of_one_image(), NODES).values()) == {"a"}
    assert set(shared(*of_one_image(annotations={HEAL: "disabled"}), NODES).values()) == {"b"}
    assert set(shared(*of_one_image(template_heal_disabled=True), NODES).values()) == {"b"}


def half_on_node_9(name: str, uid: str, *, ill_for: float = 60, depends_on: str = "") -> list[Any]:
    """A workload with a pod that is ill there and one that is well elsewhere."""
    named = (f"http://{depends_on}",) if depends_on else ()
    owner = deployment(name, desired=2, ready=1, available=1, uid=uid, environment=named)
    owned = replica_set(owner)
    owned = replace(owned, meta=replace(owned.meta, uid=f"set-{uid}"))
    ill = pod(f"{name}-0", owned, node="node-9", ready=False, ready_since=ago(ill_for), started_at=ago(900))
    return [owner, owned, ill, pod(f"{name}-1", owned, node="node-1")]


def may_close_node_9(*views: Any) -> list[str]:
    """Of `a` and `b`, which fail on it."""
    under = cluster_policy(actions=[{"type": "isolate"}], guardrails={"min_healthy": "50%"})
    here = store(space(), *views, node("node-9"), NODES)
    here.put_policy(under)
    targets = [each for each in here.workloads("shop") if each.meta.name in {"a", "b"}]
    asked = [storms(each, here, under, plan=isolating("node-9")) for each in targets]
    guards = Storm(), NodeAction(), MinHealthy()
    return [each.target.name for each in asked if all(guard.check(each).allowed for guard in guards)]


def test_a_storm_and_the_node_that_is_at_fault_have_the_same_lead_though_both_broke_in_one_second():
    """Else the guard `storm` holds one of them for the other, and `node-action` the other for the first."""
    assert may_close_node_9(half_on_node_9("a", "uid-2"), half_on_node_9("b", "uid-1")) == ["a"]


def test_a_storm_and_the_node_that_is_at_fault_have_the_same_lead_though_one_depends_on_the_other():
    b = half_on_node_9("b", "uid-b")
    a = half_on_node_9("a", "uid-a", ill_for=90, depends_on="b")
    assert may_close_node_9(a, b, service_of(b[0])) == ["b"]


# --- lost nodes


def test_a_node_that_has_been_dead_for_long_and_still_holds_a_pod_does_not_hold_the_one_that_is_lost_now():
    dead = since(lost("node-0"), 86400)
    assert shared(lost("node-9"), dead, NODES[1:]) == {"node-9": "node-9"}


def test_a_node_that_somebody_removes_is_not_lost_together_with_another():
    removed = lost("node-8", deleting=True)
    found = found_groups(store(*lost("node-9"), removed, NODES), policy(kinds=("Deployment",)))
    leads = {key[-1]: group.lead and group.lead[-1] for key, group in found.items() if "node-9" in key[-1]}
    assert leads == dict.fromkeys(("node-9-app-0", "node-9-app-1"), "node-9-app-0")


# --- what is counted


def test_what_is_being_deleted_is_not_held_against_the_others():
    """Its pods may hang on a lost node for days, and it never gets well."""
    ill, leaving = deployment("ill", ready=0), deployment("leaving", ready=0, deleting=True)
    here = store(ill, leaving)
    assert MinHealthy().check(proposal(target=ill, world=here, under=HALF)).allowed
    assert storm_of(here, HALF, [], NOW) is None
    here = store(NODES[0], node("node-1", ready=False, deleting=True))
    assert MinHealthy().check(proposal(target=NODES[0], world=here, under=HALF)).allowed


def test_what_a_policy_that_is_gone_left_open_is_not_held_against_the_others():
    ill, well = deployment("ill", ready=0), deployment("well")
    here = store(ill, well)
    here.put_remediation(recorded("well", 86400))
    assert MinHealthy().check(proposal(target=ill, world=here, under=HALF)).allowed
    assert storm_of(here, HALF, [], NOW) is None
    here.put_policy(policy())
    assert not MinHealthy().check(proposal(target=ill, world=here, under=HALF)).allowed


def test_what_has_long_been_broken_under_another_policy_is_no_news_with_every_crash():
    wide, own = cluster_policy(guardrails=LIMIT), policy("web", labels={"tier": "web"})
    views = [sick(name, node=f"node-{n}", labels={"tier": "web"}) for n, name in enumerate("abc")]
    here = store(space(), *views, NODES)
    for each in (wide, own):
        here.put_policy(each)
    assert storm_of(here, wide, detect(here, wide, NOW), NOW)
    for name in "abc":
        made = recorded(name, 9999)
        spec = made.spec.model_copy(update={"policy": "web"})
        here.put_remediation(made.model_copy(update={"spec": spec}))
    assert storm_of(here, wide, detect(here, wide, NOW), NOW) is None
