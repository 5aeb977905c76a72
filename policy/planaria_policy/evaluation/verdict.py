"""One line for a person, and a reason code for a program: what the incidents say, or why they cannot say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from planaria_policy.evaluation.intervals import CONFIDENCE, Interval

LEAST: Final = 50
"""Incidents, and equally weighted ones (`Judged.effective`). With fewer the percentiles of a bootstrap say little, and a
mean weight of 0.8 could not be told from 1."""
MOST_MISSING: Final = 0.05
"""Share of what a policy would do that the incidents need not show. More of it can turn any verdict, so it must at least
be possible that the rest is chance: an interval of the mean weight that reaches 1."""
NOTHING: Final = 1e-3
"""Minutes. What rounding of log-probabilities can make of no difference at all."""


class Reason(StrEnum):
    BETTER = "Better"
    WORSE = "Worse"
    NO_CLEAR_DIFFERENCE = "NoClearDifference"
    TOO_FEW_INCIDENTS = "TooFewIncidents"
    SUPPORT_MISSING = "SupportMissing"
    TOO_FEW_EFFECTIVE = "TooFewEffective"
    ESTIMATES_DISAGREE = "EstimatesDisagree"


@dataclass(frozen=True)
class Judged:
    """One policy that did not act in the incidents."""

    name: str
    wpdis: Interval
    """Return of an incident, minutes."""
    wdr: Interval
    effective: float
    """Effective sample size, in incidents."""
    weight: Interval
    """Mean weight of an incident; 1 where everything that it would do was tried."""
    cut: float
    """Share of incidents whose weight met the bound: 0 to 1."""

    @property
    def missing(self) -> float:
        """Share of what it would do that the incidents do not show: 0 to 1."""
        return max(0.0, 1 - self.weight.value)


@dataclass(frozen=True)
class Gain:
    """The candidate's return minus the other's, minutes of an incident; each taken within one resample."""

    wpdis: Interval
    wdr: Interval


@dataclass(frozen=True)
class Verdict:
    reason: Reason
    enough: bool
    """False: not enough to tell."""
    text: str


def verdict(incidents: int, judged: Sequence[Judged], gain: Gain, against: str) -> Verdict:
    """The first doubt that applies to any of the policies; without one, what the doubly robust estimate says."""
    for one in judged:
        doubt = _doubt(incidents, one)
        if doubt:
            return Verdict(doubt[0], False, f"not enough to tell: {doubt[1]}")
    reason = _reason(gain.wdr)
    return Verdict(reason, True, f"{SAID[reason]} {against}: {_told(gain.wdr)}")


def _doubt(incidents: int, one: Judged) -> tuple[Reason, str] | None:
    if incidents < LEAST:
        return Reason.TOO_FEW_INCIDENTS, f"{incidents} incidents, and {LEAST} are the least"
    if one.missing > MOST_MISSING and one.weight.high < 1:
        said = f"{one.missing:.1%} of what {one.name} would do was never seen in these incidents"
        return Reason.SUPPORT_MISSING, f"{said}; {MOST_MISSING:.0%} is the most"
    if one.effective < LEAST:
        said = f"those that went as {one.name} would have gone count as {one.effective:.1f} of {incidents} incidents"
        return Reason.TOO_FEW_EFFECTIVE, f"{said}; {LEAST} is the least"
    if not _overlap(one.wpdis, one.wdr):
        return Reason.ESTIMATES_DISAGREE, f"the two estimates of {one.name} contradict each other"
    return None


def _overlap(one: Interval, other: Interval) -> bool:
    return one.low <= other.high and other.low <= one.high


def _reason(gain: Interval) -> Reason:
    if gain.low > NOTHING:
        return Reason.BETTER
    return Reason.WORSE if gain.high < -NOTHING else Reason.NO_CLEAR_DIFFERENCE


SAID: Final = {
    Reason.BETTER: "better than",
    Reason.WORSE: "worse than",
    Reason.NO_CLEAR_DIFFERENCE: "no clear difference from",
}


def _told(gain: Interval) -> str:
    return f"{gain.value:+.2f} min an incident, {CONFIDENCE:.0%} from {gain.low:+.2f} to {gain.high:+.2f}"


def passes(found: Verdict, gain: Gain, tolerance: float) -> bool:
    """The gate: enough to tell, and even the lower end loses at most `tolerance` minutes an incident."""
    return found.enough and gain.wdr.low >= -tolerance - NOTHING
