"""A small world whose truth is known: estimates are right on average, and intervals hold the truth about as often as they say."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from planaria_policy.evaluation.candidate import Opinion
from planaria_policy.evaluation.estimators import Terms, bound, terms, wdr, wpdis
from planaria_policy.evaluation.incidents import Incidents
from planaria_policy.evaluation.intervals import intervals

STATES, ACTIONS, LONGEST = 3, 2, 4
COUNT, SEEDS = 250, 250

DRAWS = np.random.default_rng(5)
REWARD = -DRAWS.uniform(0, 3, (STATES, ACTIONS))
ENDS = DRAWS.uniform(0.2, 0.6, (STATES, ACTIONS))
"""Chance that an incident is over after an action."""
GOES = DRAWS.dirichlet(np.ones(STATES), (STATES, ACTIONS))
BEHAVIOUR = np.array([[0.6, 0.4], [0.3, 0.7], [0.5, 0.5]])
CANDIDATE = np.array([[0.2, 0.8], [0.6, 0.4], [0.9, 0.1]])


@cache
def truth():
    """(q [T, S, A], v [T, S]) of the candidate, backwards from the last decision."""
    q, v = np.zeros((LONGEST, STATES, ACTIONS)), np.zeros((LONGEST + 1, STATES))
    for step in reversed(range(LONGEST)):
        q[step] = REWARD + (1 - ENDS) * (GOES @ v[step + 1])
        v[step] = (CANDIDATE * q[step]).sum(1)
    return q, v[:-1]


def played(seed, count=COUNT, policy=BEHAVIOUR):
    """Incidents that begin in state 0, and what a model that knows the truth says of them."""
    draws = np.random.default_rng(seed)
    q, v = truth()
    columns = {name: np.zeros((count, LONGEST)) for name in ("reward", "behaviour", "candidate", "q", "v")}
    state, going = np.zeros(count, int), np.ones(count, bool)
    for step in range(LONGEST):
        action = (draws.random(count) > policy[state, 0]).astype(int)
        told = {"reward": REWARD[state, action] + draws.normal(0, 0.5, count), "q": q[step, state, action],
                "v": v[step, state], "behaviour": np.log(policy[state, action]),
                "candidate": np.log(CANDIDATE[state, action])}  # fmt: skip
        for name, column in told.items():
            columns[name][:, step] = column * going
        going &= draws.random(count) > ENDS[state, action]
        state = (draws.random(count)[:, None] > GOES[state, action].cumsum(1)).sum(1).clip(max=STATES - 1)
    return SimpleNamespace(**columns)


def estimators(one):
    incidents = Incidents(one.reward, one.behaviour, np.ones(COUNT, bool), np.zeros(COUNT, bool))
    rho = terms(incidents, Opinion(one.candidate, one.v), bound(COUNT)).rho
    knowing = Terms(rho, one.reward, one.q, one.v)
    mistaken = Terms(rho, one.reward, one.v / 2, one.v / 2)  # q = v, as the value head says it, and wrong
    return {
        "wpdis": lambda counts: wpdis(knowing, counts),
        "wdr": lambda counts: wdr(knowing, counts),
        "wdr, mistaken": lambda counts: wdr(mistaken, counts),
    }


@cache
def found():
    return [intervals(COUNT, estimators(played(seed)), resamples=300) for seed in range(SEEDS)]


def column(name, what):
    return np.array([getattr(each[name], what) for each in found()])


def test_the_truth_is_what_playing_the_candidate_returns():
    mean = played(1, 200_000, CANDIDATE).reward.sum(1).mean()
    assert abs(mean - truth()[1][0, 0]) < 0.02


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    right = truth()[1][0, 0]
    for name in found()[0]:
        held = ((column(name, "low") <= right) & (right <= column(name, "high"))).mean()
        assert 0.90 <= held <= 0.99, (name, held)


def test_estimates_are_right_on_average_even_with_a_mistaken_model():
    right = truth()[1][0, 0]
    for name in found()[0]:
        values = column(name, "value")
        assert abs(values.mean() - right) < 4 * values.std() / SEEDS**0.5, name


def test_a_good_model_makes_intervals_narrower():
    wide = {name: (column(name, "high") - column(name, "low")).mean() for name in found()[0]}
    assert wide["wdr"] < 0.9 * wide["wpdis"]


def test_the_same_incidents_give_the_same_intervals():
    assert intervals(COUNT, estimators(played(3)), resamples=50) == intervals(
        COUNT, estimators(played(3)), resamples=50
    )
