"""The order is documented, every verdict is recorded, and a guard that cannot answer refuses."""

import re
from pathlib import Path

import pytest

from planaria_operator.api.actions import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.chain import GUARDS, check_all
from planaria_operator.guard.verdict import Proposal, Verdict, first_refusal
from planaria_operator.objects.store import ClusterStore
from tests.builders import deployment, node, policy, store
from tests.guard.proposals import FRONT, proposal


def test_the_order_is_the_documented_one():
    assert [guard.name for guard in GUARDS] == [
        "protected-namespace",
        "opt-out",
        "mode",
        "pause",
        "breaker",
        "window",
        "node-action",
        "confidence",
        "repeat",
        "evidence",
        "hesitation",
        "storm",
        "cooldown",
        "target-budget",
        "budget",
        "namespace-budget",
        "total-budget",
        "concurrency",
        "min-healthy",
        "disruption-budget",
        "approval",
    ]


def test_the_page_lists_every_guard_in_the_order_in_which_it_is_asked():
    page = (Path(__file__).parents[2] / "docs" / "guards.md").read_text(encoding="utf-8")
    table = page.partition("### The guards, in their order")[2].partition("### ")[0]
    assert re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE) == [guard.name for guard in GUARDS]


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
        if name in {"remediations", "workloads", "nodes", "policies", "unwatched"}:
            raise ConnectionError("the store is not filled yet")
        return super().__getattribute__(name)


def test_guards_that_cannot_read_the_world_refuse():
    proposed = proposal(world=Unreadable.__new__(Unreadable))
    unavailable = {verdict.guard for verdict in check_all(proposed) if not verdict.allowed}
    assert unavailable == {
        *("opt-out", "breaker", "repeat", "cooldown", "concurrency", "min-healthy"),
        *("target-budget", "budget", "namespace-budget", "total-budget"),
    }


@pytest.mark.parametrize("unreadable", [None, "policy"])
def test_guards_that_cannot_read_the_policy_refuse(unreadable):
    broken = proposal()
    object.__setattr__(broken, "policy", unreadable)
    allowed = {verdict.guard for verdict in check_all(broken) if verdict.allowed}
    # Neither the weather, which comes with the proposal, nor whether the plan concerns a node or a pod stands in it.
    assert allowed == {"storm", "node-action", "disruption-budget"}


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
