"""SIGKILL after every station of the path; the next process finishes the incident with exactly one applied action.

One namespace for each station holds a Deployment whose newest revision has an image that does not exist. An operator of
its own dies there once, right after that station, and is started again. What is counted is what the API server counted:
the Deployment's generation (one more for one rollback), the attempts in the record, and the Remediations.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planaria_operator.reconcile.journal import Station
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, finished, policy
from tests.kubectl import Kubectl, condition, image_of

pytestmark = pytest.mark.cluster

DYING_OPERATOR = Path(__file__).with_name("dying_operator.py")
DEADLINE = 240
"""Seconds for one station: two starts of an operator on a busy machine, and one settle time."""
AT_ONCE = 5
"""Operators side by side; more would only wait for each other's processor."""


@dataclass(frozen=True)
class Ending:
    """What the API server says of one namespace when everything is over."""

    remediations: list[dict[str, Any]]
    generation_before: int
    generation_after: int
    image: str


@pytest.fixture(scope="module")
def endings(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Station, Ending]]:
    kubectl = Kubectl.of(kubeconfig)
    names = {station: f"kill-{station.value}-{int(time.time()) % 100000}" for station in Station}
    folder = tmp_path_factory.mktemp("kills")
    try:
        before = _break_everything(kubectl, names)
        asyncio.run(_die_everywhere(kubectl, kubeconfig, folder, names))
        yield {station: _ending(kubectl, name, before[name]) for station, name in names.items()}
    finally:
        kubectl("delete", "namespace", *names.values(), "--wait=false", "--ignore-not-found")


@pytest.mark.parametrize("station", list(Station))
def test_one_action_is_applied_although_the_operator_died_after(
    station: Station, endings: dict[Station, Ending]
) -> None:
    ending = endings[station]
    assert len(ending.remediations) == 1
    status = ending.remediations[0]["status"]
    assert [attempt["decision"]["action"] for attempt in status["attempts"]] == ["rollback"]
    assert ending.generation_after == ending.generation_before + 1
    assert ending.image == IMAGE
    assert condition(status, "Succeeded")["status"] == "True"


def test_a_reservation_is_counted_once_however_often_it_was_made(endings: dict[Station, Ending]) -> None:
    """The budget is read from the policy that owns each Remediation; the fixture keeps it in the ending."""
    for station, ending in endings.items():
        reservations = ending.remediations[0]["policyReservations"]
        assert len(reservations) == 1, station


# --- making the faults


def _break_everything(kubectl: Kubectl, names: dict[Station, str]) -> dict[str, int]:
    for name in names.values():
        kubectl("create", "namespace", name)
        kubectl.apply(name, policy(name))
        kubectl.apply(name, deployment(name))
    for name in names.values():
        kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    generations = {}
    for name in names.values():
        body = kubectl.apply(name, deployment(name, BAD))
        generations[name] = body["metadata"]["generation"]
    return generations


# --- running and dying


async def _die_everywhere(
    kubectl: Kubectl, kubeconfig: Path, folder: Path, names: dict[Station, str]
) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(station: Station, namespace: str) -> None:
        async with slots:
            own = folder / station.value
            own.mkdir()
            await _die_once_then_finish(kubectl, kubeconfig, own, station, namespace)

    await asyncio.gather(*(one(station, namespace) for station, namespace in names.items()))


async def _die_once_then_finish(
    kubectl: Kubectl, kubeconfig: Path, folder: Path, station: Station, namespace: str
) -> None:
    options = ["--kubeconfig", str(kubeconfig), "--namespace", namespace, "--listen", "127.0.0.1:0"]
    command = [sys.executable, str(DYING_OPERATOR), str(folder), *options]
    process = None
    try:
        async with asyncio.timeout(DEADLINE):
            process = await _start(command, folder)
            assert await process.wait() == -signal.SIGKILL, "it must really have died"
            assert (folder / namespace).read_text() == station.value, "at the station that is tested"
            process = await _start(command, folder)
            while not await asyncio.to_thread(finished, kubectl, namespace):
                assert process.returncode is None, "it must not die again"
                await asyncio.sleep(1)
    except (TimeoutError, AssertionError) as error:
        raise AssertionError(_story(kubectl, namespace, folder)) from error
    finally:
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()


async def _start(command: list[str], folder: Path) -> asyncio.subprocess.Process:
    with (folder / "operator.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)


def _ending(kubectl: Kubectl, namespace: str, generation_before: int) -> Ending:
    remediations = kubectl.items("remediations", namespace)
    policy = kubectl.json("get", "healingpolicy", "web", "-n", namespace)
    for body in remediations:
        body["policyReservations"] = policy["status"].get("reservations", [])
    deployment = kubectl.json("get", "deployment", "web", "-n", namespace)
    return Ending(remediations, generation_before, deployment["metadata"]["generation"], image_of(deployment))


def _story(kubectl: Kubectl, namespace: str, folder: Path) -> str:
    """What a person needs to see why it did not end."""
    statuses = [body.get("status", {}) for body in kubectl.items("remediations", namespace)]
    facts = [{"stage": each.get("stage"), "conditions": each.get("conditions")} for each in statuses]
    log = (folder / "operator.log").read_text(errors="replace")[-4000:]
    return f"{namespace}\n{json.dumps(facts, indent=1)}\n{log}"
