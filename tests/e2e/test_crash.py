"""Twenty SIGKILLs, at every station and at random moments, while faults are healed: nothing is lost, nothing done twice.

Judged by the API server's audit log. `python -m bench crash --kills 200` is the same with all kinds of fault.
"""

import asyncio
from pathlib import Path

import pytest

from bench import crash_report
from bench.crash import Course, measure
from planaria_cluster.progress import Progress
from tests.e2e.audited import audited_cluster

pytestmark = pytest.mark.cluster

KILLS = 20


def test_nothing_is_lost_and_nothing_is_done_twice(kubeconfig: Path, tmp_path: Path):
    course = Course(kills=KILLS, seed=7, quick=True, at_once=8, minutes=8)
    measured = asyncio.run(measure(audited_cluster(), course, tmp_path / "crash", Progress()))
    # One that dies elsewhere in the moment in which it was to die at a station has passed that; test_killed_anywhere.py is exact.
    goals = [each for each in crash_report.goals(measured, KILLS) if not each.name.startswith("stations")]
    assert [goal for goal in goals if not goal.met] == [], crash_report.complaints(measured)
