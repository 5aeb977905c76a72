"""Small workloads that really fail, in a namespace of their own, and a store that is filled by listing it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from planaria_contract import ObjectRef, Observation, Symptom
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.evidence.collector import Collector
from planaria_operator.evidence.facts import revision_of
from planaria_operator.evidence.revisions import Revisions, read_revisions
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import parse_workload
from planaria_operator.watch.kinds import PARSERS
from tests.builders import policy

IMAGE = "planaria.local/busybox:1"
READY = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1, "failureThreshold": 2}
TRIGGERS = {
    "not_ready_for_seconds": 5,
    "waiting_for_seconds": 5,
    "restarts": {"count": 2, "window_seconds": 300},
}
KINDS = ("Node", "Pod", "ReplicaSet", "Service", "EndpointSlice", "Deployment")


def deployment(name: str, script: str, *, replicas: int = 1, **container: Any) -> dict[str, Any]:
    limits = {"memory": "32Mi", "cpu": "50m"}
    main = {
        "name": "app",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", script],
        "resources": {"limits": limits, "requests": {"memory": "8Mi", "cpu": "5m"}},
        **container,
    }
    labels = {"app": name}
    template = {
        "metadata": {"labels": labels},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [main]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def stateful_set(name: str, script: str) -> dict[str, Any]:
    body = deployment(name, script)
    return {**body, "kind": "StatefulSet", "spec": {**body["spec"], "serviceName": name}}


def daemon_set(name: str, script: str) -> dict[str, Any]:
    body = deployment(name, script)
    del body["spec"]["replicas"]
    return {**body, "kind": "DaemonSet"}


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


class Room:
    """One namespace of the real cluster, seen as the operator sees it."""

    def __init__(self, kube: KubeClient, namespace: str) -> None:
        self.kube = kube
        self.policy = policy(namespace=namespace, triggers=TRIGGERS)
        self.namespace = namespace

    async def store(self) -> ClusterStore:
        filled = ClusterStore()
        for kind in KINDS:
            for body in await self.kube.list(kind, "" if kind == "Node" else self.namespace):
                filled.put(PARSERS[kind](body))
        return filled

    async def incidents(self) -> dict[str, Incident]:
        found = detect(await self.store(), self.policy, now())
        return {incident.target.name: incident for incident in found}

    async def ripe(self, name: str, *, seconds: int = 90) -> Incident:
        """The incident of a workload, once its trigger has waited long enough."""
        for _ in range(seconds):
            incident = (await self.incidents()).get(name)
            if incident and incident.ripe:
                return incident
            await asyncio.sleep(1)
        raise AssertionError(f"no ripe incident of {name} within {seconds} s: {await self.incidents()}")

    async def revisions(self, kind: str, name: str) -> Revisions:
        workload = parse_workload(kind, await self.kube.get(kind, self.namespace, name))
        return await read_revisions(self.kube, await self.store(), workload)

    async def hashes(self, app: str) -> set[str | None]:
        pods = (await self.store()).pods()
        return {revision_of(pod) for pod in pods if pod.active and pod.meta.labels["app"] == app}

    async def observe(self, incident: Incident) -> Observation:
        return await self.look_at(incident.target, incident.symptoms)

    async def look_at(self, target: ObjectRef, symptoms: tuple[Symptom, ...] = ()) -> Observation:
        collector = Collector(self.kube, await self.store())
        return await collector.observe(self.policy, target, symptoms, "test", now())


@asynccontextmanager
async def room(kubeconfig: Path, namespace: str) -> AsyncIterator[Room]:
    kube = await connect(kubeconfig)
    try:
        yield Room(kube, namespace)
    finally:
        await kube.close()


async def make(kubeconfig: Path, bodies: list[dict[str, Any]]) -> str:
    """A new namespace with these objects in it."""
    namespace = f"sense-{uuid.uuid4().hex[:8]}"
    async with room(kubeconfig, namespace) as made:
        await made.kube.create("Namespace", "", {"metadata": {"name": namespace}})
        for body in bodies:
            await made.kube.create(body["kind"], namespace, body)
    return namespace


async def drop(kubeconfig: Path, namespace: str) -> None:
    async with room(kubeconfig, namespace) as made:
        await made.kube.delete("Namespace", "", namespace)
