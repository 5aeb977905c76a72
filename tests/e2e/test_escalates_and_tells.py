"""On real pods: rung after rung in their time, then a person, who hears of it though the operator dies while telling."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from planaria_scenarios.subprocesses import free_port
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, policy
from tests.e2e.operator_process import operator
from tests.e2e.proxy import wait_until
from tests.kubectl import Kubectl, condition
from tests.notify.inbox import Inbox, served

pytestmark = pytest.mark.cluster

LADDER = [
    {"name": "gentle", "actions": ["restart"], "timeoutSeconds": 30},
    {"name": "drastic", "actions": ["rollback", "resize"], "timeoutSeconds": 30},
]
NOTIFY = [{"receiver": "oncall", "events": ["Escalated", "Resolved"]}]


def record(kubectl: Kubectl, namespace: str) -> dict[str, Any]:
    found = kubectl.items("remediations", namespace)
    return found[0] if found else {}


def told(inbox: Inbox) -> list[tuple[str, str]]:
    return [(json.loads(got.body)["event"], got.headers["Idempotency-Key"]) for got in inbox.got]


async def test_a_fault_without_a_cure_climbs_the_ladder_and_reaches_a_person(
    kubeconfig: Path, tmp_path: Path
) -> None:
    kubectl, namespace = Kubectl.of(kubeconfig), f"ladder-{secrets.token_hex(3)}"
    kubectl("create", "namespace", namespace)
    try:
        async with served() as inbox:
            await play(kubectl, kubeconfig, namespace, inbox, tmp_path)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


async def play(kubectl: Kubectl, kubeconfig: Path, namespace: str, inbox: Inbox, folder: Path) -> None:
    (folder / "oncall").mkdir()
    (folder / "oncall" / "url").write_text(inbox.url)
    (folder / "oncall" / "signing-key").write_text("key")
    wanted = policy(namespace)
    wanted["spec"]["escalation"] = {"ladder": LADDER, "notify": NOTIFY}
    kubectl.apply(namespace, wanted)
    kubectl.apply(namespace, deployment(namespace, BAD))
    options = ("--namespace", namespace, "--receiver", "oncall", "--receivers-dir", str(folder))
    inbox.open.clear()
    async with operator(kubeconfig, folder, free_port(), *options) as first:
        await wait_until(lambda: _after(inbox, 1), 180)
        first._process.kill()
        await first._process.wait()
    over = record(kubectl, namespace)["status"]
    assert over["stage"] == "Escalated"
    assert over["rung"]["name"] == "drastic"
    assert over["notifications"][0]["state"] == "Pending", "it died before it knew"
    left = [each["message"] for each in over["timeline"] if each["reason"] == "RungLeft"]
    assert len(left) == 1
    assert left[0].endswith("goes on to the rung drastic")
    assert {mask["reason"] for mask in over["decision"]["masks"]} >= {"NotOnThisRung"}
    inbox.open.set()
    async with operator(kubeconfig, folder, free_port(), *options) as second:
        await wait_until(lambda: _notified(kubectl, namespace), 60)
        ready = condition(kubectl.items("healingpolicies", namespace)[0]["status"], "ReceiversReady")
        assert (ready["status"], ready["reason"]) == ("True", "ReceiversKnown")
        kubectl("set", "image", "deployment/web", f"web={IMAGE}", "-n", namespace)
        await wait_until(lambda: _after(inbox, 3), 120)
        assert "Traceback" not in second.text()
        assert inbox.url not in second.text(), "an address is a secret"
    events = told(inbox)
    assert [event for event, _ in events] == ["Escalated", "Escalated", "Resolved"]
    assert events[0] == events[1], "the same message under the same key"
    assert all("X-Planaria-Signature" in got.headers for got in inbox.got)


async def _after(inbox: Inbox, count: int) -> bool:
    return len(inbox.got) >= count


async def _notified(kubectl: Kubectl, namespace: str) -> bool:
    conditions = record(kubectl, namespace)["status"]["conditions"]
    return any((each["type"], each["status"]) == ("Notified", "True") for each in conditions)
