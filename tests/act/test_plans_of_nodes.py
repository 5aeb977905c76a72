"""Closing nodes, and where pods may go: what isolate, migrate and restart would send, and what they refuse. Pure."""

import json
from dataclasses import replace
from typing import Any, Literal

import pytest

from planaria_contract import Isolate, Migrate, ObjectRef, Restart
from planaria_operator.act import isolate, migrate, restart
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.volumes import Claim
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.cluster import Namespace, Taint
from planaria_operator.objects.cordon import BY_A_PERSON, CORDONED_BY, UNCORDON, WHEN_WELL
from planaria_operator.objects.meta import HEAL, OPT_OUT_LABEL
from planaria_operator.objects.store import ClusterStore
from tests.act.bodies import TOKEN, affected, planned, pod, refusal, refused, seen, setting
from tests.builders import decision, deployment, meta, node, store

DRAIN = Isolate(node="node-1", drain=True)
DB = Taint("dedicated", "db")


def node_body(*, ready: str = "True", pressure: bool = False, **spec: Any) -> JsonBody:
    conditions = [
        {"type": "Ready", "status": ready},
        {"type": "DiskPressure", "status": str(pressure)},
    ]
    about = {"name": "node-1", "uid": "uid-node-node-1", "labels": spec.pop("labels", {})}
    return {"kind": "Node", "metadata": about, "spec": spec, "status": {"conditions": conditions}}


def closing(
    *pods: JsonBody,
    body: JsonBody | None = None,
    world: ClusterStore | None = None,
    parameters: Isolate = DRAIN,
    sick: tuple[str, ...] = (),
    **bounds: Any,
) -> Plan | Refusal:
    """`sick` names the pods that the incident is about; the others on the node are well."""
    ill = tuple(each for each in pods if each["metadata"]["name"] in sick)
    made = setting(parameters, target=body or node_body(), pods=ill, world=world, **bounds)
    about = ObjectRef(kind="Node", name="node-1")
    on_node = replace(made, decision=decision(parameters, about), on_node=pods)
    return isolate.build(replace(on_node, protected=frozenset({"kube-system"})))


def names(plan: Plan) -> list[str]:
    return [each.object.name for each in plan.operations if each.verb is Verb.EVICT]


def test_a_cordon_comes_first_and_is_what_is_undone():
    plan = planned(closing(pod(), sick=("front-0",)))
    assert [each.verb for each in plan.operations] == [Verb.CORDON, Verb.EVICT]
    assert [each.verb for each in plan.inverse] == [Verb.UNCORDON]
    assert plan.operations[0].object == plan.target == plan.inverse[0].object
    assert (plan.target.kind, plan.target.uid) == ("Node", "uid-node-node-1")
    assert json.loads(plan.operations[0].body) == {CORDONED_BY: TOKEN, UNCORDON: BY_A_PERSON}


def test_without_draining_nothing_is_moved():
    plan = planned(closing(pod(), parameters=Isolate(node="node-1", drain=False)))
    assert [each.verb for each in plan.operations] == [Verb.CORDON]
    assert "evict" not in plan.summary


@pytest.mark.parametrize("body", [node_body(ready="Unknown"), node_body(pressure=True)], ids=["lost", "full"])
def test_a_node_that_shows_itself_unwell_is_opened_when_it_shows_itself_well(body: JsonBody):
    plan = planned(closing(pod(), body=body))
    assert json.loads(plan.operations[0].body)[UNCORDON] == WHEN_WELL
    assert "Planaria uncordons it once it is well" in plan.summary


def test_a_node_that_looks_well_is_left_to_a_person():
    assert "a person uncordons it" in planned(closing(pod())).summary


def test_the_affected_come_first_and_the_others_may_stay_where_a_budget_holds_them():
    plan = planned(closing(pod("a"), pod("b"), pod("z"), sick=("z",), max_pods=2))
    assert names(plan) == ["z", "a", "b"]
    assert [each.best_effort for each in plan.operations] == [False, False, True, True]
    assert plan.at_once == 2
    assert "evict 3 pods, at most 2 at once: z, a, b" in plan.summary


def test_affected_pods_of_a_later_round_are_tried_again_instead_of_holding_the_whole():
    plan = planned(closing(pod("a"), pod("b"), pod("c"), sick=("a", "b", "c"), max_pods=2))
    assert [each.best_effort for each in plan.operations] == [False, False, False, True]


def test_how_many_go_at_once_is_part_of_what_is_approved():
    few, many = (planned(closing(pod("a"), pod("b"), max_pods=most)) for most in (1, 2))
    assert few.operations == many.operations
    assert few.digest != many.digest


