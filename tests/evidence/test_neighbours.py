"""What others say of the target: its callers, its nodes, and the alerts that fire about it."""

import json
from typing import Any

import pytest

from planaria_contract import Fault, ObjectRef, SymptomKind
from planaria_operator.evidence.alerts import MAX_ALERTS, query, read_alerts
from planaria_operator.evidence.collector import Collector
from planaria_operator.evidence.dependents import MAX_LINES, MAX_PODS
from planaria_operator.evidence.events import MAX_PER_NODE
from planaria_operator.evidence.kubelet import PATH
from planaria_operator.evidence.prometheus import PrometheusUnavailable, read_matrix
from planaria_operator.evidence.redact import Redactor
from planaria_operator.evidence.scene import scene
from planaria_operator.evidence.series import queries
from planaria_operator.kube.fake import FakeKube
from planaria_semantics.rules import understand
from planaria_semantics.signs.reading import Reading
from planaria_semantics.window import build
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
    stateful_set,
    store,
    symptom,
)

BACK = deployment("backend")
BACK_SET = replica_set(BACK)
ILL = pod("backend-0", BACK_SET, ready=False, ready_since=ago(40))
CALLERS = [deployment(f"front{n}", environment=("http://backend.shop.svc:8080/api",)) for n in range(3)]
STRANGER = deployment("stranger", environment=("http://elsewhere:8080", "backends"))
SYMPTOMS = (symptom(SymptomKind.NOT_READY, ILL, since=40),)


def world(*more):
    views: list[Any] = [BACK, BACK_SET, ILL, pod("backend-1", BACK_SET), service_of(BACK), node("node-1")]
    for caller in (*CALLERS, STRANGER):
        owned = replica_set(caller)
        views += [caller, owned, pod(f"{caller.meta.name}-0", owned)]
    return store(*views, *more)


def cluster(*events, logs=None):
    kube = FakeKube(*events)
    names = [f"{each.meta.name}-0" for each in (*CALLERS, STRANGER)]
    for name in ("backend-0", "backend-1", *names):
        kube.put({"kind": "Pod", "metadata": {"name": name, "namespace": "shop"}})
    kube.log_text = {("shop", name, "app", False): text for name, text in (logs or {}).items()}
    kube.put({"kind": "Node", "metadata": {"name": "node-1"}})
    kube.node_texts["node-1", PATH] = json.dumps({"pods": []})
    return kube


class Answers:
    """A Prometheus in few words."""

    def __init__(self, alerts=(), series=None, fault=None):
        self.alerts, self.found, self.fault = alerts, series or {}, fault
        self.asked: list[str] = []

    async def instant(self, promql):
        self.asked.append(promql)
        if self.fault:
            raise self.fault
        return self.alerts

    async def series(self, name, promql, now):
        self.asked.append(promql)
        if self.fault:
            raise self.fault
        return list(read_matrix(name, self.found.get(name)))


async def observe(kube, prometheus=None, views=None):
    collector = Collector(kube, views or world(), prometheus)
    return await collector.observe(policy(), ref(BACK), SYMPTOMS, "notready-1", NOW)


# --- dependents


async def test_the_callers_of_the_target_are_read_and_no_others():
    talk = "up and running\nGET backend failed\ndial tcp 10.0.0.1:80: connection refused\nall fine\n"
    kube = cluster(logs={f"{each.meta.name}-0": talk for each in (*CALLERS, STRANGER)})
    seen = await observe(kube)
    told = [line for line in seen.logs if line.dependent]
    assert {line.pod for line in told} == {"front0-0", "front1-0"}
    assert len({line.pod for line in told}) == MAX_PODS
    assert {line.text for line in told} == {
        "GET backend failed",
        "dial tcp 10.0.0.1:80: connection refused",
    }


async def test_what_dependents_say_is_bounded_numbered_through_and_blackened():
    own = "ERROR broken\n" * 3
    kube = cluster(logs={"backend-0": own, "front0-0": "call to backend failed password=hunter2\n" * 100})
    seen = await observe(kube)
    assert [line.index for line in seen.logs] == list(range(len(seen.logs)))
    assert sum(line.dependent for line in seen.logs) == MAX_LINES
    assert "hunter2" not in seen.to_json()
    assert not any(line.dependent for line in seen.logs[:3])


async def test_the_words_of_dependents_name_no_fault_of_the_target():
    fatal = "panic: backend: runtime error\nERROR backend x509: certificate has expired\n"
    kube = cluster(logs={"backend-0": "ERROR no space left on device\n", "front0-0": fatal})
    with_them = await observe(kube)
    without = with_them.model_copy(
        update={"logs": tuple(line for line in with_them.logs if not line.dependent)}
    )
    assert len(with_them.logs) > len(without.logs)
    assert understand(with_them) == understand(without)


async def test_dependents_are_not_taken_for_healthy_siblings():
    said = "write /data: no space left on device backend\n"
    seen = await observe(cluster(logs={"backend-0": said, "front0-0": said}))
    assert any(line.dependent for line in seen.logs)
    assert Reading(seen).calm_faults == frozenset()


async def test_a_service_that_only_dependents_name_is_no_dependency_of_the_target():
    cache = stateful_set("cache", desired=0)
    kube = cluster(logs={"front0-0": "backend ok, dial cache: connection refused\n"})
    seen = await observe(kube, views=world(cache, *service_of(cache)))
    assert any(line.dependent for line in seen.logs)
    assert seen.dependencies == ()


# --- events of the node


