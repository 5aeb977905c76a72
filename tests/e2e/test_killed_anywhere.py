"""SIGKILL after every station of the path; the next process finishes the incident with exactly one applied action.

One namespace for each station holds a Deployment whose newest revision has an image that does not exist. The operator
dies once in each, right after that station, and is started again. What is counted is what the API server counted: the
Deployment's generation (one more for one rollback), the attempts in the record, and the Remediations.
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
from tests.kubectl import Kubectl

pytestmark = pytest.mark.cluster

DYING_OPERATOR = Path(__file__).with_name("dying_operator.py")
DEADLINE = 420
"""Seconds for all of it; thirteen starts of an operator and one settle time are well under half of that."""


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
        asyncio.run(_run_until_all_finished(kubectl, kubeconfig, folder, list(names.values())))
        died = {path.name for path in (folder / "markers").iterdir()}
        assert died == {station.value for station in Station}, "every kill must really have happened"
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
    assert ending.image == "planaria.local/busybox:1"
    succeeded = next(condition for condition in status["conditions"] if condition["type"] == "Succeeded")
    assert succeeded["status"] == "True"


def test_a_reservation_is_counted_once_however_often_it_was_made(endings: dict[Station, Ending]) -> None:
    """The budget is read from the policy that owns each Remediation; the fixture keeps it in the ending."""
    for station, ending in endings.items():
        reservations = ending.remediations[0]["policyReservations"]
        assert len(reservations) == 1, station


# --- making the faults


def _break_everything(kubectl: Kubectl, names: dict[Station, str]) -> dict[str, int]:
    for name in names.values():
        kubectl("create", "namespace", name)
        kubectl.apply(name, _policy(name))
        kubectl.apply(name, _deployment(name, "planaria.local/busybox:1"))
    for name in names.values():
        kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    generations = {}
    for name in names.values():
        body = kubectl.apply(name, _deployment(name, "planaria.local/no-such-image:1"))
        generations[name] = body["metadata"]["generation"]
    return generations


def _deployment(namespace: str, image: str) -> dict[str, Any]:
    labels = {"app": "web"}
    container = {
        "name": "web",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/busybox", "sleep", "3600"],
        "resources": {"limits": {"cpu": "20m", "memory": "16Mi"}},
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def _policy(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "mode": "Enforce",
            "triggers": {"waitingForSeconds": 0},
            "verification": {"stableForSeconds": 3, "timeoutSeconds": 90},
        },
    }


# --- running and dying


async def _run_until_all_finished(
    kubectl: Kubectl, kubeconfig: Path, folder: Path, namespaces: list[str]
) -> None:
    markers = folder / "markers"
    markers.mkdir()
    command = [sys.executable, str(DYING_OPERATOR), str(kubeconfig), str(markers), *namespaces]
    deadline = time.monotonic() + DEADLINE
    process = None
    try:
        while not _all_finished(kubectl, namespaces):
            assert time.monotonic() < deadline, _story(kubectl, namespaces, folder)
            if process is None or process.returncode is not None:
                if process is not None:
                    assert process.returncode == -signal.SIGKILL, _story(kubectl, namespaces, folder)
                log = (folder / "operator.log").open("ab")
                process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
                log.close()
            await asyncio.sleep(1)
        while len(list(markers.iterdir())) < len(Station) and time.monotonic() < deadline:
            await asyncio.sleep(1)
    finally:
        if process is not None and process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


def _all_finished(kubectl: Kubectl, namespaces: list[str]) -> bool:
    remediations = kubectl.items("remediations")
    stages = {body["metadata"]["namespace"]: body.get("status", {}).get("stage") for body in remediations}
    return all(stages.get(namespace) == "Finished" for namespace in namespaces)


def _ending(kubectl: Kubectl, namespace: str, generation_before: int) -> Ending:
    remediations = kubectl.items("remediations", namespace)
    policy = kubectl.json("get", "healingpolicy", "web", "-n", namespace)
    for body in remediations:
        body["policyReservations"] = policy["status"].get("reservations", [])
    deployment = kubectl.json("get", "deployment", "web", "-n", namespace)
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return Ending(
        remediations, generation_before, deployment["metadata"]["generation"], containers[0]["image"]
    )


def _story(kubectl: Kubectl, namespaces: list[str], folder: Path) -> str:
    """What a person needs to see why it did not end."""
    statuses = {
        body["metadata"]["namespace"]: {
            "stage": body.get("status", {}).get("stage"),
            "conditions": [
                (c["type"], c["status"], c["reason"], c["message"])
                for c in body.get("status", {}).get("conditions", [])
            ],
        }
        for body in kubectl.items("remediations")
        if body["metadata"]["namespace"] in namespaces
    }
    log = (folder / "operator.log").read_text(errors="replace")[-4000:]
    return f"{json.dumps(statuses, indent=1)}\n{log}"
