"""When a ready node may be closed: several workloads fail on it, nowhere else, and one Remediation acts for all."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.disruption import Disruption
from planaria_operator.guard.min_healthy import MinHealthy
from planaria_operator.guard.node_action import NodeAction
from planaria_operator.guard.opt_out import OptOut
from planaria_operator.guard.shared_node import SharedNode, shared_nodes
from planaria_operator.guard.weather import Weather, may_isolate, weather
from planaria_operator.objects.cluster import Namespace
from planaria_operator.objects.cordon import CORDONED_BY
from planaria_operator.objects.store import ClusterStore, View
from planaria_operator.objects.workload import Workload
from tests.builders import (
    NAMESPACE,
    NOW,
    deployment,
    meta,
    node,
    pod,
    policy,
    ref,
    replica_set,
    store,
    symptom,
)
from tests.guard.proposals import attempt, isolating, proposal, put_records, reference, remediation
from tests.guard.test_disruption import budget

SICK_NODE, OTHER_NODE = node("node-1"), node("node-2")
WIDE = policy(actions=[{"type": "isolate"}]).model_copy(update={"namespace": ""})
WIDER = policy(actions=[{"type": "isolate", "max_nodes": 2}]).model_copy(update={"namespace": ""})


def town(*workloads: tuple[str, tuple[str, ...], tuple[str, ...]]) -> tuple[ClusterStore, list[Incident]]:
    """For each workload: its name, the nodes of its sick pods, the nodes of its well ones."""
    views: list[View] = [SICK_NODE, OTHER_NODE]
    incidents = []
    for age, (name, sick, well) in enumerate(workloads):
        owner = deployment(name, desired=len(sick) + len(well), ready=len(well))
        made = replica_set(owner)
        ill = [pod(f"{name}-{i}", made, node=where, ready=False) for i, where in enumerate(sick)]
        fine = [pod(f"{name}-{i + len(sick)}", made, node=where) for i, where in enumerate(well)]
        views += [owner, made, *ill, *fine]
        found = tuple(symptom(subject=each, since=100 - age) for each in ill)
        if found:
            incidents.append(Incident(policy(), ref(owner), found))
    return store(*views), incidents


def nodes_of(*workloads: tuple[str, tuple[str, ...], tuple[str, ...]]) -> dict[str, SharedNode]:
    here, incidents = town(*workloads)
    return dict(shared_nodes(here, policy(), incidents, Ranking(here)))


A = ("a", ("node-1",), ("node-2",))
B = ("b", ("node-1", "node-1"), ())


def test_two_workloads_that_fail_on_one_node_and_are_well_elsewhere_share_it():
    found = nodes_of(A, B)
    members = frozenset({"uid-deployment-a", "uid-deployment-b"})
    assert set(found) == members
    assert found["uid-deployment-b"] == SharedNode("node-1", members, lead="uid-deployment-a")


@pytest.mark.parametrize(
    "workloads",
    [
        (A,),
        (("a", ("node-1",), ()), B),
        (A, ("b", ("node-1", "node-2"), ())),
        (A, ("b", ("node-2",), ("node-1",))),
        (A, ("b", (), ("node-1",))),
    ],
    ids=["one-alone", "nobody-well-elsewhere", "sick-elsewhere-too", "another-node", "well"],
)
def test_less_than_that_is_no_reason_to_close_a_node(workloads: Any):
    assert nodes_of(*workloads) == {}


def test_only_a_cluster_wide_policy_that_lists_isolate_looks_for_it():
    here, incidents = town(A, B)
    narrow = policy(actions=[{"type": "isolate"}], guardrails={"min_healthy": 0})
    assert weather(here, narrow, incidents, NOW).shared_nodes == {}
    assert [may_isolate(each) for each in (policy(), narrow, WIDE)] == [False, False, True]
    assert set(weather(here, WIDE, incidents, NOW).shared_nodes) == {"uid-deployment-a", "uid-deployment-b"}


# --- the guards


def sharing(lead: Workload, *others: Workload) -> Weather:
    members = frozenset(each.meta.uid for each in (lead, *others))
    shared = SharedNode("node-1", members, lead.meta.uid, "lead-1")
    return Weather(None, {}, dict.fromkeys(members, shared))


def verdict(
    target: Workload, weather: Weather, *views: View, under: HealingPolicy = WIDE, **fields: Any
) -> Any:
    world = store(SICK_NODE, OTHER_NODE, target, *views)
    put_records(world, *fields.pop("records", ()))
    return NodeAction().check(
        proposal(target=target, plan=isolating(), world=world, under=under, weather=weather, **fields)
    )


FRONT, BACK = deployment("front"), deployment("back")


def test_the_one_that_leads_may_close_the_node_that_several_share():
    found = verdict(FRONT, sharing(FRONT, BACK))
    assert found.allowed
    assert found.message == "treats node node-1 for 2 workloads that fail there and nowhere else"


def test_the_others_leave_it_to_the_one_that_leads():
    found = verdict(BACK, sharing(FRONT, BACK))
    assert (found.allowed, found.reason) == (False, Reason.SHARED_CAUSE)
    assert "Remediation lead-1 treats it" in found.message


def test_another_node_than_the_shared_one_stays_open():
    plan = isolating("node-2")
    under = proposal(target=FRONT, plan=plan, world=store(FRONT, OTHER_NODE), weather=sharing(FRONT, BACK))
    assert NodeAction().check(under).reason is Reason.WORKLOAD_SYMPTOM


def test_a_lost_node_is_no_reason_to_close_another():
    lost = node("node-1", ready=False)
    under = proposal(target=lost, plan=isolating("node-2"), world=store(lost, OTHER_NODE))
    assert NodeAction().check(under).reason is Reason.WORKLOAD_SYMPTOM
    assert (
        NodeAction()
        .check(proposal(target=lost, plan=isolating("node-1"), world=store(lost), under=WIDE))
        .allowed
    )


def acting(name: str) -> Remediation:
    made = attempt(FRONT, None)
    made = made.model_copy(update={"plan": isolating(name)})
    record = remediation(BACK, name="back-1", attempts=(made,)).model_copy(update={"uid": "uid-back-1"})
    return record.model_copy(update={"status": record.status.model_copy(update={"stage": Stage.ACTING})})


def test_two_that_were_planned_at_the_same_time_are_not_both_the_last_one():
    """The watch has not shown the other's cordon yet, but its intent is written."""
    share = sharing(FRONT, BACK)
    found = verdict(FRONT, share, records=[acting("node-2")])
    assert (found.allowed, found.reason) == (False, Reason.TOO_MANY_NODES)
    assert verdict(FRONT, share, records=[acting("node-2")], under=WIDER).allowed
    assert verdict(FRONT, share, records=[acting("node-1")]).allowed, "the same node counts once"


