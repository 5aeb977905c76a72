"""For any sequence of faults, clock moves, kills and restarts: what the brakes promise is kept."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from planaria_operator.api.remediation import Stage
from planaria_operator.guard.population import required_healthy
from planaria_operator.reconcile.journal import Station
from planaria_operator.settings import Settings
from tests.guard.town import Intent, Town

SIZE = 6
KILLED_AT = (Station.GUARD, Station.RESERVE, Station.INTENT, Station.ACT, Station.UNDERSTOOD)
UNDER_WAY = {Stage.ACTING, Stage.VERIFYING, Stage.REVERTING}

GENEROUS: dict[str, Any] = {
    "budget": {"actions": 500},
    "target_budget": {"actions": 500},
    "namespace_budget": {"actions": 500},
    "cooldown_seconds": 0,
    "max_concurrent": 50,
    "min_healthy": 0,
    "hesitation_seconds": 0,
    "repeat_window_seconds": 0,
    "breaker": {"failures": 100},
    "storm": {"incidents": 100},
}
budget = st.fixed_dictionaries(
    {"actions": st.integers(0, 3), "window_seconds": st.sampled_from([60, 300, 1200])}
)
tight: dict[str, st.SearchStrategy[Any]] = {
    "budget": budget,
    "target_budget": budget,
    "namespace_budget": budget,
    "cooldown_seconds": st.sampled_from([30, 70, 200]),
    "max_concurrent": st.integers(1, 2),
    "min_healthy": st.sampled_from([1, 2, "34%", "50%", "100%"]),
    "storm": st.just({"incidents": 3, "cooldown_seconds": 60}),
}
# Were all tight at once, the tightest would hide what the others let through.
rails = st.sampled_from(sorted(tight)).flatmap(
    lambda name: tight[name].map(lambda value: {**GENEROUS, name: value})
)
step = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([0, 1, 5, 61, 400])),
    st.tuples(st.just("pass"), st.sampled_from([1, 5, 11])),
    st.tuples(st.just("clock"), st.sampled_from([-3600, -400, -30, 30, 7200])),
    st.tuples(st.just("toggle"), st.integers(0, SIZE - 1)),
    st.tuples(st.just("toggle"), st.integers(0, SIZE - 1)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, len(KILLED_AT) - 1)),
)
operators = st.one_of(
    st.just(Settings(max_actions_per_hour=1000, max_acting=100)),
    st.builds(Settings, max_actions_per_hour=st.integers(1, 8)),
    st.builds(Settings, max_actions_per_hour=st.just(1000), max_acting=st.integers(1, 3)),
)


@given(st.tuples(rails, rails), operators, st.lists(step, min_size=15, max_size=40))
@settings(max_examples=250)
def test_no_brake_is_ever_overrun(
    two: tuple[dict[str, Any], dict[str, Any]], operator: Settings, steps: list[Any]
):
    town = Town(SIZE, two, operator)
    for name in town.names[:4]:
        town.toggle(name)
    asyncio.run(_play(town, steps))


async def _play(town: Town, steps: Iterable[tuple[str, int]]) -> None:
    do: dict[str, Callable[[int], None]] = {
        "clock": lambda by: setattr(town, "now", town.now + timedelta(seconds=by)),
        "toggle": lambda number: town.toggle(town.names[number]),
        "restart": lambda _: town.restart(),
        "kill": lambda number: setattr(town, "kill_at", KILLED_AT[number]),
    }
    for what, amount in steps:
        before = len(town.intents)
        if what == "pass":
            for _ in range(3):  # understood, decided, sent
                await town.tick(amount / 3)
                _judge(town, town.intents[before:])
                before = len(town.intents)
        else:
            do[what](amount)


def _judge(town: Town, new: list[Intent]) -> None:
    _no_action_twice(town)
    if not new:
        return
    _within_budgets(town)
    _outside_cooldown(town)
    _not_too_many_at_once(town)
    _enough_are_healthy(town, new)


def _no_action_twice(town: Town) -> None:
    keys = [(each.remediation, each.attempt) for each in town.intents]
    assert len(keys) == len(set(keys))


def _times(town: Town, which: Callable[[Intent], bool] = lambda _: True) -> list[datetime]:
    """When each was begun, by a clock that never goes back: where it was set back, time stands still meanwhile."""
    latest, found = town.intents[0].at, []
    for each in town.intents:
        latest = max(latest, each.at)
        if which(each):
            found.append(latest)
    return found


def _most_within(times: list[datetime], seconds: int) -> int:
    span = timedelta(seconds=seconds)
    return max((sum(end - span < time <= end for time in times) for end in times), default=0)


def _within_budgets(town: Town) -> None:
    assert _most_within(_times(town), 3600) <= town.settings.max_actions_per_hour
    for policy in town.store.policies.values():
        limits = policy.spec.guardrails
        own = _times(town, lambda each, name=policy.name: each.policy == name)  # type: ignore[misc]
        assert _most_within(own, limits.budget.window_seconds) <= limits.budget.actions
        for target in {each.target for each in town.intents if each.policy == policy.name}:
            times = _times(town, lambda each, name=target: each.target == name)  # type: ignore[misc]
            assert _most_within(times, limits.target_budget.window_seconds) <= limits.target_budget.actions
    # The budget of a namespace is asked by who acts: the last action was within its own policy's.
    last = town.store.policies["shop", town.intents[-1].policy].spec.guardrails.namespace_budget
    end, span = _times(town)[-1], timedelta(seconds=last.window_seconds)
    assert sum(end - span < time for time in _times(town)) <= last.actions


def _outside_cooldown(town: Town) -> None:
    last: dict[str, tuple[datetime, str]] = {}
    for each, time in zip(town.intents, _times(town), strict=True):
        cooldown = town.store.policies["shop", each.policy].spec.guardrails.cooldown_seconds
        before = last.get(each.target)
        if before and before[1] != each.remediation:
            assert (time - before[0]).total_seconds() >= cooldown
        last[each.target] = (time, each.remediation)


def _not_too_many_at_once(town: Town) -> None:
    busy = [each for each in town.records if each.status.stage in UNDER_WAY]
    assert len(busy) <= town.settings.max_acting
    for policy in town.store.policies.values():
        ours = [each for each in busy if each.spec.policy == policy.name]
        assert len(ours) <= policy.spec.guardrails.max_concurrent


def _enough_are_healthy(town: Town, new: list[Intent]) -> None:
    """Nothing heals within a pass, so what holds after it held when the action was begun."""
    open_for = {each.spec.target.name for each in town.records if not each.status.finished}
    for each in new:
        others = [
            name
            for name in town.names
            if town.group(name) == each.policy and each.target != f"Deployment/{name}"
        ]
        healthy = [name for name in others if name not in town.broken_since and name not in open_for]
        wanted = town.store.policies["shop", each.policy].spec.guardrails.min_healthy
        assert len(healthy) >= required_healthy(wanted, len(others))


def test_the_play_does_act():
    """The properties above say nothing of an operator that never acts."""
    town = Town(SIZE, ({"min_healthy": 0}, {"min_healthy": 0}), Settings())
    steps = [
        ("toggle", 0),
        ("toggle", 1),
        ("kill", 1),
        ("pass", 5),
        ("pass", 5),
        ("clock", -400),
        ("pass", 5),
    ]
    asyncio.run(_play(town, steps))
    assert {each.target for each in town.intents} == {"Deployment/w0", "Deployment/w1"}


def test_the_play_reaches_the_cooldown():
    """A target that heals and breaks again is acted on as soon as its cooldown allows, and not a pass sooner."""
    rails = {**GENEROUS, "cooldown_seconds": 200}
    town = Town(SIZE, (rails, rails), Settings())
    flap = [("toggle", 0), ("pass", 3), ("pass", 3), ("toggle", 0), ("pass", 15), ("pass", 15)]
    asyncio.run(_play(town, [*flap, *flap, *flap, ("toggle", 0), *[("pass", 9)] * 40]))
    assert len({each.remediation for each in town.intents}) > 1
    first, second = (each.at for each in town.intents[:2])
    assert 200 <= (second - first).total_seconds() < 300
