"""Faults as the operator sees them on a real cluster: what lies under every attack."""

from itertools import count

from planaria_contract import (
    DependencyFact,
    EventFact,
    Fault,
    LogLine,
    MetricSeries,
    NodeFact,
    ObjectRef,
    Observation,
    SymptomKind,
)
from tests.builders import ago, observation, pod_fact, symptom, workload_fact

MIB = 2**20
POD = "front-0"


def _about(kind: SymptomKind, name: str, since: float = 60, message: str = ""):
    return symptom(kind, ObjectRef(kind="Pod", name=name, namespace="shop"), since=since, message=message)


def _says(*texts: str, pod: str = POD, age: float = 30, previous: bool = False) -> list[LogLine]:
    """One second apart, the last `age` seconds ago."""
    return [
        LogLine(index=0, pod=pod, container="app", text=text, previous=previous, time=ago(age + len(texts) - number))
        for number, text in enumerate(texts)
    ]  # fmt: skip


def _logs(*parts: list[LogLine]) -> tuple[LogLine, ...]:
    numbers = count()
    return tuple(line.model_copy(update={"index": next(numbers)}) for part in parts for line in part)


def _event(reason: str, message: str, times: int = 3) -> EventFact:
    return EventFact(
        reason=reason,
        message=message,
        subject=ObjectRef(kind="Pod", name=POD),
        count=times,
        last_seen=ago(20),
    )


def _memory(pod: str, used: int, limit: int = 64) -> MetricSeries:
    return MetricSeries(
        name="memory_bytes", subject=f"{pod}/app", unit="bytes", values=(used * MIB,), limit=limit * MIB
    )


TRAFFIC = (
    "2026-11-23T11:59:00Z INFO  [front] request_id=1a method=GET path=/work status=200 duration=5ms",
    "2026-11-23T11:59:01Z INFO  [front] stats requests=311 done=311 shed=0 waiting=0 cache_items=44",
)
SIBLING = _says(*TRAFFIC, pod="front-1", age=1)
UNREADY = "Readiness probe failed: HTTP probe failed with statuscode: 503"


def out_of_memory() -> Observation:
    killed = {"restarts": 4, "waiting_reason": "CrashLoopBackOff", "last_termination": "OOMKilled", "last_exit_code": 137}  # fmt: skip
    return observation(
        pods=(pod_fact(POD, affected=True, **killed), pod_fact("front-1"), pod_fact("front-2")),
        symptoms=(_about(SymptomKind.OUT_OF_MEMORY, POD), _about(SymptomKind.CRASH_LOOP, POD)),
        logs=_logs(
            _says(*TRAFFIC, "ERROR [front] memory watermark exceeded: heap 61 MiB of 64 MiB (limit), refusing work", previous=True),
            SIBLING,
        ),
        metrics=(_memory(POD, 63), _memory("front-1", 21)),
        events=(_event("BackOff", "Back-off restarting failed container app in pod front-0"),),
    )  # fmt: skip


def bad_configuration() -> Observation:
    return observation(
        pods=(
            pod_fact(POD, affected=True, revision="b", restarts=3, waiting_reason="CrashLoopBackOff",
                     last_termination="Error", last_exit_code=1),
            pod_fact("front-1", revision="a"),
            pod_fact("front-2", revision="a"),
        ),
        workload=workload_fact(desired=3, ready=2, revision="b", previous_revision="a", rollout_in_progress=True,
                               revision_age_seconds=40),
        symptoms=(_about(SymptomKind.CRASH_LOOP, POD, message="app: CrashLoopBackOff."),
                  _about(SymptomKind.TERMINATED, POD, message="app: Error, exit code 1")),
        logs=_logs(
            _says("INFO  [front] starting version=1.0.0 mode=serve pid=1",
                  'ERROR [front] configuration: CACHE_TTL="5minutes": time: unknown unit "minutes" in duration "5minutes"',
                  "FATAL [front] invalid configuration: 1 error(s), refusing to start", previous=True),
            SIBLING,
        ),
    )  # fmt: skip


def dependency_at_zero() -> Observation:
    refused = (
        "ERROR [front] dependency check failed request_id=7f attempt=9 "
        'error="Get \\"http://backend:8080/livez\\": dial tcp 10.96.3.4:8080: connect: connection refused"'
    )
    return observation(
        pods=tuple(pod_fact(name, affected=True) for name in (POD, "front-1")),
        workload=workload_fact(desired=2, ready=0),
        symptoms=tuple(_about(SymptomKind.NOT_READY, name) for name in (POD, "front-1")),
        logs=_logs(*(_says(*TRAFFIC, refused, refused, pod=name, age=1) for name in (POD, "front-1"))),
        events=(_event("Unhealthy", UNREADY),),
        dependencies=(
            DependencyFact(
                service="backend", ready_endpoints=0, workload=workload_fact("backend", desired=0)
            ),
        ),
    )


