"""The learned policy decides on the real cluster: every fault healed without harm, every control left alone.

The service is a real one, in a process of its own, on the shipped policy. Which action heals is its own to choose.
"""

import asyncio
import json
import urllib.request

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.catalogue import load_all
from planaria_scenarios.deciding import decided_by, operator_options, policy_service
from planaria_scenarios.environment import prepare
from planaria_scenarios.session import Session, play
from tests.scenarios.chosen import chosen

pytestmark = [pytest.mark.cluster, pytest.mark.learned]

CATALOGUE = load_all()
ENTRIES = {entry.name: entry for entry in CATALOGUE}


@pytest.fixture(scope="session")
def service():
    with policy_service() as address:
        yield address


@pytest.fixture(scope="session")
def results(kubeconfig, service, tmp_path_factory, request):
    names = chosen(request, __name__)
    prepare(open_cluster(), Progress())
    progress = Progress()
    session = Session(
        kubeconfig=kubeconfig,
        cluster=open_cluster(progress=progress),
        options=operator_options(service),
        log=tmp_path_factory.mktemp("learned") / "operator.log",
        listener=lambda event: progress.say(show.line(event)),
    )
    found = asyncio.run(play([decided_by(ENTRIES[name], "policy") for name in names], session))
    return {result.name: result for result in found}


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE if not entry.scenario.is_control])
def test_the_policy_heals_it_without_harm(name, results):
    result = results[name]
    assert result.error == ""
    assert result.harm == []
    assert result.recovered, [(action.action, action.target, action.outcome) for action in result.actions]


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE if entry.scenario.is_control])
def test_the_policy_leaves_it_alone(name, results):
    assert results[name].actions == []
    assert results[name].complaints == []


def test_the_policy_was_really_asked(results, service):
    with urllib.request.urlopen(f"{service}/metrics", timeout=5) as answer:
        told = answer.read().decode()
    count = sum(
        float(line.split()[-1])
        for line in told.splitlines()
        if line.startswith("planaria_policy_decisions_total{")
    )
    faults = [result for result in results.values() if result.kind == "fault"]
    assert count >= len(faults)
    print(
        json.dumps(
            {
                r.name: [(a.action, a.outcome) for a in r.actions] + [r.recovered_after]
                for r in results.values()
            }
        )
    )
