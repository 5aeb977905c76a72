"""The eight faults of the scenarios, as an observation of the real cluster shows them."""

from itertools import count

import pytest

from planaria_contract import (
    DependencyFact,
    EventFact,
    Fault,
    LogLine,
    MetricSeries,
    NodeFact,
    ObjectRef,
    SymptomKind,
)
from planaria_semantics.rules import understand
from tests.builders import ago, observation, pod_fact, symptom, workload_fact

MIB = 2**20


def lines(pod, *texts, age=30, previous=False):
    """Lines one second apart, the last one `age` seconds ago."""
    return [
        LogLine(
            index=0,
            pod=pod,
            container="app",
            text=text,
            previous=previous,
            time=ago(age + len(texts) - 1 - number),
        )
        for number, text in enumerate(texts)
    ]


def window(*parts):
    numbers = count()
    return tuple(line.model_copy(update={"index": next(numbers)}) for part in parts for line in part)


def memory(pod, used, limit=64):
    return MetricSeries(
        name="memory_bytes", subject=f"{pod}/app", unit="bytes", values=(used * MIB,), limit=limit * MIB
    )


def processor(pod, used, limit=200):
    return MetricSeries(
        name="cpu_millicores", subject=f"{pod}/app", unit="millicores", values=(used,), limit=limit
    )


def unhealthy(pod, message):
    return EventFact(reason="Unhealthy", message=message, subject=ObjectRef(kind="Pod", name=pod))


def about(kind, name, since=60, message=""):
    return symptom(kind, ObjectRef(kind="Pod", name=name, namespace="shop"), since=since, message=message)


TRAFFIC = (
    "2026-11-23T11:59:00Z INFO  [front] request_id=1a method=GET path=/work status=200 duration=5ms",
) * 3
READY_503 = "Readiness probe failed: HTTP probe failed with statuscode: 503"
READY_TIMEOUT = (
    'Readiness probe failed: Get "http://10.1.0.7:8080/readyz": context deadline exceeded (Client.Timeout exceeded '
    "while awaiting headers)"
)


def memory_limit_too_low():
    killed = {
        "restarts": 3,
        "waiting_reason": "CrashLoopBackOff",
        "last_termination": "OOMKilled",
        "last_exit_code": 137,
    }
    names = ("front-0", "front-1")
    kinds = (SymptomKind.CRASH_LOOP, SymptomKind.OUT_OF_MEMORY, SymptomKind.NOT_READY)
    return observation(
        pods=tuple(pod_fact(name, affected=True, **killed) for name in names),
        workload=workload_fact(desired=2, ready=0),
        symptoms=tuple(about(kind, name) for name in names for kind in kinds),
        logs=window(lines("front-0", *TRAFFIC, previous=True)),
        events=(EventFact(reason="BackOff", message="Back-off restarting failed container", subject=ObjectRef(kind="Pod", name="front-0")),),
    )  # fmt: skip


def memory_leak_in_one():
    watermark = "ERROR [front] memory watermark exceeded: heap 57 MiB of 64 MiB (limit), refusing work"
    return observation(
        symptoms=(about(SymptomKind.NOT_READY, "front-0"),),
        logs=window(lines("front-0", *TRAFFIC, watermark, watermark), lines("front-1", *TRAFFIC, age=1)),
        metrics=(memory("front-0", 57), memory("front-1", 21), memory("front-2", 22)),
        events=(unhealthy("front-0", READY_503),),
    )


def bad_configuration():
    return observation(
        pods=(
            pod_fact("new", affected=True, revision="b", restarts=3, waiting_reason="CrashLoopBackOff",
                     last_termination="Error", last_exit_code=1),
            pod_fact("front-1", revision="a"),
            pod_fact("front-2", revision="a"),
        ),
        workload=workload_fact(desired=2, ready=2, revision="b", previous_revision="a", rollout_in_progress=True,
                               revision_age_seconds=40),
        symptoms=(about(SymptomKind.CRASH_LOOP, "new", message="app: CrashLoopBackOff."),
                  about(SymptomKind.TERMINATED, "new", message="app: Error, exit code 1")),
        logs=window(
            lines("new", "INFO  [front] starting version=1.0.0 mode=serve pid=1",
                  'ERROR [front] configuration: CACHE_TTL="5minutes": time: unknown unit "minutes" in duration "5minutes"',
                  "FATAL [front] invalid configuration: 1 error(s), refusing to start", previous=True),
            lines("front-1", *TRAFFIC, age=1),
        ),
    )  # fmt: skip


def missing_image():
    return observation(
        pods=(
            pod_fact("new", affected=True, revision="b", waiting_reason="ImagePullBackOff"),
            pod_fact("front-1", revision="a"),
        ),
        workload=workload_fact(desired=1, ready=1, revision="b", previous_revision="a", rollout_in_progress=True),
        symptoms=(about(SymptomKind.IMAGE_PULL, "new"),),
        events=(EventFact(reason="Failed", message='Failed to pull image "planaria.local/app:9"',
                          subject=ObjectRef(kind="Pod", name="new")),),
    )  # fmt: skip


