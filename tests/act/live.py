"""A namespace of its own on the real cluster, with real workloads in it, for one test."""

import asyncio
import copy
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from planaria_contract import Observation, PodFact
from planaria_contract.actions import Parameters
from planaria_operator.act.actor import Actor
from planaria_operator.act.builder import Refusal
from planaria_operator.act.planner import Planner
from planaria_operator.api.healing_policy import HealingPolicy, HealingPolicySpec
from planaria_operator.api.plan import Plan
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import JsonBody, PatchType
from planaria_operator.objects.cluster import parse_node
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import parse_workload
from tests.builders import NOW, decision, ref, symptom
from tests.kube.real import make_account, post, with_token

MANIFEST = Path(__file__).parents[2] / "operator" / "manifests" / "rbac.yaml"
TIMEOUT = 60
"""Seconds. The machine is shared; what is waited for usually takes a few."""
T = TypeVar("T")
IMAGE = "planaria.local/busybox:1"


@asynccontextmanager
async def own_namespace(kubeconfig: Path) -> AsyncIterator["Live"]:
    kube = await connect(kubeconfig)
    name = f"act-{uuid.uuid4().hex[:8]}"
    await kube.create("Namespace", "", {"metadata": {"name": name}})
    try:
        yield Live(kube, name, ClusterStore())
    finally:
        await kube.delete("Namespace", "", name)
        await kube.close()


async def eventually(ask: Callable[[], Awaitable[T]], fits: Callable[[T], bool]) -> T:
    async with asyncio.timeout(TIMEOUT):
        while not fits(found := await ask()):
            await asyncio.sleep(0.5)
    return found


@dataclass
class Live:
    kube: KubeClient
    namespace: str
    store: ClusterStore

    @property
    def actor(self) -> Actor:
        return Actor(self.kube)

    async def create(self, kind: str, **changes: Any) -> JsonBody:
        return await self.kube.create(kind, self.namespace, workload_body(kind, **changes))

    async def get(self, kind: str, name: str = "app") -> JsonBody:
        return await self.kube.get(kind, self.namespace, name)

    async def change(self, kind: str, body: JsonBody, name: str = "app") -> JsonBody:
        """What a person would do."""
        return await self.kube.patch(kind, self.namespace, name, body, patch_type=PatchType.STRATEGIC)

    async def pods(self) -> list[JsonBody]:
        found = await self.kube.list("Pod", self.namespace, labels="app=app")
        return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]

    async def running(self, count: int) -> list[JsonBody]:
        def up(pods: list[JsonBody]) -> bool:
            return len(pods) == count and all(map(is_ready, pods))

        return await eventually(self.pods, up)

    async def settled(self, kind: str) -> JsonBody:
        """Once everything that the workload wants is there, new and ready."""
        return await eventually(lambda: self.get(kind), lambda body: parse_workload(kind, body).healthy)

    async def as_operator_with(self, *parts: str) -> "Live":
        """The same, with what these parts of the chart's roles grant in this namespace and no more."""
        rules = [rule for part in parts for rule in rules_of(part)]
        name = f"operator-{uuid.uuid4().hex[:8]}"
        token = await make_account(self.kube, self.namespace, name)
        base = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}"
        about = {"metadata": {"name": name}}
        await post(self.kube, f"{base}/roles", {**about, "rules": rules})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        account = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        await post(self.kube, f"{base}/rolebindings", {**about, "roleRef": role, "subjects": [account]})
        return Live(with_token(self.kube, token), self.namespace, self.store)

    async def plan(
        self,
        kind: str,
        parameters: Parameters,
        *,
        affected: Callable[[JsonBody], bool] = lambda _: True,
        attempt: str = "app-12345678/1",
        **spec: Any,
    ) -> Plan | Refusal:
        target = parse_workload(kind, await self.get(kind))
        for node in await self.kube.list("Node"):
            self.store.put(parse_node(node))
        self.store.put(target)
        facts = tuple(pod_fact(pod, affected=affected(pod)) for pod in await self.pods())
        seen = Observation(incident="i", time=NOW, target=ref(target), symptoms=(symptom(),), pods=facts)
        policy = HealingPolicy(
            name="p", namespace=self.namespace, uid="p", spec=HealingPolicySpec.model_validate(spec)
        )
        return await Planner(self.kube, self.store).plan(decision(parameters, target), seen, policy, attempt)


def rules_of(part: str) -> list[JsonBody]:
    """Of the manifest that is made from the chart."""
    roles = {
        body["metadata"]["name"]: body["rules"]
        for body in yaml.safe_load_all(MANIFEST.read_text())
        if body["kind"] == "ClusterRole"
    }
    found: list[JsonBody] = roles[f"planaria-operator-{part}"]
    return found


@asynccontextmanager
async def minimal_kind(kube: KubeClient, group: str, kind: str, plural: str) -> AsyncIterator[None]:
    """The shape of somebody else's custom resource, without its controller; afterwards it is gone again."""
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    body = {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    where = ("CustomResourceDefinition", "", f"{plural}.{group}")
    await kube.create(*where[:2], body)

    async def served() -> bool:
        found = (await kube.get(*where)).get("status") or {}
        said = {each["type"]: each["status"] for each in found.get("conditions") or ()}
        return said.get("Established") == "True"

    async def removed() -> bool:
        return f"{plural}.{group}" not in {each["metadata"]["name"] for each in await kube.list(where[0])}

    await eventually(served, bool)
    try:
        yield
    finally:
        await kube.delete(*where)
        await eventually(removed, bool)


async def gone(live: Live, pod: JsonBody) -> bool:
    try:
        found = await live.get("Pod", pod["metadata"]["name"])
    except NotFound:
        return True
    return bool(
        found["metadata"]["uid"] != pod["metadata"]["uid"] or found["metadata"].get("deletionTimestamp")
    )


def is_ready(pod: JsonBody) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def pod_fact(pod: JsonBody, *, affected: bool) -> PodFact:
    about = pod["metadata"]
    return PodFact(
        name=about["name"],
        uid=about["uid"],
        node=pod["spec"].get("nodeName"),
        ready=is_ready(pod),
        affected=affected,
    )


def workload_body(kind: str, *, replicas: int = 1, command: str = "sleep 3600", **container: Any) -> JsonBody:
    spec: JsonBody = {
        "selector": {"matchLabels": {"app": "app"}},
        "template": {"metadata": {"labels": {"app": "app"}}, "spec": pod_spec(command, **container)},
    }
    if kind != "DaemonSet":
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = "app"
    return {"metadata": {"name": "app"}, "spec": spec}


def pod_spec(command: str, **container: Any) -> JsonBody:
    app = {
        "name": "app",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", command],
        **copy.deepcopy(container),
    }
    return {"terminationGracePeriodSeconds": 1, "containers": [app]}


def template_with(command: str) -> JsonBody:
    """A strategic merge patch to a template that runs something else."""
    return {
        "spec": {"template": {"spec": {"containers": [{"name": "app", "command": ["sh", "-c", command]}]}}}
    }
