"""A real node is lost: it is closed, its pods are moved in rounds, and it is opened again when it is back.

The operator is killed by SIGKILL in the midst of the second round. What was done, and how often, is read from the API
server's audit log. In the end the node is lost once more, closed by a person this time.
"""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from planaria_cluster import Provider
from planaria_scenarios.api import connect
from planaria_scenarios.audit import Change, changes, on_targets
from planaria_scenarios.operator_process import access_of
from tests.e2e.audited import audited_cluster
from tests.e2e.bad_rollout import deployment
from tests.kubectl import Kubectl, condition

pytestmark = pytest.mark.cluster

DRAINING_OPERATOR = Path(__file__).with_name("draining_operator.py")
AT_ONCE = 2
KILLED_AFTER = 3
"""Evictions: one of the two of the second round."""
STEADY = 8
"""Seconds that the node has to be well here before it is opened."""
DEADLINE = 240
BY, OPENED = "planaria.dev/cordoned-by", "planaria.dev/uncordon"
PARTS = {"one": 3, "two": 2}
"""Deployments by name, with the number of their pods."""


@dataclass(frozen=True)
class Ending:
    """What the API server says when everything is over."""

    namespace: str
    node: str
    before: list[dict[str, Any]]
    """Pods when all was well, those of the DaemonSet among them."""
    closed: dict[str, Any]
    """The node while it was lost and drained."""
    opened: dict[str, Any]
    after: list[dict[str, Any]]
    """Pods that run when the drain is over and the node is still lost."""
    record: dict[str, Any]
    done: list[Change]
    """What the operator changed that is not its own, up to the node's being opened."""
    died: int
    """Exit status of the first operator."""
    second: dict[str, Any]
    """The Remediation of the second loss."""
    kept: dict[str, Any]
    """The node that a person had closed, after it was well again for long."""
    done_later: list[Change]

    @property
    def evicted(self) -> list[Change]:
        return [each for each in self.done if each.resource == "pods/eviction" and each.effective]


