"""Trajectories for the tests, and how a memory is filled with them."""

from itertools import count

import numpy as np

from planaria_policy.memory import Trajectory
from planaria_policy.spaces.choices import CATEGORIES, FIXED
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS

NUMBERS = count()
WIDTH = len(SIGHTS)


def trajectory(incident=None, *, decisions=3, nodes=4, seed=0, reward=0.0, facts=None, **more):
    draws = np.random.default_rng(seed)
    choices = {"category": len(CATEGORIES), **FIXED, "place": nodes + 1, "node": nodes}
    rows = np.stack([draws.integers(0, size, decisions) for size in choices.values()], axis=1)
    usual = {
        "fault": "overload",
        "recovered": True,
        "harmed": False,
        "policy_version": 1,
        "source": "simulator",
        "terminated": True,
    }
    return Trajectory(
        facts=first_facts(decisions, draws) if facts is None else np.tile(facts, (decisions, 1)),
        nodes=draws.uniform(-1, 1, (decisions, nodes, len(NODE_SIGHTS))).astype(np.float32),
        legal={part: draws.random((decisions, size)) < 0.5 for part, size in choices.items()},
        rows=rows,
        log_probability=draws.normal(size=decisions).astype(np.float32),
        value=draws.normal(size=decisions).astype(np.float32),
        reward=np.array([reward] + [0.0] * (decisions - 1), np.float32),
        incident=incident or f"incident-{next(NUMBERS)}",
        **{**usual, **more},
    )


def first_facts(decisions, draws):
    """Most are 0, as they are in a real incident."""
    values = draws.uniform(-1, 1, (decisions, WIDTH))
    return np.where(draws.random((decisions, WIDTH)) < 0.25, values, 0).astype(np.float32)


def incidents(memory):
    return [one.incident for one in memory.trajectories()]
