"""Observe and Recommend change nothing, not even on trial, by the API server's audit log. `python -m bench modes` plays all faults."""

import asyncio
from pathlib import Path

import pytest

from bench.modes import MODES, goals, measure
from planaria_cluster import UsageError, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios.catalogue import find
from planaria_scenarios.environment import prepare

pytestmark = pytest.mark.cluster

FAULTS = ["missing-image-rollout", "hanging-replica", "dependency-scaled-to-zero"]
"""One that would be patched, one that would be evicted, one that would be scaled."""


def test_the_modes_that_only_look_change_nothing(kubeconfig: Path):
    cluster = open_cluster()
    try:
        cluster.audit_log()
    except UsageError as error:
        pytest.skip(str(error))
    prepare(cluster, Progress())
    rows, nodes = asyncio.run(measure(cluster, find(FAULTS), len(FAULTS) * len(MODES), Progress()))
    assert [goal for goal in goals(rows, nodes) if not goal.met] == [], rows
    assert {row.would for row in rows} == {"rollback", "restart", "scale"}
