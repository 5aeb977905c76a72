"""A memory and a candidate in, a report out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final, Literal

from planaria_policy.errors import BadData
from planaria_policy.evaluation.candidate import Candidate, Opinion
from planaria_policy.evaluation.estimators import (
    Terms,
    bound,
    effective,
    terms,
    wdr,
    weight,
    wpdis,
)
from planaria_policy.evaluation.incidents import Account, Incidents, Real, select
from planaria_policy.evaluation.intervals import Estimator, Interval, intervals
from planaria_policy.evaluation.verdict import Gain, Judged, Verdict, verdict
from planaria_policy.memory import Trajectory
from planaria_policy.memory.trajectory import Source

NAMES: Final = {"recorded": "what was done", "rules": "the rules"}
AT_ONCE: Final = 128
"""Incidents that go through the network together."""
Against = Candidate | Literal["recorded", "rules"]


@dataclass(frozen=True)
class Report:
    source: Source
    incidents: int
    decisions: int
    left_out: dict[str, int]
    """Incidents of the memory that do not count, by why."""
    cut_off: float
    """Share of incidents that had not ended."""
    bound: float
    """The largest weight of an incident."""
    returns: Interval
    """What was recorded, minutes of an incident."""
    judged: tuple[Judged, ...]
    """The candidate; after it the other policy, where there is one."""
    against: str
    gain: Gain
    verdict: Verdict


def evaluate(
    trajectories: Iterable[Trajectory],
    candidate: Candidate,
    against: Against = "recorded",
    *,
    source: Source = "cluster",
) -> Report:
    """`against="rules"` goes by the incidents alone that the rules decided, and by what they returned.

    Raises BadData where no incident counts.
    """
    tally: Counter[str] = Counter()
    chosen = select(trajectories, source, tally, rules_only=against == "rules")
    players = [candidate, against] if isinstance(against, Candidate) else [candidate]
    incidents, opinions, decisions = _gathered(chosen, players)
    if incidents is None:
        raise BadData(_nothing(source, tally))
    largest = bound(len(incidents))
    given = [terms(incidents, each, largest) for each in opinions]
    found = intervals(len(incidents), _estimators(incidents, given))
    judged = tuple(_judged(player.name, at, given[at], found) for at, player in enumerate(players))
    gain = Gain(found["gain wpdis"], found["gain wdr"])
    other = NAMES[against] if isinstance(against, str) else against.name
    return Report(
        source=source,
        incidents=len(incidents),
        decisions=decisions,
        left_out=dict(tally),
        cut_off=float(incidents.cut_off.mean()),
        bound=largest,
        returns=found["recorded"],
        judged=judged,
        against=other,
        gain=gain,
        verdict=verdict(len(incidents), judged, gain, other),
    )


def _judged(name: str, at: int, given: Terms, found: dict[str, Interval]) -> Judged:
    return Judged(
        name=name,
        wpdis=found[f"{at} wpdis"],
        wdr=found[f"{at} wdr"],
        effective=effective(given.rho),
        weight=found[f"{at} weight"],
        cut=given.cut,
    )


def _gathered(
    chosen: Iterator[Trajectory], players: Sequence[Candidate]
) -> tuple[Incidents | None, list[Opinion], int]:
    """(incidents, what each player thinks of them, decisions); None where nothing was chosen."""
    accounts: list[Account] = []
    opinions: list[list[Opinion]] = [[] for _ in players]
    while some := list(islice(chosen, AT_ONCE)):
        accounts += map(Account.of, some)
        for player, said in zip(players, opinions, strict=True):
            said.extend(player.judge(some))
    if not accounts:
        return None, [], 0
    decisions = sum(len(each.reward) for each in accounts)
    return Incidents.of(accounts), [Opinion.of_all(said) for said in opinions], decisions


def _estimators(incidents: Incidents, given: Sequence[Terms]) -> dict[str, Estimator]:
    """Everything that gets an interval; a gain is over the second policy, or over what was recorded."""
    returns = partial(_mean, incidents.returns)
    found: dict[str, Estimator] = {"recorded": returns}
    found |= {f"{at} weight": partial(weight, one) for at, one in enumerate(given)}
    for name, estimate in (("wpdis", wpdis), ("wdr", wdr)):
        each: list[Estimator] = [partial(estimate, one) for one in given]
        found |= {f"{at} {name}": one for at, one in enumerate(each)}
        found[f"gain {name}"] = partial(_difference, each[0], each[1] if len(each) > 1 else returns)
    return found


def _mean(values: Real, counts: Real) -> Real:
    return counts @ values / counts.sum(1)


def _difference(one: Estimator, other: Estimator, counts: Real) -> Real:
    return one(counts) - other(counts)


def _nothing(source: Source, tally: Counter[str]) -> str:
    others = ", ".join(f"{count} {why}" for why, count in tally.items()) or "it is empty"
    return f"no recorded incident of the {source} counts ({others})"
