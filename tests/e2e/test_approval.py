"""Mode Approve on a real cluster: nothing happens before somebody says yes, and then exactly what they said yes to.

Two Deployments with a bad image are healed by one operator. What is counted is the Deployment's generation.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from planaria_kubectl.main import main
from planaria_scenarios.subprocesses import free_port
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, policy
from tests.e2e.operator_process import operator
from tests.e2e.proxy import wait_until
from tests.kubectl import Kubectl, condition, image_of

pytestmark = pytest.mark.cluster

WORSE = "planaria.local/no-such-image:2"
PATIENCE = 90


class Shop:
    """A namespace with a workload that breaks under mode Approve."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self.kubectl, self.namespace = kubectl, namespace

    def prepare(self) -> None:
        self.kubectl("create", "namespace", self.namespace)
        body = policy(self.namespace)
        body["spec"] |= {"mode": "Approve", "verification": {"stableForSeconds": 8, "timeoutSeconds": 90}}
        self.kubectl.apply(self.namespace, body)
        self.kubectl.apply(self.namespace, deployment(self.namespace))
        self.kubectl("rollout", "status", "deployment/web", "-n", self.namespace, "--timeout=60s")

    def roll_out(self, image: str) -> int:
        """The generation that this makes."""
        body = self.kubectl.apply(self.namespace, deployment(self.namespace, image))
        return int(body["metadata"]["generation"])

    @property
    def workload(self) -> Any:
        return self.kubectl.json("get", "deployment", "web", "-n", self.namespace)

    @property
    def generation(self) -> int:
        return int(self.workload["metadata"]["generation"])

    @property
    def image(self) -> str:
        return image_of(self.workload)

    @property
    def record(self) -> Any:
        (found,) = self.kubectl.items("remediations", self.namespace)
        return found

    async def until(self, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The record's status once it is so."""

        async def so() -> bool:
            found = await asyncio.to_thread(self.kubectl.items, "remediations", self.namespace)
            return len(found) == 1 and what(found[0].get("status", {}))

        await wait_until(so, PATIENCE)
        status: dict[str, Any] = self.record["status"]
        return status

    async def plugin(self, *words: str) -> None:
        name = self.record["metadata"]["name"]
        config = str(self.kubectl.kubeconfig)
        given = [words[0], name, *words[1:], "-n", self.namespace, "-o", "json", "--kubeconfig", config]
        assert await asyncio.to_thread(main, given) == 0


def awaits(status: dict[str, Any]) -> bool:
    return status.get("stage") == "Awaiting"


def finished(status: dict[str, Any]) -> bool:
    return status.get("stage") == "Finished"


def said(status: dict[str, Any], kind: str) -> tuple[str, str]:
    found = condition(status, kind)
    return found["status"], found["reason"]


@pytest.fixture
async def shops(kubeconfig: Path, tmp_path: Path) -> AsyncIterator[tuple[Shop, Shop]]:
    kubectl = Kubectl.of(kubeconfig)
    stamp = int(time.time()) % 100000
    one, two = Shop(kubectl, f"approve-one-{stamp}"), Shop(kubectl, f"approve-two-{stamp}")
    names = (one.namespace, two.namespace)
    try:
        for shop in (one, two):
            shop.prepare()
        watched = [word for name in names for word in ("--namespace", name)]
        async with operator(kubeconfig, tmp_path, free_port(), *watched):
            yield one, two
    finally:
        kubectl("delete", "namespace", *names, "--wait=false", "--ignore-not-found")


async def test_nothing_is_done_before_it_is_approved_and_then_exactly_that(
    shops: tuple[Shop, Shop],
) -> None:
    one, two = shops
    await asyncio.gather(_approved_as_it_is(one), _overtaken(two))


async def _approved_as_it_is(shop: Shop) -> None:
    before = shop.roll_out(BAD)
    waiting = await shop.until(awaits)
    assert (shop.generation, shop.image) == (before, BAD)
    assert waiting.get("attempts", []) == []
    assert said(waiting, "Approved") == ("Unknown", "AwaitingApproval")
    (patch,) = waiting["proposal"]["plan"]["operations"]
    replaced = [step for step in json.loads(patch["body"]) if step["op"] == "replace"]
    assert replaced[0]["value"]["spec"]["containers"][0]["image"] == IMAGE, "the patch itself"
    assert "Awaiting" in shop.kubectl("get", "rem", "-n", shop.namespace)

    await shop.plugin("approve", "--yes", "--reason", "OPS-17", "--wait", "30s")
    done = await shop.until(finished)
    assert (shop.generation, shop.image) == (before + 1, IMAGE)
    assert said(done, "Succeeded") == ("True", "Recovered")
    assert said(done, "Approved") == ("True", "Approved")
    (attempt,) = done["attempts"]
    assert attempt["plan"] == waiting["proposal"]["plan"], "byte for byte what was approved"
    (answer,) = done["answers"]
    (approval,) = shop.kubectl.items("approvals", shop.namespace)
    assert (answer["uid"], answer["outcome"]) == (approval["metadata"]["uid"], "Counted")
    assert approval["metadata"]["ownerReferences"][0]["uid"] == shop.record["metadata"]["uid"]


async def _overtaken(shop: Shop) -> None:
    shop.roll_out(BAD)
    old = (await shop.until(awaits))["proposal"]["digest"]
    before = shop.roll_out(WORSE)
    await shop.plugin("approve", "--yes", "--digest", old)

    def asks_anew(status: dict[str, Any]) -> bool:
        return awaits(status) and status["proposal"]["digest"] != old

    again = await shop.until(asks_anew)
    assert (shop.generation, shop.image) == (before, WORSE), "what was approved is not what would be done"
    assert "ApprovalVoid" in [line["reason"] for line in again["timeline"]]
    await shop.plugin("approve", "--yes")
    done = await shop.until(finished)
    assert (shop.generation, shop.image) == (before + 1, IMAGE)
    assert said(done, "Succeeded") == ("True", "Recovered")
    assert [answer["outcome"] for answer in done["answers"]] == ["Counted", "Counted"]
