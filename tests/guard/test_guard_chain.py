"""The order is documented, every verdict is recorded, and a guard that cannot answer refuses."""

import pytest

from planaria_operator.api.healing_policy import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.chain import GUARDS, check_all
from planaria_operator.guard.verdict import Proposal, Verdict, first_refusal
from planaria_operator.objects.store import ClusterStore
from tests.builders import deployment, node, policy, store
from tests.guard.proposals import FRONT, proposal


def test_the_order_is_the_documented_one():
    assert [guard.name for guard in GUARDS] == [
        "protected-namespace",
        "mode",
        "cooldown",
        "budget",
        "min-healthy",
    ]


def test_a_calm_world_passes_every_guard():
    verdicts = check_all(proposal())
    assert first_refusal(verdicts) is None
    assert all(verdict.reason is Reason.ALLOWED and verdict.message for verdict in verdicts)


def test_later_guards_are_asked_even_after_a_refusal():
    budget = {"budget": {"actions": 0}}
    verdicts = check_all(proposal(under=policy(mode=Mode.OBSERVE, guardrails=budget)))
    assert [verdict.reason for verdict in verdicts if not verdict.allowed] == [
        Reason.OBSERVE_MODE,
        Reason.BUDGET_EXHAUSTED,
    ]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_that_breaks_refuses(guard, monkeypatch: pytest.MonkeyPatch):
    def broken(proposal: Proposal) -> Verdict:
        raise ZeroDivisionError("no population")

    monkeypatch.setattr(type(guard), "check", lambda self, proposal: broken(proposal))
    refusals = [verdict for verdict in check_all(proposal()) if not verdict.allowed]
    assert [(verdict.guard, verdict.reason) for verdict in refusals] == [
        (guard.name, Reason.GUARD_UNAVAILABLE)
    ]
    assert "ZeroDivisionError: no population" in refusals[0].message


class Unreadable(ClusterStore):
    def __getattribute__(self, name: str):
        if name in {"remediations", "workloads", "nodes"}:
            raise ConnectionError("the store is not filled yet")
        return super().__getattribute__(name)


def test_guards_that_cannot_read_the_world_refuse():
    proposed = proposal(world=Unreadable.__new__(Unreadable))
    unavailable = {verdict.guard for verdict in check_all(proposed) if not verdict.allowed}
    assert unavailable == {"cooldown", "min-healthy"}


@pytest.mark.parametrize("unreadable", [None, "policy"])
def test_guards_that_cannot_read_the_policy_refuse(unreadable):
    broken = proposal()
    object.__setattr__(broken, "policy", unreadable)
    assert not any(verdict.allowed for verdict in check_all(broken))


def test_a_target_that_the_store_does_not_know_leaves_min_healthy_without_an_answer():
    refusal = first_refusal(check_all(proposal(world=store(deployment("back")))))
    assert refusal
    assert (refusal.guard, refusal.reason) == ("min-healthy", Reason.GUARD_UNAVAILABLE)
    assert "Deployment/front" in refusal.message


def test_a_lost_node_that_the_store_does_not_know_is_not_acted_on():
    refusal = first_refusal(check_all(proposal(target=node("node-1", ready=False), world=store(FRONT))))
    assert refusal
    assert refusal.reason is Reason.GUARD_UNAVAILABLE


def test_a_share_that_is_no_share_is_refused_not_guessed_at():
    under = policy(guardrails={"min_healthy": "many"})
    refusal = first_refusal(check_all(proposal(under=under)))
    assert refusal
    assert refusal.reason is Reason.GUARD_UNAVAILABLE
    assert "50%" in refusal.message
