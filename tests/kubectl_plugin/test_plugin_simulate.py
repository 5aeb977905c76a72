"""`simulate` against a counting API: whatever the fault, it reads, it dry-runs, and changes nothing."""

from argparse import Namespace

import pytest

from planaria_contract import Fault
from planaria_kubectl.errors import Misuse
from planaria_kubectl.read_only import ReadOnlyKube
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.session import Session
from planaria_kubectl.simulate.command import run
from planaria_kubectl.simulate.view import render
from planaria_operator.kube.access import REVIEW
from planaria_operator.kube.errors import Forbidden, Invalid
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import PatchType
from tests import builders
from tests.act import bodies
from tests.builders import NOW
from tests.reconcile.harness import policy_body

CODES = {"WouldAct", "HeldBack", "WouldBeRejected", "WouldWait", "WouldEscalate"}
LIMITS = {"limits": {"memory": "32Mi", "cpu": "500m"}}


def kube(**spec):
    """A Deployment of two revisions with two pods, and one policy."""
    new, old = bodies.template("app:2", resources=LIMITS), bodies.template("app:1", resources=LIMITS)
    pods = [bodies.pod(f"front-{n}", owner_uid="uid-rs-2", resources=LIMITS) for n in range(2)]
    nodes = [
        {
            "kind": "Node",
            "metadata": {"name": name},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        for name in ("node-1", "node-2")
    ]
    spec.setdefault("guardrails", {"min_healthy": 0})
    policy = policy_body(builders.policy(**spec))
    sets = [bodies.replica_set(2, new), bodies.replica_set(1, old)]
    for each in sets:
        each["metadata"]["creationTimestamp"] = "2026-11-23T11:55:00Z"
        each["metadata"]["ownerReferences"][0]["name"] = "front"
    for each in pods:
        each["metadata"]["ownerReferences"][0]["name"] = "front-hash2"
    return FakeKube(bodies.workload(made_of=new, replicas=2), *sets, *pods, *nodes, policy)


def session(fake):
    return Session(ReadOnlyKube(fake), fake, "shop", NOW)


def asked(target="deploy/front", fault="memory_exhaustion", confidence=90, pods=None):
    return Namespace(target=target, fault=fault, confidence=confidence, pods=pods)


def printed(report):
    return rendered(render(report), terminal(160, colours=False))


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("pods", [None, 1])
@pytest.mark.parametrize("mode", ["Observe", "Enforce"])
async def test_no_fault_makes_it_change_anything(fault, pods, mode):
    fake = kube(mode=mode)
    report = await run(session(fake), asked(fault=fault.value, pods=pods))
    assert fake.changes == []
    assert report.code in CODES
    assert report.decision is not None
    # One that says that an API server accepted a dry run has asked for one, and for nothing but dry runs.
    # Whether nodes may be asked is a question too, in the form of a `create`.
    writes = [call for call in fake.made if call.verb in {"patch", "create", "delete", "evict"}]
    assert all(call.dry_run for call in writes)
    rehearsed = [call for call in writes if call.kind != REVIEW]
    assert bool(rehearsed) == (report.dry_run is not None)
    assert report.message in printed(report).replace("\n  ", " ")


async def test_a_limit_that_is_too_low_would_be_raised_and_the_ladder_goes_on_to_a_person():
    report = await run(session(kube()), asked(pods=2))
    assert (report.code, report.to_body()["decision"]["action"], report.supposed) == (
        "WouldAct",
        "resize",
        True,
    )
    assert report.affected == ("front-0", "front-1")
    assert {each.verb for each in report.operations} == {"Resize", "Patch"}
    assert report.digest
    assert [each.action for each in report.ladder] == ["resize", "escalate"]
    assert "memory 32Mi -> 64Mi" in report.message
    assert "Nothing was changed." in printed(report)


async def test_the_policys_own_ladder_is_climbed():
    rungs = [
        {"name": "gentle", "actions": ["restart"]},
        {"name": "firm", "actions": ["resize"], "attempts": 1},
    ]
    fake = kube(escalation={"ladder": rungs})
    report = await run(session(fake), asked())
    assert report.decision is not None
    assert [report.decision.action.value, *(each.action for each in report.ladder)] == [
        "resize",
        "escalate",
    ], "one resize"
    assert {mask.action.value: mask.reason for mask in report.decision.masks}["scale"] == "NotOnThisRung"


async def test_one_pod_of_two_is_another_situation_than_both():
    report = await run(session(kube()), asked(pods=1))
    assert report.to_body()["decision"]["action"] == "restart"
    assert report.affected == ("front-0",)


async def test_little_confidence_looks_once_more():
    report = await run(session(kube()), asked(confidence=20))
    assert report.code == "WouldWait"
    assert report.operations == ()


async def test_an_action_that_the_policy_does_not_list_is_ruled_out_and_named():
    report = await run(session(kube(actions=({"type": "restart"},))), asked())
    assert report.to_body()["decision"]["action"] != "resize"
    reasons = {mask["action"]: mask["reason"] for mask in report.to_body()["decision"]["masks"]}
    assert reasons["resize"] == "NotAllowedByPolicy"


async def test_a_guard_that_would_refuse_is_the_answer():
    report = await run(session(kube(mode="Observe")), asked())
    assert (report.code, report.mode) == ("HeldBack", "Observe")
    assert "mode holds it back" in report.message


def in_a_storm(fake):
    policy = fake.objects["HealingPolicy", "shop", "default"]
    policy["status"] = {
        "storm": {"since": "2026-11-23T11:59:00Z", "why": "5 or more targets broke within 300 s"}
    }
    return fake


async def test_in_a_storm_the_answer_is_that_it_would_be_held_back():
    report = await run(session(in_a_storm(kube())), asked())
    assert report.code == "HeldBack"
    assert "storm holds it back" in report.message


async def test_a_fault_that_would_make_a_storm_of_those_that_show_is_held_back_by_it():
    limits = {"min_healthy": 0, "storm": {"incidents": 2}}
    fake = with_another(wide(kube(), guardrails=limits), sick=True)
    fake.objects["Pod", "shop", "cart-0"]["status"]["conditions"][0]["lastTransitionTime"] = (
        "2026-11-23T11:59:00Z"
    )
    report = await run(session(fake), asked(fault="accelerator_memory"))
    held = {each.guard: each for each in report.guards if not each.allowed}
    assert held["storm"].message


async def test_what_the_api_server_would_refuse_is_the_answer():
    fake = kube()
    fake.fail("patch", "Deployment", Invalid("patch Deployment shop/front: quota exceeded"))
    report = await run(session(fake), asked())
    assert report.code == "WouldBeRejected"
    assert "quota exceeded" in report.message


async def test_who_may_not_patch_is_told_so_and_still_sees_the_rest():
    fake = kube()
    for _ in range(4):
        fake.fail("patch", "Deployment", Forbidden("patch Deployment shop/front: not allowed"))
    report = await run(session(fake), asked())
    assert report.code == "WouldAct"
    assert "accepted" not in report.to_body()["dryRun"]
    assert "you may not ask the API server" in report.to_body()["dryRun"]["message"]


def not_for_viewers(fake, *calls):
    for verb, kind in calls:
        fake.fail(verb, kind, Forbidden(f"{verb} {kind}: not allowed"), times=9)
    return fake


async def test_who_may_read_only_the_namespace_at_hand_is_told_what_it_says():
    fake = not_for_viewers(kube(), ("list", "Namespace"))
    about = {"name": "shop", "annotations": {"planaria.dev/heal": "disabled"}}
    fake.put({"kind": "Namespace", "metadata": about})
    report = await run(session(fake), asked())
    assert report.code == "HeldBack"
    assert "opt-out holds it back" in report.message
    assert report.notes == ()


async def test_what_a_viewer_may_not_read_is_named_as_not_known_and_as_nothing_that_the_operator_does():
    hidden = ("list", "Namespace"), ("get", "Namespace"), ("list", "PodDisruptionBudget")
    report = await run(session(not_for_viewers(kube(), *hidden)), asked())
    assert report.code == "WouldAct"
    assert set(report.notes) == {
        "you may not list namespaces: whether one says planaria.dev/heal: disabled is not known",
        "you may not list poddisruptionbudgets: whether one forbids an eviction is not known",
    }


@pytest.mark.parametrize(
    ("target", "spec", "code", "words"),
    [
        ("deploy/nope", {}, "NoSuchObject", "does not exist"),
        ("deploy/front", {"labels": {"tier": "db"}}, "NotSelected", "label tier=db"),
        ("deploy/front", {"namespace": "elsewhere"}, "NotSelected", "no policy there"),
    ],
)
async def test_where_nothing_would_be_done_it_says_why(target, spec, code, words):
    report = await run(session(kube(**spec)), asked(target))
    assert report.code == code
    assert words in printed(report)


async def test_a_fault_that_is_none_lists_them_all():
    with pytest.raises(Misuse, match="memory_exhaustion, cpu_saturation"):
        await run(session(kube()), asked(fault="gremlins"))


async def test_a_lost_node_is_supposed_to_be_lost():
    report = await run(session(kube()), asked("node/node-1", "node_fault"))
    assert (report.to_body()["decision"]["action"], report.affected) == ("migrate", ("front-0", "front-1"))


# --- a node as a whole


ISOLATING = {
    "kinds": ["Deployment", "Node"],
    "actions": ({"type": "isolate", "max_pods": 1},),
    "guardrails": {"min_healthy": 0},
}


def wide(fake, name="base", **spec):
    """With a ClusterHealingPolicy instead of that of the namespace."""
    for key in [key for key in fake.objects if key[0] == "HealingPolicy"]:
        del fake.objects[key]
    fake.put(policy_body(builders.cluster_policy(name, **{**ISOLATING, **spec})))
    about = {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}
    fake.put({"kind": "Namespace", "metadata": about})
    return fake


async def test_a_node_that_is_lost_would_be_isolated_in_rounds_and_opened_once_it_is_well():
    fake = wide(kube())
    report = await run(session(fake), asked("node/node-1", "node_fault"))
    assert (report.code, report.to_body()["decision"]["action"]) == ("WouldAct", "isolate"), report.message
    assert {each.verb for each in report.operations} == {"Cordon", "Evict", "Uncordon"}
    assert "at most 1 at once" in report.summary
    assert "Planaria uncordons it once it is well" in report.summary, "as of a node that is really lost"
    assert fake.changes == []


async def test_a_node_that_a_person_closed_would_be_left_to_them():
    fake = wide(kube())
    fake.objects["Node", "", "node-1"]["spec"] = {"unschedulable": True}
    report = await run(session(fake), asked("node/node-1", "node_fault"))
    assert report.to_body()["decision"]["action"] != "isolate"


async def test_under_a_policy_that_may_migrate_isolating_comes_after_it():
    fake = wide(kube(), actions=({"type": "isolate"}, {"type": "migrate"}))
    report = await run(session(fake), asked("node/node-1", "node_fault"))
    assert report.decision is not None
    assert [report.decision.action.value, report.ladder[0].action] == ["migrate", "isolate"]


def with_another(fake, *, sick):
    """A second workload with one pod on node-1, which is well or not, and one on node-2, which is well."""
    other = bodies.workload(replicas=2)
    other["metadata"] |= {"name": "cart", "uid": "uid-cart"}
    owned = bodies.owned_by("ReplicaSet", "uid-rs-cart")
    owned[0]["name"] = "cart-1"
    made = bodies.replica_set(1, bodies.template())
    made["metadata"] |= {"name": "cart-1", "uid": "uid-rs-cart"}
    made["metadata"]["ownerReferences"] = bodies.owned_by("Deployment", "uid-cart")
    made["metadata"]["ownerReferences"][0]["name"] = "cart"
    for body in (other, made):
        fake.put(body)
    for number, node in enumerate(("node-1", "node-2")):
        pod = bodies.pod(f"cart-{number}", node_name=node, ownerReferences=owned)
        turned = "2026-11-23T11:50:00Z"
        ready = str(node == "node-2" or not sick)
        pod["status"] |= {
            "startTime": "2026-11-23T11:00:00Z",
            "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": turned}],
        }
        fake.put(pod)
    fake.objects["Pod", "shop", "front-1"]["spec"]["nodeName"] = "node-2"
    for name in ("front-0", "front-1"):
        fake.objects["Pod", "shop", name]["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    return fake


async def test_a_workload_whose_node_is_at_fault_for_others_too_would_have_the_node_isolated():
    fake = with_another(wide(kube()), sick=True)
    report = await run(session(fake), asked(fault="accelerator_memory"))
    assert report.affected == ("front-0",), "where the other one fails"
    assert report.to_body()["decision"]["action"] == "isolate", report.to_body()["decision"]["masks"]
    held = {each.guard: each.reason for each in report.guards if not each.allowed}
    assert held["node-action"] == "SharedCause", "the one that broke first acts for both"


async def test_a_workload_that_fails_alone_would_not():
    fake = with_another(wide(kube()), sick=False)
    report = await run(session(fake), asked(fault="accelerator_memory"))
    masks = {each["action"]: each["reason"] for each in report.to_body()["decision"]["masks"]}
    assert masks["isolate"] == "WorkloadSymptom"


async def test_the_client_refuses_to_change_anything_before_it_is_sent():
    fake = kube()
    guarded = ReadOnlyKube(fake)
    attempts = (
        lambda: guarded.create("Event", "shop", {"metadata": {"name": "x"}}),
        lambda: guarded.patch("Deployment", "shop", "front", [], patch_type=PatchType.JSON),
        lambda: guarded.evict("shop", "front-0", uid="u"),
        lambda: guarded.delete("Deployment", "shop", "front"),
    )
    for attempt in attempts:
        with pytest.raises(RuntimeError, match="may only read"):
            await attempt()
    assert fake.made == []