def hanging_replica():
    return observation(
        symptoms=(about(SymptomKind.NOT_READY, "front-0", since=12),),
        logs=window(lines("front-0", *TRAFFIC, age=24), lines("front-1", *TRAFFIC, age=2)),
        metrics=(memory("front-0", 20), memory("front-1", 21), processor("front-0", 1)),
        events=(unhealthy("front-0", READY_TIMEOUT),),
    )


def lost_node():
    node = ObjectRef(kind="Node", name="node-1", uid="n")
    return observation(
        target=node,
        workload=None,
        pods=(pod_fact("front-0", affected=True), pod_fact("cart-1", affected=True)),
        symptoms=(symptom(SymptomKind.NODE_NOT_READY, node), about(SymptomKind.NOT_READY, "front-0", since=59)),
        nodes=(NodeFact(name="node-1", ready=False, schedulable=True), NodeFact(name="node-2", ready=True, schedulable=True)),
        missing=("logs from node-1: the node is not ready",),
    )  # fmt: skip


def dependency_at_zero():
    refused = (
        "ERROR [front] dependency check failed request_id=7f attempt=9 "
        'error="Get \\"http://backend:8080/livez\\": dial tcp 10.96.3.4:8080: connect: connection refused"'
    )
    names = ("front-0", "front-1")
    return observation(
        pods=tuple(pod_fact(name, affected=True) for name in names),
        workload=workload_fact(desired=2, ready=0),
        symptoms=tuple(about(SymptomKind.NOT_READY, name) for name in names),
        logs=window(*(lines(name, *TRAFFIC, refused, refused, age=1) for name in names)),
        events=(unhealthy("front-0", READY_503),),
        dependencies=(
            DependencyFact(
                service="backend", ready_endpoints=0, workload=workload_fact("backend", desired=0)
            ),
        ),
    )


def load_tripled():
    full = "WARN  [front] request queue full (96/96), shedding load shed_total=132"
    return observation(
        pods=(pod_fact("front-0", affected=True), pod_fact("front-1")),
        workload=workload_fact(desired=2, ready=1),
        symptoms=(about(SymptomKind.NOT_READY, "front-0", since=12),),
        logs=window(
            lines("front-0", *TRAFFIC, full, full, full, age=1), lines("front-1", *TRAFFIC, full, age=1)
        ),
        metrics=(processor("front-0", 198), processor("front-1", 197), memory("front-0", 20, 48)),
        events=(unhealthy("front-0", READY_503),),
    )


SITUATIONS = [
    (memory_limit_too_low, Fault.MEMORY_EXHAUSTION, "Deployment/front", 3),
    (memory_leak_in_one, Fault.MEMORY_EXHAUSTION, "Pod/front-0", 1),
    (bad_configuration, Fault.BAD_CONFIGURATION, "Deployment/front", 1),
    (missing_image, Fault.IMAGE_PULL, "Deployment/front", 1),
    (hanging_replica, Fault.HANG_OR_PROBE_FAILURE, "Pod/front-0", 1),
    (lost_node, Fault.NODE_FAULT, "Node/node-1", 2),
    (dependency_at_zero, Fault.DEPENDENCY_UNAVAILABLE, "Deployment/backend", 3),
    (load_tripled, Fault.OVERLOAD, "Deployment/front", 2),
]


@pytest.mark.parametrize(("situation", "fault", "component", "severity"), SITUATIONS, ids=lambda value: getattr(value, "__name__", None))  # fmt: skip
def test_each_of_the_eight_faults_is_understood(situation, fault, component, severity):
    seen = situation()
    state = understand(seen)
    assert (state.fault, state.component, state.severity) == (fault, component, severity)
    assert state.confidence >= 0.6
    assert state.refers_into(seen)
    assert state.evidence


@pytest.mark.parametrize("situation", [entry[0] for entry in SITUATIONS], ids=lambda value: value.__name__)
def test_no_log_text_reaches_the_summary(situation):
    seen = situation()
    summary = understand(seen).summary
    assert not any(line.text[10:60] in summary for line in seen.logs)


@pytest.mark.parametrize("situation", [memory_leak_in_one, dependency_at_zero, hanging_replica])
def test_the_fault_is_still_understood_without_metrics_and_events(situation):
    seen = situation()
    poorer = seen.model_copy(update={"metrics": (), "events": (), "missing": ("events", "metrics")})
    assert understand(poorer).fault is understand(seen).fault
    assert understand(poorer).confidence <= understand(seen).confidence


def test_an_overload_is_told_from_a_hang_even_while_only_one_of_two_replicas_is_out():
    state = understand(load_tripled().model_copy(update={"metrics": ()}))
    assert state.fault is Fault.OVERLOAD
