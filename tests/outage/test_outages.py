"""Something goes away in the midst of a remediation: one action each, nothing lost, and it is said. `make e2e-outage`.

On a cluster of its own (`outage`, or that of PLANARIA_CLUSTER), because what is taken away is taken from all that runs there.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.outage_cases import CASES, Case
from bench.outage_play import Outcome, play
from bench.outages import cluster
from bench.postgres import binary
from planaria_cluster import Provider

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.outage,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux"),
]


@pytest.fixture(scope="session")
def own() -> tuple[Provider, Path]:
    return cluster()


@pytest.fixture(scope="session", params=CASES, ids=lambda case: case.name)
def outcome(request: pytest.FixtureRequest, own: tuple[Provider, Path], tmp_path_factory) -> Outcome:
    case: Case = request.param
    if case.database and binary("postgres") is None:
        pytest.skip("no PostgreSQL on this machine")
    made, kubeconfig = own
    made.up()  # whatever a case before left away
    return asyncio.run(play(case, made, kubeconfig, tmp_path_factory.mktemp(case.name)))


def test_every_incident_ends_in_exactly_one_action(outcome: Outcome):
    assert [ending for ending in outcome.endings if not ending.exactly_once] == []


def test_somebody_says_what_is_away(outcome: Outcome):
    assert outcome.told


def test_it_is_well_again_without_a_person(outcome: Outcome):
    assert outcome.well_after is not None


def test_no_operator_ends_for_a_reason_of_its_own(outcome: Outcome):
    """3 is an operator that may not lead any more, and says so."""
    assert set(outcome.exits) <= {3}
    assert outcome.tracebacks == 0