def test_a_record_holds_every_plan():
    pods = [pod(f"front-{number}") for number in range(400)]
    plan = planned(closing(*pods, max_pods=1000))
    assert len(plan.operations) == 256
    assert "evict 255 pods, of 400; the others stay" in plan.summary
    assert Plan.model_validate(plan.to_body()) == plan


@pytest.mark.parametrize("where", ["pod", "ignored", "workload", "template", "namespace"])
def test_what_asks_to_be_left_alone_stays_and_does_not_hold_the_others(where: str):
    marked = {HEAL: "disabled"}
    owner = deployment(
        "kept",
        annotations=marked if where == "workload" else {},
        template_heal_disabled=where == "template",
        namespace="quiet",
    )
    space = Namespace(meta("Namespace", "quiet", namespace="", labels=marked if where == "namespace" else {}))
    kept = pod("kept-0", owner="Deployment", labels={OPT_OUT_LABEL: "true"} if where == "ignored" else {})
    kept["metadata"] |= {"namespace": "quiet", "annotations": marked if where == "pod" else {}}
    kept["metadata"]["ownerReferences"][0] |= {"name": "kept", "uid": owner.meta.uid}
    world = store(node("node-1"), node("node-2"), owner, space)
    assert names(planned(closing(pod("web"), kept, world=world))) == ["web"]
    assert names(planned(closing(pod("web"), kept, world=world, sick=("kept-0",)))) == ["kept-0", "web"], (
        "the guard opt-out has to see an affected one"
    )


def test_what_belongs_to_the_node_or_is_protected_or_over_stays():
    system = pod("dns")
    system["metadata"]["namespace"] = "kube-system"
    mirror = pod("static", annotations={"kubernetes.io/config.mirror": "x"})
    staying = [
        pod("agent", owner="DaemonSet"),
        mirror,
        pod("static-2", owner="Node"),
        system,
        pod("job", phase="Succeeded", owner=""),
        pod("gone", deletionTimestamp="2026-11-23T12:00:00Z"),
    ]
    assert names(planned(closing(*staying, pod("web")))) == ["web"]
    assert refused(closing(*staying)) is Reason.NOT_MOVABLE


DURING = "requiredDuringSchedulingIgnoredDuringExecution"


def required(*rows: JsonBody, of: str = "matchExpressions") -> JsonBody:
    terms = {"nodeSelectorTerms": [{of: list(rows)}]}
    return {"affinity": {"nodeAffinity": {DURING: terms}}}


def row(operator: str, *values: str, key: str = "disk") -> JsonBody:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


@pytest.mark.parametrize(
    ("demands", "moved"),
    [
        ({"nodeSelector": {"disk": "nvme"}}, False),
        ({"nodeSelector": {"zone": "a"}}, True),
        (required(row("In", "nvme")), False),
        (required(row("In", "nvme", "hdd")), True),
        (required(row("NotIn", "hdd")), False),
        (required(row("Exists")), True),
        (required(row("DoesNotExist")), False),
        (required(row("Gt", "4", key="cores")), True),
        (required(row("In", "node-1", key="metadata.name"), of="matchFields"), False),
        (required(row("In", "node-2", key="metadata.name"), of="matchFields"), True),
    ],
)
def test_a_pod_that_no_other_open_node_would_take_stays_instead_of_waiting_for_a_place(
    demands: JsonBody, moved: bool
):
    kept = pod("kept")
    kept["spec"] |= demands
    world = store(
        node("node-1", labels={"disk": "nvme", "zone": "a"}),
        node("node-2", labels={"disk": "hdd", "zone": "a"}),
        node("node-3", labels={"disk": "nvme"}, schedulable=False),
    )
    assert ("kept" in names(planned(closing(pod("web"), kept, world=world)))) is moved


