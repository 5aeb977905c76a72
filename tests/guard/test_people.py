"""What people say: modes, pauses, and objects that are to be left alone."""

from datetime import datetime
from typing import Any

import pytest

from planaria_contract import Action
from planaria_operator.api.actions import Mode
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.mode import EnforceMode
from planaria_operator.guard.opt_out import OptOut
from planaria_operator.guard.pause import NotPaused
from planaria_operator.objects.cluster import Namespace
from planaria_operator.objects.meta import HEAL, Identity
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import parse_workload
from tests.builders import ago, cluster_policy, deployment, meta, node, pod, policy, replica_set, store
from tests.guard.proposals import FRONT, plan, proposal, reference

SET = replica_set(FRONT)
DISABLED = {HEAL: "disabled"}

# --- mode


def test_an_action_may_be_enforced_under_a_policy_that_observes():
    under = policy(mode=Mode.OBSERVE, actions=[{"type": "scale", "mode": "Enforce"}])
    assert EnforceMode().check(proposal(under=under)).allowed


@pytest.mark.parametrize(
    ("mode", "reason"), [(Mode.OBSERVE, Reason.OBSERVE_MODE), (Mode.RECOMMEND, Reason.RECOMMENDED)]
)
def test_an_action_may_be_held_back_under_a_policy_that_enforces(mode: Mode, reason: Reason):
    under = policy(actions=[{"type": "scale", "mode": mode}])
    verdict = EnforceMode().check(proposal(under=under))
    assert (verdict.allowed, verdict.reason) == (False, reason)
    assert "scale" in verdict.message


def test_an_action_without_a_mode_has_the_policys():
    assert policy(mode=Mode.RECOMMEND).spec.mode_of(Action.RESTART) is Mode.RECOMMEND


# --- pause


def paused(*requests: dict[str, Any]):
    return NotPaused().check(proposal(under=policy(pause_requests=requests)))


def asked(by: str = "anna", until: datetime | None = None) -> dict[str, Any]:
    return {"requester": by, "reason": f"{by} migrates the database", "until": until}


def test_nobody_asks():
    assert paused().allowed


def test_any_request_holds_until_it_is_taken_back():
    verdict = paused(asked(), asked("ben"))
    assert (verdict.allowed, verdict.reason, verdict.retry_after) == (False, Reason.PAUSED, 60)
    assert "anna: anna migrates the database; ben" in verdict.message


def test_a_request_ends_by_itself():
    assert paused(asked(until=ago(0))).allowed
    verdict = paused(asked(until=ago(-20)))
    assert (verdict.allowed, verdict.retry_after) == (False, 20)


def test_a_request_that_has_ended_does_not_end_another():
    assert not paused(asked(until=ago(1)), asked("ben")).allowed


def test_a_time_without_a_zone_is_read_as_utc():
    assert not paused(asked(until=ago(-20).replace(tzinfo=None))).allowed


# --- opt-out


def refusal(*views: Any, **fields: Any) -> str:
    verdict = OptOut().check(proposal(world=store(FRONT, SET, *views), **fields))
    assert verdict.reason is (Reason.ALLOWED if verdict.allowed else Reason.OPTED_OUT)
    return "" if verdict.allowed else verdict.message


def evicting(name: str = "front-0"):
    gone = ObjectReference(kind="Pod", namespace="shop", name=name)
    return plan(reference(FRONT), Operation(verb=Verb.EVICT, object=gone))


def patching():
    return plan(reference(FRONT), Operation(verb=Verb.PATCH, object=reference(FRONT)))


def test_nothing_concerned_says_so():
    assert refusal(pod("front-0", SET), node(), plan=evicting()) == ""


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_the_workload_may_say_it_by_label_or_annotation(where: str):
    world = store(deployment("front", ready=2, **{where: DISABLED}))
    verdict = OptOut().check(proposal(world=world))
    assert (verdict.reason, verdict.message) == (
        Reason.OPTED_OUT,
        "Deployment/front says planaria.dev/heal: disabled",
    )


def test_any_other_value_says_nothing():
    assert OptOut().check(proposal(world=store(deployment("front", labels={HEAL: "enabled"})))).allowed


