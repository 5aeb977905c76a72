"""Making the fault. Whatever is done here is done for real: an edit, a request, a stopped kubelet."""

import asyncio
from collections.abc import Callable
from typing import Any

from planaria_scenarios.api import Api
from planaria_scenarios.catalogue import Entry
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.harm import Injected
from planaria_scenarios.history import History
from planaria_scenarios.model import DeletePod, Http, ScaleTo, SetEnv, SetImage, Step, StopNode
from planaria_scenarios.nodes import Nodes
from planaria_scenarios.views import Pod


class Injector:
    def __init__(self, api: Api, nodes: Nodes, namespace: str, history: History) -> None:
        self._api = api
        self._nodes = nodes
        self._namespace = namespace
        self._history = history
        self.injected = Injected()

    async def run(self, entry: Entry, say: Callable[[str], None]) -> None:
        """Every step in order; `say` gets a sentence on each before it is done. Raises ApiError."""
        for step in entry.scenario.inject:
            await self._step(entry, step, say)

    async def _step(self, entry: Entry, step: Step, say: Callable[[str], None]) -> None:
        match next(value for name in step.model_fields_set if (value := getattr(step, name))):
            case SetEnv() as change:
                await self._set_env(change, say)
            case SetImage() as change:
                await self._set_image(change, say)
            case ScaleTo() as change:
                await self._scale(change, say)
            case Http() as request:
                await self._http(request, say)
            case StopNode() as stop:
                await self._stop_node(stop, say)
            case DeletePod() as deletion:
                await self._delete_pod(deletion, say)
            case str() as file:
                await self._apply(entry, file, say)
            case int() as seconds:
                say(f"wait {seconds} s")
                await asyncio.sleep(seconds)

    async def _set_env(self, change: SetEnv, say: Callable[[str], None]) -> None:
        pairs = " ".join(f"{key}={value}" for key, value in change.env.items())
        say(f"set env {change.object} {pairs}")
        env = [{"name": key, "value": value} for key, value in change.env.items()]
        await self._template(change.object, {"name": self._container(change.object), "env": env})

    async def _set_image(self, change: SetImage, say: Callable[[str], None]) -> None:
        say(f"set image {change.object} {change.image}")
        await self._template(change.object, {"name": self._container(change.object), "image": change.image})

    async def _template(self, ref: str, container: dict[str, Any]) -> None:
        kind, _, name = ref.partition("/")
        body = {"spec": {"template": {"spec": {"containers": [container]}}}}
        await self._api.patch(kind, self._namespace, name, body)

    def _container(self, ref: str) -> str:
        kind, _, name = ref.partition("/")
        containers = self._history.objects[kind, name]["spec"]["template"]["spec"]["containers"]
        return str(containers[0]["name"])

    async def _scale(self, change: ScaleTo, say: Callable[[str], None]) -> None:
        say(f"scale {change.object} to {change.replicas} replicas")
        kind, _, name = change.object.partition("/")
        await self._api.patch(kind, self._namespace, name, {"spec": {"replicas": change.replicas}})

    async def _http(self, request: Http, say: Callable[[str], None]) -> None:
        pod = self._pod_of(request.to)
        say(f"POST {request.path} to Pod/{pod.name}" + (" with text" if request.body else ""))
        if request.victim:
            self.injected.victims.add(pod.uid)
        await self._api.through_pod(self._namespace, pod.name, request.path, method="POST", body=request.body)

    async def _stop_node(self, stop: StopNode, say: Callable[[str], None]) -> None:
        self.injected.node = self._pod_of(stop.hosting).node
        say(f"stop the kubelet of Node/{self.injected.node}")
        await self._nodes.stop(self.injected.node)

    async def _delete_pod(self, deletion: DeletePod, say: Callable[[str], None]) -> None:
        pod = self._pod_of(deletion.of)
        say(f"delete Pod/{pod.name}")
        self.injected.victims.add(pod.uid)
        await self._api.delete("Pod", self._namespace, pod.name)

    async def _apply(self, entry: Entry, file: str, say: Callable[[str], None]) -> None:
        bodies = entry.manifest(file)
        say("apply " + ", ".join(f"{body['kind']}/{body['metadata']['name']}" for body in bodies))
        for body in bodies:
            await self._api.apply(body, self._namespace)

    def _pod_of(self, ref: str) -> Pod:
        """Always the same one: the first by name."""
        workload = self._history.workload(ref)
        pods = sorted(self._history.pods_of(workload), key=lambda pod: pod.name) if workload else []
        if not pods:
            raise EnvironmentalError(f"{ref} has no pod to make the fault in")
        return pods[0]