@pytest.mark.parametrize(
    ("taints", "tolerations", "moved"),
    [
        ((DB,), [], False),
        ((DB,), [{"key": "dedicated", "operator": "Exists"}], True),
        ((DB, Taint("gpu")), [{"key": "dedicated", "operator": "Exists"}], False),
        ((DB,), [{"operator": "Exists"}], True),
        ((DB,), [{"key": "dedicated", "operator": "Equal", "value": "db"}], True),
        ((DB,), [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}], True),
        ((DB,), [{"key": "dedicated", "value": "gpu"}], False),
        ((DB,), [{"key": "dedicated"}], False),
        ((Taint("dedicated"),), [{"key": "dedicated"}], True),
        ((DB,), [{"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}], False),
        ((DB,), [{"operator": "Exists", "effect": "NoExecute"}], False),
        ((Taint("cores", "4"),), [{"key": "cores", "operator": "Gt", "value": "2"}], True),
        ((Taint("ToBeDeletedByClusterAutoscaler"),), [], False),
        ((Taint("node-role.kubernetes.io/control-plane"),), [], False),
    ],
)
def test_a_pod_is_moved_only_where_another_node_is_open_to_it(
    taints: tuple[Taint, ...], tolerations: list[JsonBody], moved: bool
):
    """One that tolerates another value, or another effect, of the same key would only wait there."""
    web = pod("web")
    web["spec"]["tolerations"] = tolerations
    for ready in (True, False):
        world = store(node("node-1", ready=ready), node("node-2", taints=taints))
        moving = migrate.build(setting(Migrate(source="node-1"), pods=(web,), world=world))
        if moved:
            assert names(planned(moving)) == names(planned(closing(web, world=world))) == ["web"]
        else:
            assert refused(moving) is Reason.NO_OTHER_NODE
            assert isinstance(closing(web, world=world), Refusal)


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false", True),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "true", False),
        ("karpenter.sh/do-not-disrupt", "true", True),
    ],
)
def test_a_well_pod_that_no_autoscaler_may_move_is_not_moved_by_a_drain(name: str, value: str, stays: bool):
    training = pod("training", annotations={name: value})
    assert ("training" not in names(planned(closing(pod("web"), training)))) is stays
    assert names(planned(closing(pod("web"), training, sick=("training",)))) == ["training", "web"]


def test_a_pod_that_nobody_would_make_anew_is_not_lost_for_it():
    assert refused(closing(pod("bare", owner=""), pod("web"))) is Reason.NOT_DRAINABLE


def test_files_on_the_node_are_not_left_behind():
    keeping = pod("keeping")
    keeping["spec"]["volumes"] = [{"name": "data", "hostPath": {"path": "/data"}}]
    assert refused(closing(keeping)) is Reason.NOT_DRAINABLE
    scratch = pod("scratch")
    scratch["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    assert names(planned(closing(scratch))) == ["scratch"]


def test_a_stateful_pod_on_a_lost_node_stays_because_nobody_can_confirm_its_end():
    stateful = pod("store-0", owner="StatefulSet")
    assert refused(closing(stateful, body=node_body(ready="Unknown"))) is Reason.NOT_MOVABLE
    assert names(planned(closing(stateful))) == ["store-0"]


def test_the_last_node_stays_open():
    alone = store(node("node-1"), node("node-2", ready=False), node("node-3", schedulable=False))
    assert refused(closing(pod(), world=alone)) is Reason.NO_OTHER_NODE
    masters = store(node("node-1"), node("node-2", taints=(Taint("node-role.kubernetes.io/control-plane"),)))
    assert refused(closing(pod(), world=masters)) is Reason.NO_OTHER_NODE


def test_the_control_plane_stays_open():
    body = node_body(labels={"node-role.kubernetes.io/control-plane": ""})
    assert refused(closing(pod(), body=body)) is Reason.CONTROL_PLANE_NODE


def test_what_a_person_has_closed_is_theirs():
    assert refused(closing(pod(), body=node_body(unschedulable=True))) is Reason.ALREADY_CORDONED


def test_no_more_nodes_are_closed_than_the_policy_says():
    ours = {CORDONED_BY: "other-1/1"}
    world = store(node("node-1"), node("node-2", schedulable=False, annotations=ours), node("node-3"))
    assert refused(closing(pod(), world=world)) is Reason.TOO_MANY_NODES
    assert planned(closing(pod(), world=world, max_nodes=2))
    persons = store(node("node-1"), node("node-2", schedulable=False), node("node-3"))
    assert planned(closing(pod(), world=persons))


# --- volumes


def mounting(claim: str = "data", owner: str = "StatefulSet") -> JsonBody:
    body = pod("store-0", owner=owner)
    body["spec"]["volumes"] = [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}]
    return body


def volume(**spec: Any) -> JsonBody:
    return {"metadata": {"name": "pv-1"}, "spec": spec}


AFFINITY = {
    "required": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In"}]}]
    }
}
ZONE = {
    "required": {
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In"}]}
        ]
    }
}


def with_claim(made: Setting, claim: Claim) -> Setting:
    return replace(made, claims={("shop", "data"): claim})