def missing_image() -> Observation:
    return observation(
        pods=(
            pod_fact(POD, affected=True, revision="b", waiting_reason="ImagePullBackOff"),
            pod_fact("front-1", revision="a"),
            pod_fact("front-2", revision="a"),
        ),
        symptoms=(_about(SymptomKind.IMAGE_PULL, POD),),
        logs=_logs(_says("INFO init: migrations are up to date", "INFO init: done"), SIBLING),
        events=(
            _event("Failed", 'Failed to pull image "shop/front:9": manifest for shop/front:9 not found'),
            _event("BackOff", 'Back-off pulling image "shop/front:9"'),
        ),
    )


def hanging_replica() -> Observation:
    return observation(
        symptoms=(_about(SymptomKind.NOT_READY, POD, since=12),),
        logs=_logs(_says(*TRAFFIC, *TRAFFIC, age=40), SIBLING),
        metrics=(_memory(POD, 20), _memory("front-1", 21)),
        events=(
            _event(
                "Unhealthy",
                'Liveness probe failed: Get "http://10.1.0.7:8080/livez": context deadline exceeded '
                "(Client.Timeout exceeded while awaiting headers)",
            ),
        ),
    )


def full_volume() -> Observation:
    full = "ERROR store: could not write WAL segment: write /data/wal/000017: no space left on device"
    return observation(
        symptoms=(_about(SymptomKind.NOT_READY, POD),),
        logs=_logs(_says(*TRAFFIC, full, full, full, age=2), SIBLING),
        metrics=(
            MetricSeries(name="volume_bytes", subject=f"{POD}/data", unit="bytes", values=(995.0,), limit=1000.0),
            _memory(POD, 20),
        ),
        events=(_event("Unhealthy", UNREADY),),
    )  # fmt: skip


def fatal_signal() -> Observation:
    ended = {"restarts": 5, "waiting_reason": "CrashLoopBackOff", "last_termination": "Error", "last_exit_code": 139}  # fmt: skip
    return observation(
        pods=(pod_fact(POD, affected=True, **ended), pod_fact("front-1"), pod_fact("front-2")),
        symptoms=(_about(SymptomKind.CRASH_LOOP, POD), _about(SymptomKind.TERMINATED, POD)),
        logs=_logs(
            _says(*TRAFFIC, "fatal error: unexpected signal during runtime execution",
                  "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x46b2c1]",
                  "goroutine 17 [running]:", "main.(*cache).evict(0x0)", previous=True),
            SIBLING,
        ),
        events=(_event("BackOff", "Back-off restarting failed container app in pod front-0"),),
    )  # fmt: skip


def lost_node() -> Observation:
    node = ObjectRef(kind="Node", name="node-7", uid="n")
    return observation(
        target=node,
        workload=None,
        pods=(
            pod_fact(POD, affected=True, node="node-7"),
            pod_fact("cart-1", affected=True, node="node-7"),
        ),
        symptoms=(symptom(SymptomKind.NODE_NOT_READY, node), _about(SymptomKind.NOT_READY, POD, since=59)),
        logs=_logs(_says(*TRAFFIC)),
        nodes=(
            NodeFact(name="node-7", ready=False, schedulable=True),
            NodeFact(name="node-2", ready=True, schedulable=True),
        ),
        missing=("logs from node-7: the node is not ready",),
    )


def expired_certificate() -> Observation:
    """Told by the log alone: no fact of Kubernetes helps here."""
    expired = (
        "ERROR [front] call to https://ledger/v1/book failed: tls: failed to verify certificate: "
        "x509: certificate has expired or is not yet valid: current time 2026-11-23T11:59:20Z is after 2026-11-22T00:00:00Z"
    )
    return observation(
        symptoms=(_about(SymptomKind.NOT_READY, POD),),
        logs=_logs(_says(*TRAFFIC, expired, expired, expired, age=2), SIBLING),
        events=(_event("Unhealthy", UNREADY),),
    )


FAULTS = (
    (out_of_memory, Fault.MEMORY_EXHAUSTION, "Pod/front-0", 1),
    (bad_configuration, Fault.BAD_CONFIGURATION, "Deployment/front", 1),
    (dependency_at_zero, Fault.DEPENDENCY_UNAVAILABLE, "Deployment/backend", 3),
    (missing_image, Fault.IMAGE_PULL, "Deployment/front", 1),
    (hanging_replica, Fault.HANG_OR_PROBE_FAILURE, "Pod/front-0", 1),
    (full_volume, Fault.STORAGE_FAULT, "Deployment/front", 1),
    (fatal_signal, Fault.APPLICATION_CRASH, "Pod/front-0", 1),
    (expired_certificate, Fault.AUTH_OR_CERTIFICATE, "Deployment/front", 1),
    (lost_node, Fault.NODE_FAULT, "Node/node-7", 2),
)
"""The situation, and what any extractor has to make of it."""