def test_a_node_that_planaria_has_closed_counts_and_one_that_a_person_has_does_not():
    ours = node("node-3", schedulable=False, annotations={CORDONED_BY: "other-1/1"})
    assert verdict(FRONT, sharing(FRONT, BACK), ours).reason is Reason.TOO_MANY_NODES
    assert verdict(FRONT, sharing(FRONT, BACK), node("node-3", schedulable=False)).allowed


def test_those_that_share_the_node_are_not_the_others_that_must_be_healthy():
    sick = replace(BACK, ready=0)
    narrow = policy(actions=[{"type": "isolate"}], guardrails={"min_healthy": "100%"})
    world = store(SICK_NODE, FRONT, sick)
    asked: dict[str, Any] = {"target": FRONT, "plan": isolating(), "world": world, "under": narrow}
    assert not MinHealthy().check(proposal(**asked)).allowed
    assert MinHealthy().check(proposal(**asked, weather=sharing(FRONT, BACK))).allowed


def test_a_namespace_that_has_opted_out_keeps_its_pods_where_they_are():
    bank = Namespace(meta("Namespace", "bank", namespace="", labels={"planaria.dev/heal": "disabled"}))
    theirs = pod("ledger-0")
    theirs = replace(theirs, meta=replace(theirs.meta, namespace="bank"))
    plan = isolating()
    evict = Operation(verb=Verb.EVICT, object=reference(theirs))
    plan = plan.model_copy(update={"operations": (*plan.operations, evict)})
    found = OptOut().check(
        proposal(target=FRONT, plan=plan, world=store(SICK_NODE, FRONT, bank, theirs), under=WIDE)
    )
    assert (found.allowed, found.reason) == (False, Reason.OPTED_OUT)
    assert "Namespace/bank" in found.message


@pytest.mark.parametrize(("namespace", "allowed"), [(NAMESPACE, False), ("bank", True)])
def test_a_budget_counts_for_the_pods_of_its_own_namespace(namespace: str, allowed: bool):
    moved = pod("front-0", labels={"app": "front"})
    moved = replace(moved, meta=replace(moved.meta, namespace=namespace))
    evict = Operation(verb=Verb.EVICT, object=reference(moved))
    plan = isolating().model_copy(update={"operations": (evict,)})
    world = store(SICK_NODE, FRONT, moved, budget(0))
    assert Disruption().check(proposal(target=FRONT, plan=plan, world=world, under=WIDE)).allowed is allowed