@pytest.mark.parametrize(
    ("claim", "follows"),
    [
        (Claim("data", volume(csi={})), True),
        (Claim("data", volume(csi={}, nodeAffinity=ZONE)), True),
        (Claim("data", None), True),
        (Claim("data", volume(local={"path": "/d"}, nodeAffinity=AFFINITY)), False),
        (Claim("data", volume(hostPath={"path": "/d"})), False),
        (Claim("data", volume(csi={}, nodeAffinity=AFFINITY)), False),
        (Claim("data", None, "whether its volume can follow is not known: 403"), False),
    ],
    ids=["network", "zone", "unbound", "local", "host-path", "pinned", "unknown"],
)
def test_a_pod_moves_only_where_its_volume_can_follow(claim: Claim, follows: bool):
    moving = with_claim(setting(Migrate(source="node-1"), pods=(mounting(),)), claim)
    draining = setting(DRAIN, target=node_body(), pods=())
    draining = replace(
        with_claim(draining, claim),
        decision=decision(DRAIN, ObjectRef(kind="Node", name="node-1")),
        on_node=(mounting(),),
    )
    for found in (migrate.build(moving), isolate.build(draining)):
        if follows:
            assert names(planned(found)) == ["store-0"]
        else:
            assert refused(found) is Reason.VOLUME_STAYS


@pytest.mark.parametrize(
    ("here", "there", "follows"),
    [({"disk": "x"}, {"disk": "y"}, False), ({"disk": "x"}, {"disk": "x"}, True), ({}, {}, True)],
    ids=["a driver's own key", "both reach it", "no node says"],
)
def test_a_pod_stays_where_no_other_open_node_reaches_its_volume(
    here: dict[str, str], there: dict[str, str], follows: bool
):
    bound = {"required": {"nodeSelectorTerms": [{"matchExpressions": [row("In", "x")]}]}}
    world = store(node("node-1", labels=here), node("node-2", labels=there))
    moving = setting(Migrate(source="node-1"), pods=(mounting(),), world=world)
    found = migrate.build(with_claim(moving, Claim("data", volume(csi={}, nodeAffinity=bound))))
    assert refusal(found) is (None if follows else Reason.VOLUME_STAYS)


def test_pods_whose_volumes_can_follow_move_without_those_that_cannot():
    stays = with_claim(
        setting(Migrate(source="node-1"), pods=(mounting(), pod("web"))), Claim("data", volume(local={}))
    )
    assert names(planned(migrate.build(stays))) == ["web"]


@pytest.mark.parametrize(
    ("claim", "closed", "owner", "restarted"),
    [
        (Claim("data", volume(local={"path": "/d"}, nodeAffinity=AFFINITY)), True, "StatefulSet", False),
        (Claim("data", volume(hostPath={"path": "/d"})), True, "StatefulSet", False),
        (Claim("data", None, "whether its volume can follow is not known: 403"), True, "StatefulSet", False),
        (Claim("data", volume(csi={})), True, "StatefulSet", True),
        (Claim("data", volume(local={"path": "/d"})), False, "StatefulSet", True),
        (Claim("data", volume(local={"path": "/d"})), True, "DaemonSet", True),
    ],
    ids=["local", "host-path", "unknown", "network", "open", "daemon"],
)
@pytest.mark.parametrize("scope", ["pod", "workload"])
def test_a_pod_on_a_cordoned_node_is_not_restarted_where_its_volume_lets_it_start_nowhere_else(
    claim: Claim, closed: bool, owner: str, restarted: bool, scope: Literal["pod", "workload"]
):
    world = store(node("node-1", schedulable=not closed), node("node-2"))
    asked = setting(Restart(scope=scope), kind=owner, pods=(mounting(owner=owner),), world=world)
    found = restart.build(with_claim(asked, claim))
    assert refusal(found) is (None if restarted else Reason.VOLUME_STAYS)


def test_pods_on_a_cordoned_node_whose_volumes_can_follow_are_restarted_without_those_that_cannot():
    world = store(node("node-1", schedulable=False), node("node-2"))
    asked = setting(Restart(), pods=(mounting(), pod("web")), world=world)
    assert names(planned(restart.build(with_claim(asked, Claim("data", volume(local={})))))) == ["web"]


@pytest.mark.parametrize(("phase", "rolled"), [("Running", False), ("Failed", True)])
def test_a_rollout_that_would_leave_a_well_pod_without_a_place_restarts_the_affected_ones_alone(
    phase: str, rolled: bool
):
    world = store(node("node-1", schedulable=False), node("node-2"))
    stays, ill = mounting(), pod("store-1", node_name="node-2", owner="StatefulSet")
    stays["status"]["phase"] = phase
    asked = setting(Restart(scope="workload"), kind="StatefulSet", pods=(stays, ill), world=world)
    asked = replace(asked, observation=seen(affected("store-1", node="node-2")))
    found = planned(restart.build(with_claim(asked, Claim("data", volume(local={})))))
    assert (names(found), found.operations[0].verb is Verb.PATCH) == (["store-1"], rolled)
