"""`why` of a workload whose pods were moved because their node was drained: the record of the drain is about the node."""

from argparse import Namespace
from datetime import timedelta

import pytest

from planaria_contract import Action
from planaria_kubectl.read_only import ReadOnlyKube
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.session import Session
from planaria_kubectl.why.command import run
from planaria_kubectl.why.report import explained
from planaria_kubectl.why.view import render
from planaria_operator.api.drain import DrainRecord, HeldPod
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.fake import FakeKube
from planaria_operator.reconcile.rounds import unsent
from tests import builders
from tests.builders import NOW, ago
from tests.kubectl_plugin.test_plugin_simulate import kube
from tests.kubectl_plugin.worlds import FRONT, SETS, TARGET, WELL, record, seen, world
from tests.reconcile.harness import policy_body

NODE = ObjectReference(kind="Node", name="node-1", uid="n1")
HOUR = timedelta(hours=1)


def pod(name, namespace="shop"):
    return ObjectReference(kind="Pod", namespace=namespace, name=name, uid=f"uid-{name}")


OWN = pod("front-hash1-abcde")


def drained(*pods, namespace="planaria-system", **fields):
    """The record of a node whose pods were evicted, in the operator's namespace."""
    base = record("node-1-1a2b3c4d")
    (attempt,) = base.status.attempts
    drain = DrainRecord(
        total=len(pods), tried=len(pods), moved=len(pods), progress_at=ago(60), sent_at=ago(50)
    )
    plan = attempt.plan.model_copy(
        update={
            "action": Action.ISOLATE,
            "target": NODE,
            "operations": tuple(Operation(verb=Verb.EVICT, object=each) for each in pods),
        }
    )
    attempt = attempt.model_copy(update={"plan": plan, "drain": drain.model_copy(update=fields)})
    return base.model_copy(
        update={
            "namespace": namespace,
            "spec": base.spec.model_copy(update={"target": NODE}),
            "status": base.status.model_copy(update={"attempts": (attempt,)}),
        }
    )


def ask(drain, target=TARGET, workload=FRONT):
    made = world(workload, SETS, *WELL, policies=(seen(builders.policy()),), records=(drain,))
    return explained(made, target, str(target), HOUR, NOW)


def test_a_drain_that_evicted_its_pods_is_told_with_the_pods():
    report = ask(drained(OWN, pod("back-hash1-abcde")))
    (story,) = report.remediations
    assert (story.name, story.is_target) == ("node-1-1a2b3c4d", False)
    told = rendered(render(report), terminal(200, colours=False))
    assert "moved      front-hash1-abcde: evicted by a drain, for Node/node-1\n" in told
    assert "which needed it to be acted on" not in told


@pytest.mark.parametrize(
    "fields",
    [
        {"tried": 0},
        {"held": (HeldPod(pod=OWN, message="the budget front allows none"),)},
        {"pods": (OWN,), "sent_at": None},
    ],
    ids=["not yet", "refused", "no answer is known"],
)
def test_a_pod_that_the_drain_did_not_move_is_not_told_as_moved(fields):
    assert ask(drained(OWN, **fields)).remediations == ()


@pytest.mark.parametrize(
    "other", [pod("front-hash1-abcde", "bank"), pod("front-hash10-abcde"), pod("front-1")]
)
def test_a_drain_of_others_alone_is_not_told(other):
    assert ask(drained(other)).remediations == ()


def test_pods_of_a_stateful_set_are_known_by_their_number():
    stateful = builders.stateful_set("front")
    report = ask(drained(pod("front-3"), pod("front-b-3")), builders.ref(stateful), stateful)
    assert [each.evicted for each in report.remediations] == [("front-3",)]


def test_a_round_of_which_no_answer_is_known_in_the_end_moved_nothing():
    plain = drained(OWN, pods=(OWN,), sent_at=None)
    (attempt,) = plain.status.attempts
    ended = attempt.model_copy(update={"drain": unsent(attempt.drain)})
    status = plain.status.model_copy(update={"attempts": (ended,)})
    assert ask(plain.model_copy(update={"status": status})).remediations == ()


# --- read from the cluster: the record is in another namespace than the workload


async def answer(fake):
    session = Session(ReadOnlyKube(fake), fake, "shop", NOW)
    return await run(session, Namespace(target="deploy/front", since=HOUR))


def town(*, drains=True):
    fake = kube()
    actions = ({"type": "isolate"},) if drains else ({"type": "restart"},)
    fake.put(policy_body(builders.cluster_policy(namespaces={"x": "y"}, actions=actions)))
    made = drained(pod("front-hash2-abcde"))
    about = {"name": made.name, "namespace": made.namespace}
    body = {"kind": "Remediation", "metadata": about, "spec": made.spec.to_body()}
    fake.put({**body, "status": made.status.to_body()})
    return fake


async def test_the_record_of_the_drain_is_read_from_the_operators_namespace():
    assert [each.name for each in (await answer(town())).remediations] == ["node-1-1a2b3c4d"]


class OneNamespace(FakeKube):
    """Lists what is in a namespace, and not across them."""

    async def list(self, kind, namespace="", **fields):
        if kind == "Remediation" and not namespace:
            raise Forbidden(f"list {kind}: forbidden")
        return await super().list(kind, namespace, **fields)


@pytest.mark.parametrize("drains", [True, False])
async def test_who_may_not_read_it_is_told_so_where_a_policy_drains_nodes(drains):
    report = await answer(OneNamespace(*town(drains=drains).objects.values()))
    note = "you may not list remediations in other namespaces: whether a node was drained is not known"
    assert report.remediations == ()
    assert (note in report.notes) == drains