def test_the_namespace_may_say_it():
    assert "Namespace/shop" in refusal(Namespace(meta("Namespace", "shop", namespace="", labels=DISABLED)))
    assert refusal(Namespace(meta("Namespace", "stock", namespace="", labels=DISABLED))) == ""


def test_a_pod_may_say_it_where_it_would_be_evicted_or_replaced():
    asking = pod("front-0", SET, labels=DISABLED)
    assert "Pod/front-0" in refusal(asking, plan=evicting())
    assert "Pod/front-0" in refusal(asking, plan=patching())
    assert refusal(asking, pod("front-1", SET), plan=evicting("front-1")) == ""
    assert refusal(asking) == "", "scaling up touches no pod"


def test_the_node_of_such_a_pod_may_say_it():
    assert "Node/node-1" in refusal(pod("front-0", SET), node(labels=DISABLED), plan=evicting())
    assert refusal(pod("front-0", SET), node("node-2", labels=DISABLED), plan=evicting()) == ""


def test_a_node_that_would_be_acted_on_may_say_it():
    avoid = Operation(verb=Verb.AVOID, object=reference(node("node-2")))
    made = plan(reference(FRONT), avoid)
    assert "Node/node-2" in refusal(node("node-2", labels=DISABLED), plan=made)


def test_the_pod_template_may_say_it():
    body = {
        "metadata": {"name": "front", "namespace": "shop", "uid": FRONT.meta.uid},
        "spec": {"template": {"metadata": {"annotations": DISABLED}}},
    }
    verdict = OptOut().check(proposal(world=store(parse_workload("Deployment", body))))
    assert verdict.message == "the pod template says planaria.dev/heal: disabled"


def test_the_owner_of_a_pod_that_moves_off_a_lost_node_may_say_it():
    lost = node("node-1", ready=False)
    world = store(deployment("front", labels=DISABLED), SET, pod("front-0", SET), lost)
    made = evicting().model_copy(update={"target": reference(lost)})
    verdict = OptOut().check(proposal(target=lost, world=world, plan=made))
    assert "Deployment/front" in verdict.message


def test_where_namespaces_may_not_be_watched_nothing_is_done():
    world = store(FRONT)
    world.unwatched["Namespace"] = "the operator's role does not allow to watch namespaces"
    with pytest.raises(LookupError, match="does not allow to watch namespaces"):
        OptOut().check(proposal(world=world))


def unread(kind: str, namespace: str) -> ClusterStore:
    """Where a policy was written for another version."""
    world = store(FRONT, SET, pod("front-0", SET))
    world.unreadable[Identity(kind, namespace, "own", "uid-own")] = "spec.mode: Input should be 'Observe'"
    return world


@pytest.mark.parametrize("under", [policy(), cluster_policy()], ids=str)
def test_a_policy_of_the_namespace_that_cannot_be_read_may_say_it(under: HealingPolicy):
    verdict = OptOut().check(proposal(world=unread("HealingPolicy", "shop"), under=under))
    assert (verdict.allowed, verdict.reason) == (False, Reason.POLICY_UNREADABLE)
    assert verdict.message == (
        "HealingPolicy own cannot be read, and may want this left alone: spec.mode: Input should be 'Observe'"
    )


def test_one_of_another_namespace_may_not_and_what_is_no_policy_says_nothing():
    assert OptOut().check(proposal(world=unread("HealingPolicy", "stock"))).allowed
    assert OptOut().check(proposal(world=unread("Pod", "shop"))).allowed


def test_one_for_many_namespaces_may_say_it_to_others_of_its_kind_alone():
    world = unread("ClusterHealingPolicy", "")
    assert not OptOut().check(proposal(world=world, under=cluster_policy())).allowed
    assert OptOut().check(proposal(world=world)).allowed, "a HealingPolicy comes before it, whatever it says"


def test_one_of_the_namespace_of_a_pod_that_moves_off_a_lost_node_may_say_it():
    lost, world = node("node-1", ready=False), unread("HealingPolicy", "shop")
    world.put(lost)
    made = evicting().model_copy(update={"target": reference(lost)})
    moving = proposal(target=lost, world=world, plan=made, under=cluster_policy())
    assert OptOut().check(moving).reason is Reason.POLICY_UNREADABLE
