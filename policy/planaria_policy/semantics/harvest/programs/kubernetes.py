"""Kubernetes: events, kubelet and containerd about pods that cannot run, in a namespace of the harvest's own.

Needs `kubectl`, and in the environment KUBECONFIG, HARVEST_IMAGE (an image that the nodes have, which serves HTTP on
8080 and needs no arguments) and HARVEST_LOGS (the folder of the nodes' logs, *.kubelet.log and *.containerd.log).
"""

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planaria_contract import Fault
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Experiment, Program

NAMESPACE = "harvest"
SHOWN = "shop"
"""What the namespace is called in what is written."""
_OBJECT = re.compile(r"(?i)namespace[=:]\W*harvest|harvest/|Namespace:harvest")


@dataclass(frozen=True)
class PodFault:
    name: str
    fault: Fault
    severity: int
    signs: str
    container: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 20


@dataclass(frozen=True)
class Said:
    events: str
    kubelet: str
    containerd: str


_said: dict[str, Said] = {}
"""One real pod serves all three sources."""


def _kubectl(bench: Bench, *arguments: str) -> str:
    return bench.run(
        ["kubectl", *arguments], env={"KUBECONFIG": os.environ.get("KUBECONFIG", "/nonexistent")}, seconds=25
    )


def _pod(one: PodFault) -> dict[str, Any]:
    image = os.environ.get("HARVEST_IMAGE", "registry.example.com/app:1")
    container = {"name": "app", "image": image, "resources": {"limits": {"memory": "48Mi"}}, **one.container}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{one.name}-0", "namespace": NAMESPACE},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **one.spec},
    }  # fmt: skip


def _logs(suffix: str) -> dict[Path, int]:
    folder = os.environ.get("HARVEST_LOGS")
    return (
        {path: path.stat().st_size for path in sorted(Path(folder).glob(f"*.{suffix}.log"))} if folder else {}
    )


def _since(places: Mapping[Path, int]) -> str:
    lines: list[str] = []
    for path, place in places.items():
        with path.open(encoding="utf-8", errors="replace") as file:
            file.seek(place)
            lines += [line.rstrip("\n") for line in file if _OBJECT.search(line)]
    return "\n".join(lines).replace(NAMESPACE, SHOWN)


def _cause(bench: Bench, one: PodFault) -> Said:
    if one.name in _said:
        return _said[one.name]
    kubelet, containerd = _logs("kubelet"), _logs("containerd")
    items = {"apiVersion": "v1", "kind": "List", "items": [*one.before, _pod(one)]}
    path = str(bench.file("pod.json", json.dumps(items)))
    answer = _kubectl(bench, "apply", "-f", path)
    bench.undo(lambda: _kubectl(bench, "delete", "-f", path, "--wait=false", "--ignore-not-found"))
    end = time.monotonic() + one.seconds
    while time.monotonic() < end:
        time.sleep(2.5)
        events = _events(bench, one)
        if one.signs and re.search(one.signs, events) and time.monotonic() > end - one.seconds / 2:
            break
    refused = "\n".join(line for line in answer.split("\n") if "Error" in line)
    said = Said(f"{refused}\n{_events(bench, one)}", _since(kubelet), _since(containerd))
    _said[one.name] = said
    return said


def _events(bench: Bench, one: PodFault) -> str:
    found = json.loads(_kubectl(bench, "get", "events", "-n", NAMESPACE, "-o", "json") or '{"items": []}')[
        "items"
    ]
    mine = [event for event in found if event["involvedObject"]["name"] == f"{one.name}-0"]
    mine.sort(key=lambda event: event.get("lastTimestamp") or "")
    shapes = (
        "{type}  {reason}  pod/{name}  {message}", "{reason}: {message}", "{message}",
        'reason={reason} message="{message}" count={count}', "{at} {type} {reason} {by} {message}",
    )  # fmt: skip
    lines = [shape.format(**_fields(event)) for shape in shapes for event in mine]
    return "\n".join(lines).replace(NAMESPACE, SHOWN)


