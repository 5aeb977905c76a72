"""Every fault healed and every control left alone, on the real cluster, by one operator with its own narrow role.

The scenarios run together, each in a namespace of its own; the one that stops a node runs last and alone. Each is a
test item that reads its own result. Selecting some of them (`-k lost-node`) plays only those.
"""

import asyncio
from pathlib import Path

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.api import Api, connect
from planaria_scenarios.catalogue import find, load_all
from planaria_scenarios.environment import prepare
from planaria_scenarios.errors import ApiError
from planaria_scenarios.progress import Deployed, Event
from planaria_scenarios.result import Result
from planaria_scenarios.session import Session, play
from tests.scenarios.chosen import chosen

pytestmark = pytest.mark.cluster

CATALOGUE = load_all()
FAULTS = [entry.name for entry in CATALOGUE if not entry.scenario.is_control]
CONTROLS = [entry.name for entry in CATALOGUE if entry.scenario.is_control]


@pytest.fixture(scope="session")
def stage(kubeconfig: Path) -> Path:
    prepare(open_cluster(), Progress())
    return kubeconfig


@pytest.fixture(scope="session")
def results(stage: Path, request, tmp_path_factory) -> dict[str, Result]:
    progress = Progress()
    session = Session(
        kubeconfig=stage,
        cluster=open_cluster(progress=progress),
        log=tmp_path_factory.mktemp("operator") / "operator.log",
        listener=lambda event: progress.say(show.line(event)),
    )
    found = asyncio.run(play(find(chosen(request, __name__)), session))
    return {result.name: result for result in found}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_healed_by_the_right_action_and_without_harm(name: str, results: dict[str, Result]):
    result = results[name]
    (expected,) = (entry.scenario.expected for entry in CATALOGUE if entry.name == name)
    assert expected is not None
    assert result.complaints == [], result.deeds
    assert result.recovered
    assert {action.action for action in result.actions} <= set(expected.actions)
    assert any(action.applied for action in result.actions)
    assert set(result.faults) <= {fault.value for fault in expected.faults}
    assert set(result.read_by) == {"encoder"}


@pytest.mark.parametrize("name", CONTROLS)
def test_control_is_left_alone(name: str, results: dict[str, Result]):
    result = results[name]
    assert result.actions == []
    assert result.complaints == [], result.deeds


async def test_interrupted_run_leaves_no_namespace_behind(stage: Path):
    made: list[str] = []
    deployed = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Deployed):
            made.append(event.namespace)
            deployed.set()

    session = Session(kubeconfig=stage, cluster=open_cluster(), operator="off", listener=listen)
    task = asyncio.create_task(play(find(["hostile-log"]), session))
    await asyncio.wait_for(deployed.wait(), 90)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with connect(stage) as api:
        assert await _is_going(api, made[0])


async def _is_going(api: Api, name: str) -> bool:
    try:
        body = await api.get("Namespace", "", name)
    except ApiError as error:
        return error.status == 404
    return "deletionTimestamp" in body["metadata"]
