"""A real API server takes the Events, and shows them where people look."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from planaria_cluster import open_cluster
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.client import KubeClient
from planaria_operator.record.events import Recorder
from tests.kube.real import NOWHERE, deployment

pytestmark = pytest.mark.apiserver


async def test_repeats_become_one_series_that_describe_shows(
    real: KubeClient, kubeconfig: Path, namespace: str
):
    made = await real.create("Deployment", namespace, deployment("web", replicas=0, **NOWHERE))
    web = ObjectReference(kind="Deployment", namespace=namespace, name="web", uid=made["metadata"]["uid"])
    record = ObjectReference(kind="Remediation", namespace=namespace, name="r1", uid="r")
    recorder = Recorder(real, "planaria-test")
    task = asyncio.create_task(recorder.run())
    for _ in range(4):
        recorder.record(
            web, reason=Reason.STILL_UNHEALTHY, note="ü" * 3000, action="Verify", warning=True, related=record
        )
    recorder.record(web, reason=Reason.RECOVERED, note="ready again", action="Verify", related=record)
    await asyncio.wait_for(recorder.drain(), 20)
    task.cancel()
    events = {
        event["reason"]: event
        for event in await real.list("Event", namespace)
        if event.get("action") == "Verify"
    }
    assert set(events) == {"StillUnhealthy", "Recovered"}
    unhealthy = events["StillUnhealthy"]
    assert unhealthy["series"]["count"] == 4
    assert unhealthy["type"] == "Warning"
    assert unhealthy["related"]["name"] == "r1"
    assert len(unhealthy["note"].encode()) <= 1024
    assert "series" not in events["Recovered"]
    described = await asyncio.to_thread(describe, kubeconfig, namespace)
    assert "StillUnhealthy" in described
    assert "ready again" in described


def describe(kubeconfig: Path, namespace: str) -> str:
    command = [str(open_cluster().kubectl()), "--kubeconfig", str(kubeconfig), "-n", namespace]
    return subprocess.run(
        [*command, "describe", "deployment", "web"], check=True, capture_output=True, text=True
    ).stdout


async def test_an_event_about_a_node_is_taken(real: KubeClient):
    node = (await real.list("Node", limit=1))[0]["metadata"]
    recorder = Recorder(real, "planaria-test")
    task = asyncio.create_task(recorder.run())
    regarding = ObjectReference(kind="Node", name=node["name"], uid=node["uid"])
    recorder.record(regarding, reason=Reason.WAITING, note="a test looks at this node", action="Decide")
    await asyncio.wait_for(recorder.drain(), 20)
    task.cancel()
    found = [
        event["metadata"]["name"]
        for event in await real.list("Event", "default")
        if event.get("reportingInstance") == "planaria-test"
    ]
    assert len(found) == 1
    await real.delete("Event", "default", found[0])