def _fields(event: Mapping[str, Any]) -> dict[str, object]:
    return {
        "type": event.get("type"), "reason": event.get("reason"), "name": event["involvedObject"]["name"],
        "message": event.get("message", "").strip().replace("\n", " "), "count": event.get("count") or 1,
        "at": event.get("lastTimestamp") or event.get("eventTime"),
        "by": event.get("source", {}).get("component") or event.get("reportingComponent"),
    }  # fmt: skip


def _probe(kind: str, port: int, **more: object) -> dict[str, Any]:
    return {
        kind: {
            "httpGet": {"path": "/readyz", "port": port},
            "periodSeconds": 1,
            "failureThreshold": 2,
            "timeoutSeconds": 1,
            **more,
        }
    }


def _image(name: str) -> dict[str, Any]:
    return {"image": name, "imagePullPolicy": "Always"}


_PULL = r"Failed to pull|ErrImagePull|ImagePullBackOff|Back-off pulling|InvalidImageName|PullImage"
_NOT_FOUND = r"not found|CreateContainerConfigError|couldn't find key|FailedMount|MountVolume"
_QUOTA = {
    "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "compute", "namespace": NAMESPACE},
    "spec": {"hard": {"pods": "0", "requests.cpu": "1"}},
}  # fmt: skip
_LIMITS = {
    "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "bounds", "namespace": NAMESPACE},
    "spec": {"limits": [{"type": "Container", "max": {"memory": "32Mi"}}]},
}  # fmt: skip
_SCHEDULING, _CONFIGURATION = Fault.SCHEDULING_BLOCKED, Fault.BAD_CONFIGURATION

