"""The Summary API as kubelet 1.34 answers it (recorded, shortened)."""

import json
from dataclasses import replace

import pytest

from planaria_operator.evidence.kubelet import PATH, RIGHT_OF, Kubelet, read_summary
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.fake import FakeKube
from tests.builders import NOW, ago, container, deployment, pod, replica_set

MIB = 2**20
POD = pod("front-0", replica_set(deployment()), containers=[container(memory_limit=64 * MIB, cpu_limit=200)])


def summary(time="2026-11-23T11:59:50Z", cpu=198_000_000, memory=60 * MIB, **entry):
    usage = {
        "cpu": {"time": time, "usageNanoCores": cpu},
        "memory": {"time": time, "workingSetBytes": memory},
    }
    about = {"podRef": {"name": "front-0", "namespace": "shop", "uid": POD.meta.uid}}
    return {
        "pods": [{**about, "containers": [{"name": "app", **usage}, {"name": "stranger", **usage}], **entry}]
    }


async def read(*answers):
    kube, found = FakeKube({"kind": "Node", "metadata": {"name": "node-1"}}), []
    kubelet = Kubelet(kube)
    for answer in answers:
        kube.node_texts["node-1", PATH] = json.dumps(answer)
        found = await kubelet.usage("node-1", [POD], NOW)
    return {series.name: series for series in found}


async def test_memory_and_cpu_come_with_the_containers_limits():
    found = await read(summary())
    assert found["memory_bytes"].subject == "front-0/app"
    assert found["memory_bytes"].saturation == pytest.approx(60 / 64)
    assert found["cpu_millicores"].last == pytest.approx(198)
    assert found["cpu_millicores"].saturation == pytest.approx(0.99)


async def test_a_second_reading_makes_a_trend_and_the_same_sample_is_not_counted_twice():
    found = await read(summary(memory=1), summary(memory=1), summary("2026-11-23T11:59:59Z", memory=3))
    assert found["memory_bytes"].values == (1.0, 3.0)


async def test_a_namesake_in_another_namespace_has_a_past_of_its_own():
    twin = replace(POD, meta=replace(POD.meta, namespace="stage", uid="another"))
    kube = FakeKube({"kind": "Node", "metadata": {"name": "node-1"}})
    kubelet = Kubelet(kube)
    for each, memory in ((POD, 60 * MIB), (twin, 10 * MIB)):
        answer = summary(memory=memory)
        answer["pods"][0]["podRef"]["uid"] = each.meta.uid
        kube.node_texts["node-1", PATH] = json.dumps(answer)
        found = {series.name: series for series in await kubelet.usage("node-1", [each], NOW)}
        assert found["memory_bytes"].values == (memory,)


async def test_without_the_right_no_node_is_asked_until_an_hour_later():
    kube = FakeKube({"kind": "Node", "metadata": {"name": "node-1"}})
    kube.denied = {("get", "nodes/proxy")}
    kube.node_texts["node-1", PATH] = json.dumps(summary())
    kubelet = Kubelet(kube)
    for _ in range(3):
        with pytest.raises(Forbidden, match="nodes/proxy"):
            await kubelet.usage("node-1", [POD], NOW)
    kube.denied = set()
    with pytest.raises(Forbidden):
        await kubelet.usage("node-1", [POD], NOW + RIGHT_OF / 2)
    assert await kubelet.usage("node-1", [POD], NOW + RIGHT_OF)


def test_full_volumes_and_claims_are_told():
    volumes = [
        {
            "name": "claim",
            "pvcRef": {"name": "c"},
            "time": "2026-11-23T11:59:50Z",
            "usedBytes": 1,
            "capacityBytes": 10,
        },
        {"name": "full", "time": "2026-11-23T11:59:50Z", "usedBytes": 9, "capacityBytes": 10},
        {"name": "calm", "time": "2026-11-23T11:59:50Z", "usedBytes": 1, "capacityBytes": 10},
    ]
    samples = read_summary(summary(volume=volumes), {POD.meta.uid: POD})
    named = {sample.subject: sample.limit for sample in samples if sample.name == "volume_bytes"}
    assert named == {"front-0/claim": 10, "front-0/full": 10}


@pytest.mark.parametrize("answer", [{}, {"pods": None}, {"pods": [{}]}, summary(cpu=None) | {"pods": []}])
def test_an_empty_or_partial_summary_gives_no_series(answer):
    assert list(read_summary(answer, {POD.meta.uid: POD})) == []


def test_a_container_that_has_just_started_has_no_rate_yet():
    fresh = {
        "podRef": {"uid": POD.meta.uid},
        "containers": [{"name": "app", "cpu": {"time": "2026-11-23T11:59:50Z"}}],
    }
    assert list(read_summary({"pods": [fresh]}, {POD.meta.uid: POD})) == []


async def test_what_was_read_long_ago_is_forgotten():
    kube = FakeKube({"kind": "Node", "metadata": {"name": "node-1"}})
    kubelet = Kubelet(kube)
    kube.node_texts["node-1", PATH] = json.dumps(summary(memory=1))
    await kubelet.usage("node-1", [POD], NOW)
    kube.node_texts["node-1", PATH] = json.dumps({"pods": []})
    await kubelet.usage("node-1", [POD], ago(-3600))
    kube.node_texts["node-1", PATH] = json.dumps(summary("2026-11-23T13:00:00Z", memory=2))
    found = await kubelet.usage("node-1", [POD], ago(-3600))
    assert [series.values for series in found if series.name == "memory_bytes"] == [(2.0,)]
