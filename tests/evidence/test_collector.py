"""One observation: everything that could be read, the rest by name, and nothing that could not be told."""

import asyncio
import json
from typing import Any

import pytest

from planaria_contract import SymptomKind
from planaria_operator.evidence.collector import Collector
from planaria_operator.evidence.events import event_facts
from planaria_operator.evidence.kubelet import PATH
from planaria_operator.evidence.redact import REDACTED, WITHHELD, Redactor
from planaria_operator.evidence.sources import PARALLEL, Sources
from planaria_operator.kube.errors import Forbidden, Unavailable
from planaria_operator.kube.fake import FakeKube
from tests.builders import (
    NOW,
    ago,
    deployment,
    node,
    pod,
    policy,
    ref,
    replica_set,
    service_of,
    store,
    symptom,
)

FRONT = deployment(environment=("http://backend:8080",))
CURRENT = replica_set(FRONT)
ILL = pod("front-0", CURRENT, ready=False, ready_since=ago(40))
BACK = deployment("backend", desired=0)
SYMPTOMS = (symptom(SymptomKind.NOT_READY, ILL, since=40, message="token=abc"),)
NODES: list[Any] = [node("node-1"), node("node-2")]


def world(*nodes):
    views: list[Any] = [FRONT, CURRENT, ILL, pod("front-1", CURRENT, node="node-2"), BACK, service_of(BACK)]
    return store(*views, *(nodes or NODES))


def event(name, reason, note, *, seen="2026-11-23T11:59:00Z", count=1, controller="kubelet", kind="Pod"):
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}.{seen}", "namespace": "shop"},
        "reason": reason,
        "note": note,
        "type": "Warning",
        "regarding": {"kind": kind, "name": name, "namespace": "shop"},
        "series": {"count": count, "lastObservedTime": seen},
        "reportingController": controller,
    }


def cluster(*more):
    kube = FakeKube(
        *({"kind": "Pod", "metadata": {"name": f"front-{n}", "namespace": "shop"}} for n in range(2)), *more
    )
    stamp = "2026-11-23T11:59:58.5Z"
    kube.log_text = {
        (
            "shop",
            "front-0",
            "app",
            False,
        ): f"{stamp} ERROR password=hunter2 dial backend: connection refused\n",
        ("shop", "front-1", "app", False): f"{stamp} fine\n",
    }
    for name in ("node-1", "node-2"):
        kube.put({"kind": "Node", "metadata": {"name": name}})
        kube.node_texts[name, PATH] = json.dumps({"pods": []})
    return kube


async def observe(kube, *, nodes=(), prometheus=None, **spec):
    return await Collector(kube, world(*nodes), prometheus).observe(
        policy(**spec), ref(FRONT), SYMPTOMS, "notready-1", NOW
    )


async def test_an_observation_joins_every_source():
    seen = await observe(cluster(event("front-0", "Unhealthy", "Readiness probe failed: timeout")))
    assert [item.name for item in seen.affected] == ["front-0"]
    assert {line.pod for line in seen.logs} == {"front-0", "front-1"}
    assert seen.events[0].reason == "Unhealthy"
    assert seen.workload is not None
    assert seen.workload.revision == "hash1"
    assert [(each.service, each.ready_endpoints) for each in seen.dependencies] == [("backend", 0)]
    assert [each.name for each in seen.nodes] == ["node-1", "node-2"]
    assert seen.missing == ()


@pytest.mark.parametrize(
    ("home", "told"),
    [
        (node("node-1", ready_since=ago(300)), []),  # back for minutes when the pod fell ill
        (node("node-1", ready_since=ago(41)), []),
        (
            node("node-1", ready_since=ago(3600)),
            ["NodeNotReady", "NodeNotReady"],
        ),  # said of it since: it is lost again
        (
            node("node-1", ready_since=ago(30)),
            ["NodeNotReady", "NodeNotReady"],
        ),  # the pod has not been well since
        (node("node-1", ready=False, ready_since=ago(3600)), ["NodeNotReady", "NodeNotReady"]),
    ],
)
async def test_the_loss_of_a_node_that_came_back_before_the_fault_is_no_evidence(home: Any, told: list[str]):
    lost = (
        event("front-0", "NodeNotReady", "Node is not ready", seen="2026-11-23T11:50:00Z"),
        event("node-1", "NodeNotReady", "Node node-1 status is now: NodeNotReady", kind="Node", seen="2026-11-23T11:50:00Z"),
        event("front-0", "BackOff", "Back-off restarting failed container"),
    )  # fmt: skip
    lost[1]["metadata"]["namespace"] = "default"
    seen = await observe(cluster(*lost), nodes=(home, node("node-2")))
    assert [each.reason for each in seen.events] == ["BackOff", *told]


