"""The trajectory memory of equations 9 and 10: what was done in past incidents, and what came of it.

A file of SQLite by default, PostgreSQL where a URL is given. Neither torch nor Kubernetes is needed.

    with Memory.open("planaria-memory.db") as memory:
        memory.add(trajectories)
        batch = memory.sample(128, numpy.random.default_rng(0), beta=0.4)
        memory.reprioritise(batch.ids, td_errors)
"""

from planaria_policy.memory.blob import decode, encode
from planaria_policy.memory.memory import Memory
from planaria_policy.memory.results import Neighbour, Sample, Stats
from planaria_policy.memory.rules import Rules
from planaria_policy.memory.trajectory import Trajectory

__all__ = ["Memory", "Neighbour", "Rules", "Sample", "Stats", "Trajectory", "decode", "encode"]