@pytest.fixture(scope="module")
def ending(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    cluster = audited_cluster()
    kubectl, name = Kubectl.of(kubeconfig), f"drain-{secrets.token_hex(4)}"
    others = [each["metadata"]["name"] for each in kubectl.items("namespaces")]
    node = cluster.nodes()[0]
    try:
        before = _build(kubectl, name, node)
        folder = tmp_path_factory.mktemp("drain")
        yield asyncio.run(
            _play(_Stage(cluster, kubectl, cluster.audit_log(), folder, name, node, others), before)
        )
    finally:
        cluster.start_node(node)
        kubectl("uncordon", node)
        kubectl("annotate", "node", node, f"{BY}-", f"{OPENED}-")
        kubectl("delete", "chpol", name, "--ignore-not-found")
        kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


# --- what is asked


def test_it_died_in_the_midst_of_the_second_round(ending: Ending) -> None:
    assert ending.died == -signal.SIGKILL


def test_the_node_was_closed_once_and_opened_once_it_was_well(ending: Ending) -> None:
    patched = [each for each in ending.done if each.resource == "nodes" and each.effective]
    assert [each.name for each in patched] == [ending.node] * 2
    assert patched[0].time < ending.evicted[0].time
    assert ending.closed["spec"]["unschedulable"]
    assert ending.closed["metadata"]["annotations"][OPENED] == "when-well"
    assert not ending.opened["spec"].get("unschedulable")
    assert BY not in ending.opened["metadata"].get("annotations", {})


def test_every_pod_was_evicted_exactly_once_although_the_operator_died(ending: Ending) -> None:
    wanted = [each["metadata"]["name"] for each in ending.before if owner(each) == "ReplicaSet"]
    assert sorted(each.name for each in ending.evicted) == sorted(wanted)
    assert len(wanted) == sum(PARTS.values())


def test_what_belongs_to_the_node_stays(ending: Ending) -> None:
    def agent(pods: list[dict[str, Any]]) -> list[str]:
        return sorted(each["metadata"]["uid"] for each in pods if owner(each) == "DaemonSet")

    assert agent(ending.after) == agent(ending.before) != []


def test_a_round_begins_when_the_pods_of_the_one_before_are_ready_elsewhere(ending: Ending) -> None:
    moved = [each for each in ending.after if owner(each) == "ReplicaSet"]
    assert ending.node not in {each["spec"]["nodeName"] for each in moved}
    ready = sorted(ready_at(each) for each in moved)
    times = sorted({each.name: each.time for each in reversed(ending.evicted)}.values())
    for first in range(AT_ONCE, len(times), AT_ONCE):
        assert ready[first - 1] <= times[first], f"eviction {first + 1} came before {first} were ready"


def test_the_record_tells_the_rounds(ending: Ending) -> None:
    status = ending.record["status"]
    rounds = [each["message"] for each in status["timeline"] if each["reason"] == "DrainRound"]
    assert [each.partition(";")[0] for each in rounds] == [
        f"Node/{ending.node}: {moved} of 5 pods moved" for moved in (0, 2, 4)
    ]
    (attempt,) = status["attempts"]
    assert (attempt["drain"]["moved"], attempt["drain"]["round"], attempt["outcome"]) == (5, 3, "Recovered")
    assert condition(status, "Executed")["message"].endswith("5 of 5 pods moved in 3 rounds")


def test_a_node_that_a_person_closed_is_neither_drained_nor_opened(ending: Ending) -> None:
    assert [each for each in ending.done_later if each.effective] == []
    assert ending.kept["spec"]["unschedulable"]
    masks = {each["action"]: each["reason"] for each in ending.second["status"]["decision"]["masks"]}
    assert masks["isolate"] == "AlreadyCordoned"


def owner(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["ownerReferences"][0]["kind"])


def ready_at(pod: dict[str, Any]) -> float:
    ready = condition(pod["status"], "Ready")
    assert ready["status"] == "True"
    return datetime.fromisoformat(ready["lastTransitionTime"]).timestamp()


# --- what is there


def _build(kubectl: Kubectl, name: str, node: str) -> list[dict[str, Any]]:
    kubectl("create", "namespace", name)
    for part, count in PARTS.items():
        kubectl.apply(name, _preferring(name, part, count, node))
    kubectl.apply(name, _agent(name))
    kubectl.apply("default", _policy(name))
    for kind in (*(f"deployment/{part}" for part in PARTS), "daemonset/agent"):
        kubectl("rollout", "status", kind, "-n", name, "--timeout=120s")
    pods = kubectl.items("pods", name)
    places = {each["spec"]["nodeName"] for each in pods if owner(each) == "ReplicaSet"}
    assert places == {node}, "all of them where they would rather be"
    return pods


def _preferring(namespace: str, name: str, count: int, node: str) -> dict[str, Any]:
    body = deployment(namespace)
    labels = {"app": name}
    body["metadata"]["name"] = name
    body["spec"] |= {"replicas": count, "selector": {"matchLabels": labels}}
    wanted = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
    template = body["spec"]["template"]
    template["metadata"]["labels"] = labels
    # So that an evicted pod is still there, ending, for as long as its node is lost: a second eviction would be accepted.
    template["spec"]["terminationGracePeriodSeconds"] = 5
    template["spec"]["affinity"] = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": wanted}]
        }
    }
    return body


def _agent(namespace: str) -> dict[str, Any]:
    body = deployment(namespace)
    labels = {"app": "agent"}
    template = body["spec"]["template"]
    template["metadata"]["labels"] = labels
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": namespace},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def _policy(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "ClusterHealingPolicy",
        "metadata": {"name": name},
        "spec": {
            "mode": "Enforce",
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
            "triggers": {"nodeNotReadyForSeconds": 5},
            "actions": [{"type": "isolate", "maxPods": AT_ONCE}],
            "guardrails": {"cooldownSeconds": 0, "hesitationSeconds": 0},
            "verification": {"stableForSeconds": 3, "timeoutSeconds": 120},
        },
    }


# --- what happens