async def test_secrets_are_blackened_in_logs_events_and_symptoms():
    seen = await observe(cluster(event("front-0", "Failed", "pull with token=abc denied")))
    text = seen.to_json()
    assert "hunter2" not in text
    assert "abc" not in text
    assert text.count(REDACTED) == 3


async def test_a_policys_broken_pattern_withholds_texts_and_says_so():
    seen = await observe(cluster(), evidence={"redact": ["("]})
    assert {line.text for line in seen.logs} == {WITHHELD}
    assert any("redaction" in each for each in seen.missing)


@pytest.mark.parametrize(
    ("verb", "kind", "name"),
    [("logs", "Pod", "log of"), ("list", "Event", "events of"), ("node_text", "Node", "usage on")],
)
async def test_a_source_that_fails_is_named_and_the_rest_goes_on(verb, kind, name):
    kube = cluster()
    kube.fail(verb, kind, Forbidden(f"{verb} {kind}: forbidden"), times=20)
    seen = await observe(kube)
    assert any(each.startswith(name) and "forbidden" in each for each in seen.missing)
    assert seen.workload is not None


async def test_with_the_api_server_away_the_store_alone_still_gives_an_observation():
    kube = cluster()
    for verb, kind in (("logs", "Pod"), ("list", "Event"), ("node_text", "Node")):
        kube.fail(verb, kind, Unavailable("no answer"), times=50)
    seen = await observe(kube)
    assert (seen.logs, seen.events, seen.metrics) == ((), (), ())
    assert len(seen.pods) == 2
    assert seen.dependencies[0].ready_endpoints == 0


async def test_a_lost_node_is_not_asked_and_is_named():
    kube = cluster()
    seen = await observe(kube, nodes=(node("node-1", ready=False), node("node-2")))
    assert not any(call.verb == "logs" and call.name == "front-0" for call in kube.made)
    assert {each.split(":")[0] for each in seen.missing} == {"logs from node-1", "usage on node-1"}


async def test_an_incident_of_a_node_takes_in_the_policys_pods_on_it():
    lost = node("node-1", ready=False)
    agent = policy(labels={"app": "front"})
    collector = Collector(cluster(), world(lost, node("node-2")))
    seen = await collector.observe(agent, ref(lost), (symptom(SymptomKind.NODE_NOT_READY, lost),), "x", NOW)
    assert [(each.name, each.affected) for each in seen.pods] == [("front-0", True)]
    assert seen.workload is None


async def test_queries_without_prometheus_are_named():
    seen = await observe(cluster(), evidence={"queries": [{"name": "errors", "query": "up"}]})
    assert "queries: no Prometheus is configured" in seen.missing


async def test_nothing_is_ever_changed():
    kube = cluster()
    await observe(kube)
    assert kube.changes == []


# --- events


def test_events_alike_are_summed_and_the_newest_comes_first():
    bodies = [
        event("front-0", "BackOff", "again", count=3),
        event("front-0", "BackOff", "again", seen="2026-11-23T11:59:30Z", count=4),
        event("front-0", "Killing", "stop", seen="2026-11-23T11:59:59Z"),
    ]
    facts = event_facts(bodies, Redactor())
    assert [(fact.reason, fact.count) for fact in facts] == [("Killing", 1), ("BackOff", 7)]


async def test_our_own_events_are_no_evidence():
    seen = await observe(cluster(event("front-0", "ActionApplied", "x", controller="planaria.dev/operator")))
    assert seen.events == ()


def test_an_event_with_hardly_anything_in_it_is_still_a_fact():
    (fact,) = event_facts([{"metadata": {}, "reason": None}], Redactor())
    assert fact.count == 1


# --- deadlines


async def test_a_source_that_hangs_is_left_behind_and_one_that_had_no_turn_is_closed():
    sources = Sources(source_seconds=0.01, total_seconds=0.05)

    async def hang():
        await asyncio.Event().wait()

    names = [f"s{n}" for n in range(PARALLEL * 8)]
    found = await asyncio.gather(*(sources.read(name, hang(), "instead") for name in names))
    assert set(found) == {"instead"}
    assert sorted(sources.missing) == sorted(f"{name}: no answer in time" for name in names)


async def test_no_more_than_the_allowed_calls_are_in_flight():
    sources, flying, most = Sources(), 0, 0

    async def call():
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0)
        flying -= 1

    await asyncio.gather(*(sources.read(str(n), call(), None) for n in range(PARALLEL * 4)))
    assert most == PARALLEL
