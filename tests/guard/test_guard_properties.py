"""Rounding and counting, for every number."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import Reservation
from planaria_operator.guard.budget import ActionBudget, ledger_time, memory_seconds, reserved
from planaria_operator.guard.population import required_healthy
from tests.builders import NOW, policy
from tests.guard.proposals import proposal, reservation, with_reservations

reservations = st.lists(
    st.builds(
        reservation,
        st.integers(-100, 10_000),
        by=st.sampled_from(["a", "b", "front-1"]),
        number=st.integers(1, 3),
    ),
    max_size=8,
)


@given(st.integers(0, 100), st.integers(0, 1000))
def test_a_share_is_the_smallest_count_that_is_not_less_than_it(percent: int, total: int):
    required = required_healthy(f"{percent}%", total)
    assert required * 100 >= percent * total
    assert required == 0 or (required - 1) * 100 < percent * total


@given(st.integers(0, 1000))
def test_all_of_them_and_none_of_them_mean_what_they_say(total: int):
    assert required_healthy("100%", total) == total
    assert required_healthy("0%", total) == 0


@given(st.integers(0, 100_000), st.integers(0, 1000))
def test_a_plain_number_does_not_depend_on_how_many_there_are(wanted: int, total: int):
    assert required_healthy(wanted, total) == wanted


def under(taken: list[Reservation]) -> HealingPolicy:
    rails = {"cooldown_seconds": 300, "budget": {"actions": 3, "window_seconds": 600}}
    return with_reservations(policy(guardrails=rails), *taken)


@given(reservations, st.integers(1, 3))
def test_reserving_twice_takes_one_action_at_the_later_time(taken: list[Reservation], number: int):
    own = reservation(0, by="front-1", number=number)
    later = own.model_copy(update={"time": NOW + timedelta(seconds=1)})
    once = reserved(under(taken).status, own, 600)
    twice = reserved(once, later, 600)
    assert [r for r in twice.reservations if (r.remediation, r.attempt) == ("front-1", number)] == [later]
    assert len(twice.reservations) <= len(once.reservations)


@given(reservations)
def test_nothing_that_still_counts_is_forgotten_and_nothing_old_is_kept(taken: list[Reservation]):
    kept = reserved(under(taken).status, reservation(0, by="new"), 600).reservations
    recent = [each for each in taken if (NOW - each.time).total_seconds() < 600]
    assert all(each in kept for each in recent)
    assert all((NOW - each.time).total_seconds() < 600 for each in kept)
    assert list(kept) == sorted(kept, key=lambda each: each.time)


@given(reservations)
def test_once_the_stated_wait_is_over_the_budget_has_room(taken: list[Reservation]):
    made = under(taken)
    verdict = ActionBudget().check(proposal(under=made))
    if verdict.allowed:
        return
    later = proposal(under=made)
    object.__setattr__(later, "now", NOW + timedelta(seconds=verdict.retry_after))
    assert ActionBudget().check(later).allowed


def test_the_brake_that_looks_back_furthest_decides_what_is_kept():
    rails = {"cooldown_seconds": 5000, "budget": {"actions": 3, "window_seconds": 60}}
    short = policy(guardrails={"target_budget": {"window_seconds": 60}})
    assert memory_seconds([short]) == 3600, "the operator's own budget looks back for an hour"
    assert memory_seconds([short, policy(guardrails=rails)]) == 5000


def test_what_is_reserved_never_goes_back_in_time_though_the_clock_may():
    made = with_reservations(policy(), reservation(-500))
    assert ledger_time([policy(), made], NOW) == NOW + timedelta(seconds=500)
    assert ledger_time([policy()], NOW) == NOW
