"""What a candidate would have done at each recorded decision, and what it expected from there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from planaria_policy.evaluation.incidents import WAIT, Flags, Real, Rows, ended_while_waiting, padded
from planaria_policy.memory import Trajectory
from planaria_policy.serving.brain import Answers, Brain, log_probability
from planaria_policy.spaces.encode import Encoded
from planaria_policy.spaces.sights import ALLOWED

NEVER: Final = float("-inf")
LEAST: Final = 1e-30


@dataclass(frozen=True, eq=False)
class Opinion:
    """Of one incident's decisions [T], or of many incidents' [N, T]."""

    log_probability: Real
    """In nats, of what was done; minus infinity where the candidate would never do it."""
    value: Real
    """Minutes that it expects from there on, of itself."""

    @classmethod
    def of_all(cls, each: Sequence[Self]) -> Self:
        """Of at least one incident; 0 after the end of each."""
        return cls(padded([one.log_probability for one in each]), padded([one.value for one in each]))


@dataclass(frozen=True, eq=False)
class Candidate:
    """Served, a policy takes the likeliest action: that has probability 1 and everything else 0.

    `draws=True` stands for the policy that draws from its probabilities instead, as it does while it learns.
    """

    brain: Brain
    draws: bool = False

    @property
    def name(self) -> str:
        return f"{self.brain.model.id} {self.brain.model.version}"

    def judge(self, trajectories: Sequence[Trajectory]) -> list[Opinion]:
        """One for each, in order, after one run of the network. At least one trajectory."""
        seen = [each for one in trajectories for each in _seen(one)]
        answers = self.brain.answer(seen)
        rows = np.concatenate([one.rows for one in trajectories])
        logs = _drawing(answers, rows, seen) if self.draws else _likeliest(answers.rows, rows)
        ends = np.cumsum([len(one.rows) for one in trajectories])
        for one, end in zip(trajectories, ends, strict=True):
            if ended_while_waiting(one):
                logs[end - 1] = self._waits(answers, end - 1)
        values = answers.value.astype(np.float64)
        return [
            Opinion(*both)
            for both in zip(np.split(logs, ends[:-1]), np.split(values, ends[:-1]), strict=True)
        ]

    def _waits(self, answers: Answers, at: int) -> float:
        """Log-probability of a wait, however long."""
        if self.draws:
            return float(np.log(np.maximum(answers.category[at, WAIT], LEAST)))
        return 0.0 if answers.rows[at, 0] == WAIT else NEVER


def _drawing(answers: Answers, rows: Rows, seen: Sequence[Encoded]) -> Real:
    done = replace(answers, rows=rows)
    return np.array([log_probability(done, at, each) for at, each in enumerate(seen)])


def _likeliest(chosen: Rows, done: Rows) -> Real:
    """Choices that a category does not use are 0 in both."""
    return np.where((chosen == done).all(1), 0.0, NEVER)


def _seen(one: Trajectory) -> Iterator[Encoded]:
    for at, (facts, nodes) in enumerate(zip(one.facts, one.nodes, strict=True)):
        legal = {part: mask[at] for part, mask in one.legal.items()}
        legal["category"] = _offered(legal["category"], facts[-len(ALLOWED) :] > 0.5)
        yield Encoded(facts, nodes, legal, ())


def _offered(legal: Flags, told: Flags) -> Flags:
    """Joining makes legal whatever was done; the facts still know what the candidate would have been offered."""
    both = legal & told
    return both if both.any() else legal
