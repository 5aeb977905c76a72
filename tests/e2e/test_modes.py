"""Observe and Recommend change nothing, not even on trial, by the API server's audit log. `python -m bench modes` plays all faults."""

import asyncio
from pathlib import Path

import pytest

from bench.modes import MODES, goals, measure
from planaria_cluster.progress import Progress
from planaria_scenarios.catalogue import find
from tests.e2e.audited import audited_cluster

pytestmark = pytest.mark.cluster

FAULTS = ["missing-image-rollout", "hanging-replica", "dependency-scaled-to-zero"]
"""One that would be patched, one that would be evicted, one that would be scaled."""


def test_the_modes_that_only_look_change_nothing(kubeconfig: Path):
    rows, nodes = asyncio.run(measure(audited_cluster(), find(FAULTS), len(FAULTS) * len(MODES), Progress()))
    assert [goal for goal in goals(rows, nodes) if not goal.met] == [], rows
    assert {row.would for row in rows} == {"rollback", "restart", "scale"}