def event(reason, note, *, seen="2026-11-23T11:59:00Z", name="node-1", number=0):
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}.{number}", "namespace": "default"},
        "reason": reason,
        "note": note,
        "type": "Warning",
        "regarding": {"kind": "Node", "name": name},
        "series": {"count": 1, "lastObservedTime": seen},
        "reportingController": "kubelet",
    }


async def test_the_nodes_recent_events_are_facts_about_the_node():
    old = event("Rebooted", "Node node-1 has been rebooted", seen="2026-11-23T10:00:00Z")
    seen = await observe(cluster(event("SystemOOM", "System OOM encountered, victim process: x"), old))
    assert [(each.reason, each.subject.kind, each.subject.name) for each in seen.events] == [
        ("SystemOOM", "Node", "node-1")
    ]
    assert [entry.origin for entry in build(seen).entries] == ["node"]


async def test_a_noisy_node_is_bounded():
    many = [event("SystemOOM", f"victim {n}", number=n) for n in range(MAX_PER_NODE * 3)]
    assert len((await observe(cluster(*many))).events) == MAX_PER_NODE


async def test_what_a_node_suffers_names_no_fault_of_a_pod_on_it():
    quiet = await observe(cluster())
    noisy = await observe(
        cluster(event("SystemOOM", "System OOM encountered"), event("NodeNotReady", "gone"))
    )
    assert understand(quiet).fault is not Fault.NODE_FAULT
    only_oom = noisy.model_copy(
        update={"events": tuple(each for each in noisy.events if each.reason == "SystemOOM")}
    )
    assert understand(only_oom) == understand(quiet)
    assert understand(noisy).fault is Fault.NODE_FAULT


# --- alerts


def firing(name="HighErrorRate", **labels):
    return {"metric": {"__name__": "ALERTS", "alertname": name, "alertstate": "firing", **labels}}


async def test_alerts_about_the_target_are_facts_and_readable_entries():
    alerts = [
        firing("HighErrorRate", severity="critical", deployment="backend", namespace="shop"),
        firing("PodCrashes", pod="backend-0", user="alice@example.com"),
        firing("Other", deployment="front0"),
        firing("OthersPod", pod="front0-0", deployment="backend"),
        firing("Unrelated"),
    ]
    seen = await observe(cluster(), Answers(alerts))
    assert [(alert.name, alert.severity) for alert in seen.alerts] == [
        ("HighErrorRate", "critical"),
        ("PodCrashes", ""),
    ]
    assert "alice" not in seen.to_json()
    entries = build(seen).entries
    assert [seen.events[entry.index].message for entry in entries] == [
        "HighErrorRate: deployment=backend",
        "PodCrashes: pod=backend-0, user=<redacted>",
    ]
    assert understand(seen) == understand(await observe(cluster()))


async def test_the_words_of_an_alert_are_never_taken_for_those_of_kubernetes():
    alert = firing("FailedMount", pod="backend-0", summary="secret not found, memory, pull image")
    seen = await observe(cluster(), Answers([alert]))
    assert understand(seen) == understand(await observe(cluster()))


def test_the_namespace_is_a_quoted_value():
    about = scene(world(), policy(), ref(BACK), SYMPTOMS)
    assert (
        query(about, 'a"} or vector(1) #') == 'ALERTS{alertstate="firing",namespace="a\\"} or vector(1) #"}'
    )


def test_alerts_are_bounded_and_each_comes_once():
    about = scene(world(), policy(), ref(BACK), SYMPTOMS)
    many = [firing(f"Alert{n % 30}", pod="backend-0") for n in range(300)]
    found = read_alerts(many, about, Redactor())
    assert len({alert.name for alert in found}) == len(found) == MAX_ALERTS


def test_alerts_of_a_node_are_those_that_name_it():
    about = scene(world(), policy(), ObjectRef(kind="Node", name="node-1"), ())
    assert 'node="node-1"' in query(about, "shop")
    found = read_alerts([firing("A", node="node-1"), firing("B", node="node-2")], about, Redactor())
    assert [alert.name for alert in found] == ["A"]


# --- series


async def test_restarts_and_throttling_are_read_where_prometheus_has_them():
    series = {
        "metric": {"pod": "backend-0", "container": "app"},
        "values": [[1795435200, "3"], [1795435215, "4"]],
    }
    prometheus = Answers(series={"container_restarts": [series]})
    seen = await observe(cluster(), prometheus)
    assert [(each.name, each.subject, each.values) for each in seen.metrics] == [
        ("container_restarts", "backend-0/app", (3.0, 4.0))
    ]
    assert any('pod=~"backend-0|backend-1"' in each for each in prometheus.asked)
    assert seen.missing == ()


def test_no_pods_no_question():
    assert queries("shop", []) == {}


@pytest.mark.parametrize("fault", [PrometheusUnavailable("away"), TimeoutError()])
async def test_a_prometheus_that_is_away_is_named_and_the_rest_goes_on(fault):
    seen = await observe(cluster(logs={"backend-0": "ERROR x\n"}), Answers(fault=fault))
    assert seen.alerts == ()
    assert seen.logs
    assert any(each.startswith("alerts") for each in seen.missing)


async def test_why_prometheus_had_nothing_is_told_in_its_own_words():
    seen = await observe(cluster(), Answers(fault=PrometheusUnavailable("400: unexpected identifier")))
    assert "alerts: 400: unexpected identifier" in seen.missing


async def test_without_prometheus_nothing_is_missing():
    assert (await observe(cluster())).missing == ()
