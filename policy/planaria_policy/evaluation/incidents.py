"""Recorded incidents as arrays, and with what probability each decision was made by whoever made it.

**On a cluster nothing is drawn.** The service takes the likeliest action, the rules always do the same; so what was done
had probability 1, whatever softmax probability the record holds beside a decision of the network (V-trace needs that
one). Where a candidate would have done something else, such an incident has no support: nobody tried. In the simulator
actions are drawn while the policy learns, and the recorded log-probability is the one they were drawn with. It is that
given the noise of the latent; a ratio to the candidate's probability without noise is still unbiased, because the noise
was drawn before the action and whatever the action.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from planaria_contract import Action
from planaria_policy.memory import Trajectory
from planaria_policy.memory.trajectory import Source
from planaria_policy.spaces.choices import CATEGORIES, FIXED
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS

WAIT: Final = CATEGORIES.index(Action.NONE)
OTHER_SOURCE: Final = "other source"
OTHER_SPACE: Final = "other facts or choices"
NOT_BY_RULES: Final = "not by the rules alone"
"""Why an incident is left out."""
CHOICES: Final = {"category": len(CATEGORIES), **FIXED}

Real = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Incidents:
    """N incidents of at most T decisions; what is [N, T] holds 0 after an incident's end."""

    reward: Real
    """[N, T] minutes."""
    behaviour: Real
    """[N, T] log-probability, in nats, of what was done."""
    drawn: Flags
    """[N] what was done was drawn, so anything legal might have been."""
    cut_off: Flags
    """[N] it did not end; its return is what it had cost until then."""

    @classmethod
    def of(cls, accounts: Sequence["Account"]) -> Self:
        """At least one."""
        return cls(
            padded([each.reward for each in accounts]),
            padded([each.behaviour for each in accounts]),
            np.array([each.drawn for each in accounts]),
            np.array([each.cut_off for each in accounts]),
        )

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def returns(self) -> Real:
        """[N] minutes."""
        return self.reward.sum(1)


def drawn(one: Trajectory) -> bool:
    return one.source == "simulator"


def by_rules(one: Trajectory) -> bool:
    """The rules alone decided: they leave the log-probability 0, and a network does so only where it had no choice.

    Where nobody acted, the report does not say who waited or handed over; such an incident counts as the rules'.
    """
    return not drawn(one) and not one.log_probability.any()


def ended_while_waiting(one: Trajectory) -> bool:
    """Its last decision was a wait in which the fault passed.

    The record knows how long that wait lasted, not how long was meant, so any wait is the same there.
    """
    return not drawn(one) and one.recovered and int(one.rows[-1, 0]) == WAIT


def select(
    trajectories: Iterable[Trajectory], source: Source, tally: Counter[str], *, rules_only: bool = False
) -> Iterator[Trajectory]:
    """Those that count. `tally` is told of the others: from another source, of another space, not by the rules."""
    reasons: tuple[tuple[str, Callable[[Trajectory], bool]], ...] = (
        (OTHER_SOURCE, lambda one: one.source != source),
        (OTHER_SPACE, lambda one: not _of_this_space(one)),
        (NOT_BY_RULES, lambda one: rules_only and not by_rules(one)),
    )
    for one in trajectories:
        reason = next((name for name, applies in reasons if applies(one)), None)
        if reason is None:
            yield one
        else:
            tally[reason] += 1


def _of_this_space(one: Trajectory) -> bool:
    """Written by a Planaria that shows and offers what this one does."""
    return (
        one.facts.shape[1] == len(SIGHTS)
        and one.nodes.shape[2] == len(NODE_SIGHTS)
        and all(one.legal[part].shape[1] == size for part, size in CHOICES.items())
    )


@dataclass(frozen=True, eq=False)
class Account:
    """What is kept of one incident; the facts are let go of, because a memory holds fifty thousand."""

    reward: Real
    behaviour: Real
    drawn: bool
    cut_off: bool

    @classmethod
    def of(cls, one: Trajectory) -> Self:
        chance = one.log_probability if drawn(one) else np.zeros_like(one.log_probability)
        return cls(one.reward.astype(np.float64), chance.astype(np.float64), drawn(one), not one.terminated)


def padded(columns: Sequence[Real]) -> Real:
    """[N, the most decisions]; 0 after the end of each."""
    table = np.zeros((len(columns), max(len(each) for each in columns)))
    for row, each in zip(table, columns, strict=True):
        row[: len(each)] = each
    return table
