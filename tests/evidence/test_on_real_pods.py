"""Real pods that really crash, run out of memory, hang and starve: seen, observed and understood end to end."""

import asyncio

import pytest

from planaria_contract import Fault, SymptomKind
from planaria_operator.detect.symptoms import was_ready
from planaria_operator.evidence.facts import reference
from planaria_operator.kube.interface import PatchType
from planaria_semantics.rules import understand
from tests.evidence.real import READY, daemon_set, deployment, drop, make, room, service, stateful_set

pytestmark = pytest.mark.cluster

REFUSED = "ERROR dependency backend unavailable: dial tcp backend:8080: connect: connection refused"
WORKLOADS = [
    deployment(
        "crash",
        "echo starting; echo 'FATAL invalid configuration: CACHE_TTL, refusing to start'; exit 1",
        readinessProbe=READY,  # without one, its pod may be ready for an instant
    ),
    deployment("memory", "echo filling; sleep 2; tail -c 100m /dev/zero"),
    deployment("image", "sleep 1", image="planaria.local/absent:1"),
    deployment("slow", "sleep 20; touch /tmp/ready; sleep 9999", readinessProbe=READY),
    deployment("relapse", "touch /tmp/ready; sleep 8; rm /tmp/ready; sleep 9999", readinessProbe=READY),
    deployment("busy", "while true; do :; done"),
    stateful_set("cart", "sleep 9999"),
    daemon_set("agent", "sleep 9999"),
    deployment("backend", "sleep 9999", replicas=0),
    service("backend"),
    deployment(
        "front",
        f"touch /tmp/ready; sleep 4; rm /tmp/ready; while true; do echo '{REFUSED}'; sleep 2; done",
        readinessProbe=READY,
        env=[{"name": "BACKEND", "value": "http://backend:8080"}, {"name": "PASSWORD", "value": "hunter2"}],
    ),
]


@pytest.fixture(scope="module")
def namespace(kubeconfig):
    made = asyncio.run(make(kubeconfig, WORKLOADS))
    yield made
    asyncio.run(drop(kubeconfig, made))


@pytest.fixture
async def here(kubeconfig, namespace):
    async with room(kubeconfig, namespace) as opened:
        yield opened


async def test_a_crash_loop_is_understood_from_the_log_of_an_instance_that_ended(here):
    seen = await here.observe(await here.ripe("crash"))
    assert any("invalid configuration" in line.text for line in seen.logs), seen.missing
    assert all(line.time for line in seen.logs)
    assert understand(seen).fault is Fault.BAD_CONFIGURATION
    assert not [each for each in seen.missing if not each.startswith(("usage", "log of"))]


async def test_an_out_of_memory_loop_is_understood(here):
    incident = await here.ripe("memory")
    assert SymptomKind.OUT_OF_MEMORY in {symptom.kind for symptom in incident.symptoms}
    seen = await here.observe(incident)
    state = understand(seen)
    assert state.fault is Fault.MEMORY_EXHAUSTION
    assert state.severity == 3
    assert seen.affected[0].memory_limit_bytes == 32 * 2**20


async def test_a_missing_image_is_understood_from_state_and_event(here):
    seen = await here.observe(await here.ripe("image"))
    assert understand(seen).fault is Fault.IMAGE_PULL
    assert any(event.reason == "Failed" for event in seen.events)


async def test_a_dependency_at_zero_is_found_behind_its_service(here):
    seen = await here.observe(await here.ripe("front"))
    (dependency,) = seen.dependencies
    assert (dependency.service, dependency.ready_endpoints) == ("backend", 0)
    state = understand(seen)
    assert (state.fault, state.component) == (Fault.DEPENDENCY_UNAVAILABLE, "Deployment/backend")
    assert "hunter2" not in seen.to_json()


async def test_timestamps_tell_a_relapse_from_a_start_and_slow_starts_stay_calm(here):
    await here.ripe("relapse")
    store = await here.store()
    pods = {pod.meta.labels["app"]: pod for pod in store.pods()}
    assert was_ready(pods["relapse"])
    assert not was_ready(pods["crash"])
    assert not was_ready(pods["image"])
    assert pods["crash"].ready_since == pods["crash"].started_at
    assert not {"slow", "busy", "backend"} & (await here.incidents()).keys()


async def test_a_crash_loop_does_not_blink_while_it_is_watched(here):
    await here.ripe("memory")
    for _ in range(15):
        assert "memory" in await here.incidents()
        await asyncio.sleep(1)


async def test_the_kubelets_rate_shows_a_processor_at_its_limit(here):
    store = await here.store()
    busy = reference(next(each for each in store.workloads(here.namespace) if each.meta.name == "busy").meta)
    for _ in range(60):
        seen = await here.look_at(busy)
        usage = {series.name: series for series in seen.metrics}
        if "cpu_millicores" in usage and (usage["cpu_millicores"].saturation or 0) > 0.8:
            break
        await asyncio.sleep(1)
    else:
        pytest.fail(f"no CPU rate near the limit: {seen.metrics}, missing: {seen.missing}")
    assert usage["memory_bytes"].limit == 32 * 2**20
    assert usage["memory_bytes"].last


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "cart"), ("DaemonSet", "agent")])
async def test_pods_carry_the_hash_that_the_revision_of_their_workload_is_named_by(here, kind, name):
    template = {"metadata": {"annotations": {"changed": "yes"}}}
    before = await here.revisions(kind, name)
    await here.kube.patch(
        kind, here.namespace, name, {"spec": {"template": template}}, patch_type=PatchType.MERGE
    )
    for _ in range(60):
        now = await here.revisions(kind, name)
        if now.current != before.current and await here.hashes(name) == {now.current}:
            break
        await asyncio.sleep(1)
    else:
        pytest.fail(f"revision {now}, pods {await here.hashes(name)}")
    assert now.previous == before.current
