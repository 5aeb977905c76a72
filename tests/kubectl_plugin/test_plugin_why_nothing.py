"""`kubectl planaria why` where nothing is done: under a policy that cannot be read, and about what shows no fault."""

import pytest

from planaria_operator.api.conditions import Status
from planaria_operator.api.remediation import Stage
from planaria_operator.objects.meta import Identity
from tests import builders
from tests.builders import ago
from tests.kubectl_plugin.test_plugin_why import ask, front
from tests.kubectl_plugin.worlds import FRONT, ILL, SETS, WELL, condition, record, seen, world


def unreadable(made):
    """The same with a policy that was written for another version."""
    made.store.unreadable[Identity("HealingPolicy", "shop", "own", "uid-own")] = "spec.mode: not one of these"
    return made


OF_OWN = record(stage=Stage.BLOCKED, next_check_at=ago(600)).model_copy(
    update={"spec": record().spec.model_copy(update={"policy": "own"})}
)


@pytest.mark.parametrize(
    "made",
    [unreadable(world(FRONT)), unreadable(front(records=(OF_OWN,)))],
    ids=["who else may have it", "what is open under it"],
)
def test_a_policy_that_cannot_be_read_is_named_with_what_is_wrong_and_the_command_that_shows_it(made):
    conclusion = ask(made).conclusion
    assert conclusion.code == "PolicyUnreadable"
    assert (
        "HealingPolicy own cannot be read by this version (spec.mode: not one of these)" in conclusion.message
    )
    assert conclusion.next.startswith("kubectl get hpol own -n shop -o yaml")


def test_a_policy_that_can_be_read_is_held_back_by_one_that_cannot():
    conclusion = ask(unreadable(front(*ILL))).conclusion
    assert conclusion.code == "HeldBack"
    assert "opt-out would hold any action back: HealingPolicy own cannot be read" in conclusion.message


def test_what_is_under_way_under_another_policy_goes_on_all_the_same():
    made = unreadable(front(records=(record(stage=Stage.VERIFYING),)))
    assert ask(made).conclusion.code == "BeingHealed"


def calm(desired, ready, *pods):
    """A Deployment that shows no fault, though it lacks pods."""
    short = builders.deployment("front", desired=desired, ready=ready, available=ready)
    owned = builders.replica_set(short, desired=desired, ready=ready)
    made = world(short, owned, *pods, policies=(seen(builders.policy()),))
    conclusion = ask(made, builders.ref(short)).conclusion
    assert conclusion.code == "Calm"
    return conclusion


def test_pods_that_cannot_be_made_are_named_with_the_command_that_says_why():
    conclusion = calm(3, 1, WELL[0])
    assert conclusion.message.endswith(
        "; but 2 of 3 pods are not there; where they cannot be made, Events say why"
    )
    assert conclusion.next == "kubectl get events -n shop --field-selector reason=FailedCreate"


def test_pods_that_a_rollout_cannot_make_are_named_though_the_old_ones_are_all_there():
    rolling = builders.deployment("front", updated=0)
    newest = builders.replica_set(rolling, 2, desired=1, ready=0)
    old = builders.replica_set(rolling)
    made = world(rolling, old, newest, *WELL, policies=(seen(builders.policy()),))
    assert "but 1 of 4 pods are not there" in ask(made).conclusion.message


def test_pods_that_are_starting_are_counted_beside_the_calm():
    young = builders.pod("front-2", SETS, ready=False, ready_since=ago(9), started_at=ago(9), created=ago(9))
    conclusion = calm(3, 2, *WELL[:2], young)
    assert conclusion.message.endswith("; but 2 of 3 pods are ready, and the others show no fault yet")
    assert conclusion.next.startswith("kubectl get hpol default")


def test_an_incident_that_cannot_be_written_down_is_not_promised_to_open_within_seconds():
    why = "1 of its incidents cannot be written down, so nothing is done about them: shop/Deployment/front: spec.stage"
    broken = condition("Ready", Status.FALSE, "RecordUnreadable", why)
    conclusion = ask(front(*ILL, policy=seen(builders.policy(), conditions=(broken,)))).conclusion
    assert (conclusion.code, conclusion.next) == ("HeldBack", "kubectl describe hpol default -n shop")
    assert why in conclusion.message