FAULTS = (
    # the nodes of the local cluster take every registry from a folder, so DNS and refusal cannot be caused here
    PodFault("image-missing", Fault.IMAGE_PULL, 2, _PULL, _image("registry.example.com/cart:9"), seconds=30),
    PodFault("image-name", Fault.IMAGE_PULL, 2, r"InvalidImageName|couldn't parse image|invalid reference", _image("Shop/Cart:")),
    PodFault("image-never", Fault.IMAGE_PULL, 2, r"ErrImageNeverPull|is not present with pull policy", {"image": "registry.example.com/cart:7", "imagePullPolicy": "Never"}),
    PodFault("config-map", _CONFIGURATION, 2, _NOT_FOUND, {"envFrom": [{"configMapRef": {"name": "cart-settings"}}]}),
    PodFault("secret", _CONFIGURATION, 2, _NOT_FOUND, {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "cart-db", "key": "password"}}}]}),
    PodFault("key", _CONFIGURATION, 2, r"couldn't find key", {"env": [{"name": "CA", "valueFrom": {"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "bundle"}}}]}),
    PodFault("volume-map", _CONFIGURATION, 2, _NOT_FOUND, {"volumeMounts": [{"name": "c", "mountPath": "/c"}]}, spec={"volumes": [{"name": "c", "configMap": {"name": "cart-files"}}]}),
    PodFault("volume-secret", _CONFIGURATION, 2, _NOT_FOUND, {"volumeMounts": [{"name": "c", "mountPath": "/c"}]}, spec={"volumes": [{"name": "c", "secret": {"secretName": "cart-tls"}}]}),
    PodFault("host-path", Fault.STORAGE_FAULT, 2, r"hostPath type check failed|FailedMount", {"volumeMounts": [{"name": "c", "mountPath": "/c"}]}, spec={"volumes": [{"name": "c", "hostPath": {"path": "/data/cart", "type": "Directory"}}]}),
    PodFault("command", _CONFIGURATION, 3, r"executable file not found|no such file", {"command": ["cart-server", "--port=8080"]}),
    PodFault("directory", _CONFIGURATION, 3, r"not a directory|is a directory|permission denied|exec", {"command": ["/proc"]}),
    PodFault("non-root", _CONFIGURATION, 2, r"runAsNonRoot|breaks non-root", {"securityContext": {"runAsNonRoot": True, "runAsUser": 0}}),
    PodFault("memory-start", Fault.MEMORY_EXHAUSTION, 3, r"(?i)oom|memory limit too low", {"resources": {"limits": {"memory": "1Mi"}}}),
    PodFault("liveness", Fault.HANG_OR_PROBE_FAILURE, 2, r"[Pp]robe failed|failed liveness|Unhealthy|\[Liveness", _probe("livenessProbe", 9999)),
    PodFault("readiness", Fault.HANG_OR_PROBE_FAILURE, 2, r"[Pp]robe failed|Unhealthy", {"readinessProbe": {"httpGet": {"path": "/nothing-here", "port": 8080}, "periodSeconds": 1}}),
    PodFault("startup", Fault.HANG_OR_PROBE_FAILURE, 2, r"[Pp]robe failed|failed startup|Unhealthy", {"startupProbe": {"tcpSocket": {"port": 7777}, "periodSeconds": 1, "failureThreshold": 4}}),
    PodFault("probe-exec", Fault.HANG_OR_PROBE_FAILURE, 2, r"[Pp]robe (failed|errored)|Unhealthy", {"livenessProbe": {"exec": {"command": ["/check"]}, "periodSeconds": 1}}),
    PodFault("cpu", _SCHEDULING, 2, r"Insufficient|FailedScheduling", {"resources": {"requests": {"cpu": "900"}}}, seconds=6),
    PodFault("memory", _SCHEDULING, 2, r"Insufficient|FailedScheduling", {"resources": {"requests": {"memory": "9Ti"}}}, seconds=6),
    PodFault("gpu", _SCHEDULING, 2, r"Insufficient|FailedScheduling", {"resources": {"limits": {"nvidia.com/gpu": "1"}}}, seconds=6),
    PodFault("selector", _SCHEDULING, 2, r"node selector|FailedScheduling", spec={"nodeSelector": {"disk": "ssd"}}, seconds=6),
    PodFault("claim", _SCHEDULING, 2, r"persistentvolumeclaim|FailedScheduling", spec={"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "cart-data"}}]}, seconds=6),
    PodFault("affinity", _SCHEDULING, 2, r"affinity|FailedScheduling", spec={"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "cache"}}}]}}}, seconds=6),
    PodFault("limit-range", _SCHEDULING, 2, r"forbidden: .*maximum memory", before=(_LIMITS,), seconds=4),
    PodFault("quota", _SCHEDULING, 2, r"exceeded quota|failed quota", before=(_QUOTA,), seconds=4),
    PodFault("calm", Fault.HEALTHY, 0, "", seconds=9),
    PodFault("calm-probed", Fault.HEALTHY, 0, "", _probe("readinessProbe", 8080, failureThreshold=9, initialDelaySeconds=3), seconds=12),
    PodFault("calm-tolerant", Fault.HEALTHY, 0, "", {"imagePullPolicy": "IfNotPresent"}, {"tolerations": [{"operator": "Exists"}]}, seconds=9),
)  # fmt: skip


def _open(bench: Bench) -> None:
    _kubectl(bench, "create", "namespace", NAMESPACE)
    bench.undo(lambda: _kubectl(bench, "delete", "namespace", NAMESPACE, "--wait=false"))


def _program(source: str, part: Callable[[Said], str], kind: str) -> Program:
    def cause(one: PodFault) -> Callable[[Bench], str]:
        return lambda bench: part(_cause(bench, one))

    experiments = tuple(
        Experiment(one.name, one.fault, one.severity, cause(one), one.signs, kind=kind) for one in FAULTS
    )
    return Program(source, ("kubectl",), experiments, _open)


EVENTS = _program("kubernetes_events", lambda said: said.events, "k8s_event")
KUBELET = _program("kubelet", lambda said: said.kubelet, "container_log")
CONTAINERD = _program("containerd", lambda said: said.containerd, "container_log")
