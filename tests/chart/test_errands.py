"""`planaria-operator check` and `clean-up`, which the chart's hooks call."""

import asyncio
from typing import Any

import pytest

from planaria_operator import check
from planaria_operator.cleanup import take_off
from planaria_operator.kube.errors import Conflict
from planaria_operator.kube.fake import FakeKube
from planaria_operator.kube.interface import PatchType
from planaria_operator.telemetry.checks import Check
from planaria_operator.telemetry.server import serve

OURS = {"key": "planaria.dev/avoid", "effect": "PreferNoSchedule"}
THEIRS = {"key": "gpu", "effect": "NoSchedule"}


def node(name: str, *taints: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"taints": list(taints)}}


async def test_only_our_taint_is_taken_off():
    kube = FakeKube(node("a", THEIRS, OURS), node("b", THEIRS), node("c", OURS))
    assert await take_off(kube) == ["a", "c"]
    left = {body["metadata"]["name"]: body["spec"].get("taints") for body in await kube.list("Node")}
    assert left == {"a": [THEIRS], "b": [THEIRS], "c": None}


async def test_a_node_that_somebody_wrote_to_in_between_is_read_again():
    kube = FakeKube(node("a", OURS))
    kube.fail("patch", "Node", Conflict("changed"), times=2)
    assert await take_off(kube) == ["a"]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check, "TOTAL_SECONDS", 1.5)
    monkeypatch.setattr(check, "PAUSE_SECONDS", 0.05)


async def answer_as_operator(kube: FakeKube, status: str, reason: str = "Valid") -> None:
    """Write the condition once the policy is there."""
    while not (found := await kube.list("HealingPolicy", "shop")):
        await asyncio.sleep(0.01)
    condition = {"type": "Ready", "status": status, "reason": reason, "message": "selector is wrong"}
    name = found[0]["metadata"]["name"]
    body = {"status": {"conditions": [condition]}}
    await kube.patch("HealingPolicy", "shop", name, body, patch_type=PatchType.MERGE, subresource="status")


async def test_a_policy_for_many_namespaces_is_tried_where_none_is_given():
    kube = FakeKube()

    async def answer() -> None:
        while not (found := await kube.list("ClusterHealingPolicy")):
            await asyncio.sleep(0.01)
        name, ready = (
            found[0]["metadata"]["name"],
            {"type": "Ready", "status": "True", "reason": "PolicyReady"},
        )
        body = {"status": {"conditions": [ready]}}
        await kube.patch(
            "ClusterHealingPolicy", "", name, body, patch_type=PatchType.MERGE, subresource="status"
        )

    await asyncio.gather(answer(), check.policy_taken_up(kube, ""))
    assert await kube.list("ClusterHealingPolicy") == []
    made = next(call.body for call in kube.made if call.verb == "create")
    assert made["spec"]["namespaceSelector"] == made["spec"]["selector"], "it chooses no namespace either"


async def test_a_policy_that_is_taken_up_is_taken_away_again():
    kube = FakeKube()
    await asyncio.gather(answer_as_operator(kube, "True"), check.policy_taken_up(kube, "shop"))
    assert await kube.list("HealingPolicy", "shop") == []
    made = next(call.body for call in kube.made if call.verb == "create")
    assert made["spec"]["mode"] == "Observe"
    assert made["spec"]["selector"]["matchLabels"]


async def test_a_policy_that_nobody_takes_up_says_where_to_look_and_does_not_stay():
    kube = FakeKube()
    with pytest.raises(check.CheckFailed, match=r"does not take up .* see its log"):
        await check.policy_taken_up(kube, "shop")
    assert await kube.list("HealingPolicy", "shop") == []


async def test_the_operator_s_own_namespace_is_protected_and_saying_so_is_an_answer():
    kube = FakeKube()
    answer = answer_as_operator(kube, "False", "NamespaceProtected")
    await asyncio.gather(answer, check.policy_taken_up(kube, "shop"))
    assert await kube.list("HealingPolicy", "shop") == []


async def test_a_policy_that_is_not_ready_says_why():
    kube = FakeKube()
    with pytest.raises(check.CheckFailed, match="selector is wrong"):
        await asyncio.gather(answer_as_operator(kube, "False"), check.policy_taken_up(kube, "shop"))


@pytest.mark.parametrize("ready", [True, False])
async def test_the_operator_is_asked_what_it_waits_for(ready: bool):
    state = Check("custom resources", ok=ready, message="waits for the custom resources")
    async with serve("127.0.0.1", 0, alive=list, ready=lambda: [state]) as port:
        asking = check.operator_ready(f"http://127.0.0.1:{port}/")
        if ready:
            await asking
        else:
            with pytest.raises(check.CheckFailed, match="waits for the custom resources"):
                await asking


async def test_an_operator_that_is_away_fails_the_check_with_one_line(capsys: pytest.CaptureFixture[str]):
    assert await check.check("shop", "http://127.0.0.1:9", None) == 1
    assert capsys.readouterr().out.startswith("failed: the operator at http://127.0.0.1:9 does not answer")


async def test_the_shipped_policy_decides_the_question_of_the_check():
    import uvicorn

    from planaria_policy.serving.app import Service
    from planaria_policy.serving.shelf import Shelf

    server = uvicorn.Server(uvicorn.Config(Service(Shelf()).app(), port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        await check.decision_given(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        await serving