@dataclass(frozen=True)
class _Stage:
    cluster: Provider
    kubectl: Kubectl
    log: Path
    folder: Path
    namespace: str
    node: str
    others: list[str]
    """Namespaces of somebody else: the cluster is shared, and a drain is for all that is on the node."""

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = self.kubectl.json("get", "node", self.node)
        return found

    def records(self) -> list[dict[str, Any]]:
        """Of the node, the oldest first. They stand where the operator would run, which is where nothing is protected from."""
        found = [
            each for each in self.kubectl.items("remediations") if each["spec"]["policy"] == self.namespace
        ]
        return sorted(found, key=lambda each: str(each["metadata"]["creationTimestamp"]))

    def running(self) -> list[dict[str, Any]]:
        pods = self.kubectl.items("pods", self.namespace)
        return [each for each in pods if not each["metadata"].get("deletionTimestamp")]

    def is_ready(self) -> bool:
        return str(condition(self.body()["status"], "Ready")["status"]) == "True"

    def changes(self, since: float) -> list[Change]:
        return on_targets(changes(self.log, since=since), [self.namespace])


async def _play(stage: _Stage, before: list[dict[str, Any]]) -> Ending:
    async with connect(stage.kubectl.kubeconfig) as api:
        access = await access_of(api, stage.kubectl.kubeconfig, stage.folder)
    begun = time.time()
    async with _operator(stage, access, KILLED_AFTER) as first:
        await asyncio.to_thread(stage.cluster.stop_node, stage.node)
        async with asyncio.timeout(DEADLINE):
            died = await first.wait()
    async with _operator(stage, access, 0):
        await _until(stage, lambda: [_stage_of(each) for each in stage.records()] == ["Finished"])
        closed, record, after = stage.body(), stage.records()[0], stage.running()
        await asyncio.to_thread(stage.cluster.start_node, stage.node)
        await _until(stage, lambda: not stage.body()["spec"].get("unschedulable"))
        opened, done = stage.body(), stage.changes(begun)
        await _settled(stage)
        later = time.time()
        second, kept = await _lose_again(stage)
    return Ending(
        *(stage.namespace, stage.node, before, closed, opened, after, record, done, died),
        *(second, kept, stage.changes(later)),
    )


async def _settled(stage: _Stage) -> None:
    """Until the pods that had to wait for the node to end are gone."""
    wanted = sum(PARTS.values()) + len(stage.cluster.nodes())
    await _until(stage, lambda: len(stage.kubectl.items("pods", stage.namespace)) == wanted)


async def _lose_again(stage: _Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """With a pod on the node again, which a person closes before it is lost."""
    stage.kubectl("delete", "pod", "-l", "app=two", "-n", stage.namespace)
    stage.kubectl("rollout", "status", "deployment/two", "-n", stage.namespace, "--timeout=120s")
    stage.kubectl("cordon", stage.node)
    await asyncio.to_thread(stage.cluster.stop_node, stage.node)
    await _until(stage, lambda: [_stage_of(each) for each in stage.records()][1:] == ["Waiting"])
    second = stage.records()[1]
    await asyncio.to_thread(stage.cluster.start_node, stage.node)
    await _until(stage, stage.is_ready)
    await asyncio.sleep(2 * STEADY)
    return second, stage.body()


def _stage_of(record: dict[str, Any]) -> str:
    return str(record.get("status", {}).get("stage"))


@asynccontextmanager
async def _operator(
    stage: _Stage, access: Path, kill_after: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    options = ["--kubeconfig", str(access), "--listen", "127.0.0.1:0", "--extractor", "rules"]
    for each in stage.others:
        options += ["--protect", each]
    with (stage.folder / "operator.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(DRAINING_OPERATOR), str(kill_after), str(STEADY), *options),
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _until(stage: _Stage, true: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(DEADLINE):
            while not await asyncio.to_thread(true):
                await asyncio.sleep(0.5)
    except TimeoutError as error:
        stories = [each.get("status", {}).get("timeline") for each in stage.records()]
        log = (stage.folder / "operator.log").read_text(errors="replace")[-4000:]
        raise AssertionError(f"{stories}\n{log}") from error
