"""A large namespace without containers: simulated pods on simulated nodes, and the physics that kwok does not play.

Nodes are really lost (nobody renews their leases, the node controller notices), rollouts and replica counts are really the
controllers' work; what the bench adds is what a container would do: fall ill, and get well when its cause is gone.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from planaria_cluster import Provider
from planaria_scenarios.api import Api, Body
from planaria_scenarios.environment import IMAGE, new_namespace
from planaria_scenarios.errors import ApiError, EnvironmentalError

REPLICAS: Final = 10
DEPENDENTS: Final = 40
AT_ONCE: Final = 24
"""Calls that are made at the same time."""
READY_SECONDS: Final = 900.0
BUILD_SECONDS: Final = 1800.0
IDLE_SHARE: Final = 4.0
"""So many times as long as a look at everything took, nothing is looked at."""
LABEL: Final = "bench.planaria.dev/town"
MANAGED: Final = "type"
"""The label by whose value kwok knows its nodes."""
GOOD, BAD = "simulated/agent:1", "simulated/agent:2"
TOLERATIONS: Final = [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}]


@dataclass(frozen=True)
class Size:
    nodes: int = 100
    pods: int = 2000
    replicas: int = REPLICAS
    """Pods of one workload."""

    @property
    def plain(self) -> int:
        """Workloads that depend on nothing."""
        return max(1, (self.pods - self.nodes) // self.replicas - DEPENDENTS)


class Town:
    """One namespace; `simulated` are the names of its nodes."""

    def __init__(self, api: Api, namespace: str, size: Size, simulated: tuple[str, ...]) -> None:
        self.api, self.namespace, self.size, self.simulated = api, namespace, size, simulated
        self._ill: set[str] = set()
        """Names of pods that are meant to be unready."""
        self._built = False
        self._served = True
        """Whether those who need the database have it."""

    # --- building

    async def build(self) -> None:
        """Everything, and return when all of it is ready. Raises EnvironmentalError."""
        await together(
            self.api.patch("Node", "", name, _labelled({LABEL: self.namespace})) for name in self.simulated
        )
        await together(self.api.apply(body, self.namespace) for body in self._bodies())
        async with beside(self.tend):
            await until(self.whole, BUILD_SECONDS, f"the {self.size.pods} simulated pods are not ready")
        self._built = True

    def _bodies(self) -> Iterable[Body]:
        yield from dependency(IMAGE)
        for number in range(self.size.plain):
            yield self._deployment(f"plain-{number:03}", {})
        for number in range(DEPENDENTS):
            yield self._deployment(f"user-{number:03}", {"DATABASE_URL": "http://db:8080/work"})
        yield self.daemon_set(GOOD)

    def _deployment(self, name: str, environment: dict[str, str]) -> Body:
        spec = {"replicas": self.size.replicas, **self._template(name, f"simulated/{name}:1", environment)}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}

    def daemon_set(self, image: str) -> Body:
        update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "30%"}}
        spec = {"updateStrategy": update, **self._template("agent", image, {})}
        return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": spec}

    def _template(self, name: str, image: str, environment: dict[str, str]) -> Body:
        labels = {"app": name}
        container = {
            "name": "app",
            "image": image,
            "env": [{"name": key, "value": value} for key, value in environment.items()],
        }
        spec = {
            "nodeSelector": {LABEL: self.namespace},
            "tolerations": TOLERATIONS,
            "containers": [container],
            "terminationGracePeriodSeconds": 0,
        }
        return {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        }

    # --- looking

    async def pods(self) -> list[Body]:
        """The simulated ones that are not ending."""
        bodies, _ = await self.api.list("Pod", self.namespace)
        simulated = set(self.simulated)
        return [
            body
            for body in bodies
            if body["spec"].get("nodeName") in simulated and "deletionTimestamp" not in body["metadata"]
        ]

    async def workloads(self) -> dict[str, bool]:
        """Whether each is whole, by Kind/name: judged by the controllers' own counts."""
        deployments, _ = await self.api.list("Deployment", self.namespace)
        daemons, _ = await self.api.list("DaemonSet", self.namespace)
        found = {f"Deployment/{body['metadata']['name']}": _deployment_whole(body) for body in deployments}
        return found | {f"DaemonSet/{body['metadata']['name']}": _daemon_whole(body) for body in daemons}

    async def whole(self) -> bool:
        found = await self.workloads()
        return bool(found) and all(found.values())

    # --- physics

    async def tend(self) -> None:
        """For ever: what a kubelet does when its node was away for a moment, and says that a container has started."""
        while True:
            began = time.monotonic()
            bodies, _ = await self.api.list("Node")
            ready = {body["metadata"]["name"] for body in bodies if is_ready(body)}
            well = (body for body in await self.pods() if body["metadata"]["name"] not in self._ill)
            neglected = [body for body in well if body["spec"]["nodeName"] in ready and _neglected(body)]
            took = time.monotonic() - began
            await together(self._mark_one(body, healthy=True, waiting="") for body in neglected)
            # Listing a large town is work, for the API server too; it must not become what is measured.
            await asyncio.sleep(max(2.0, IDLE_SHARE * took) if self._built else 2.0)

    async def mark(self, pods: Iterable[Body], *, healthy: bool, waiting: str = "") -> None:
        """Make pods ready or not, as their kubelet would; `waiting` is the reason of a container that does not run."""
        pods = list(pods)
        names = {body["metadata"]["name"] for body in pods}
        self._ill = self._ill - names if healthy else self._ill | names
        await together(self._mark_one(body, healthy=healthy, waiting=waiting) for body in pods)

    async def _mark_one(self, body: Body, *, healthy: bool, waiting: str) -> None:
        patch = {"status": _status(body, healthy=healthy, waiting=waiting)}
        with suppress(ApiError):  # it is gone; so is what was to be said of it
            await self.api.patch("Pod", self.namespace, body["metadata"]["name"], patch, subresource="status")

    async def lose(self, names: Iterable[str]) -> None:
        """Nobody speaks for these nodes any more."""
        await together(self.api.patch("Node", "", name, _labelled({MANAGED: "lost"})) for name in names)

    async def give_back(self, names: Iterable[str]) -> None:
        """Return when they are ready; `tend` sees to their pods."""
        names = set(names)
        await together(self.api.patch("Node", "", name, _labelled({MANAGED: "kwok"})) for name in names)
        await until(lambda: self._ready(names), READY_SECONDS, "the lost nodes do not come back")

    async def _ready(self, names: set[str]) -> bool:
        bodies, _ = await self.api.list("Node")
        return names <= {body["metadata"]["name"] for body in bodies if is_ready(body)}

    async def follow_dependency(self) -> None:
        """For ever: who needs the database is ready while it is."""
        while True:
            database = await self.api.get("Deployment", self.namespace, "db")
            served = bool((database.get("status") or {}).get("readyReplicas"))
            if served != self._served:
                users = (body for body in await self.pods() if body["metadata"]["name"].startswith("user-"))
                await self.mark(users, healthy=served)
                self._served = served
            await asyncio.sleep(0.5)

    async def fail_agents(self) -> None:
        """For ever: an agent of the bad release crashes as soon as it has started."""
        while True:
            agents = [body for body in await self.pods() if body["metadata"]["name"].startswith("agent-")]
            ill = [
                body for body in agents if body["spec"]["containers"][0]["image"] == BAD and is_ready(body)
            ]
            await self.mark(ill, healthy=False, waiting="CrashLoopBackOff")
            await asyncio.sleep(0.5)


@asynccontextmanager
async def beside(work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """What goes on for ever, for as long as the block lasts."""
    task = asyncio.create_task(_stubbornly(work))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _stubbornly(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        with suppress(ApiError):
            await work()
        await asyncio.sleep(1)


@asynccontextmanager
async def town(api: Api, cluster: Provider, size: Size) -> AsyncIterator[Town]:
    """Built, and gone afterwards with the marks on its nodes. The cluster must have the simulated nodes already."""
    namespace = f"town-{secrets.token_hex(2)}"
    bodies, _ = await api.list("Node")
    simulated = [body["metadata"]["name"] for body in bodies if MANAGED in body["metadata"].get("labels", {})]
    if len(simulated) < size.nodes:
        raise EnvironmentalError(
            f"cluster {cluster.name} has {len(simulated)} simulated nodes, not {size.nodes}; "
            f"`python -m planaria_cluster up --simulated {size.nodes}` makes them"
        )
    made = Town(api, namespace, size, tuple(sorted(simulated)[: size.nodes]))
    try:
        await new_namespace(api, namespace)
        await made.build()
        async with beside(made.tend):
            yield made
    finally:
        await asyncio.shield(_clean_up(api, namespace, made.simulated))


async def _clean_up(api: Api, namespace: str, nodes: Iterable[str]) -> None:
    with suppress(ApiError):
        await api.delete("Namespace", "", namespace)
    labels = _labelled({LABEL: None, MANAGED: "kwok"})
    with suppress(ApiError):
        await together(api.patch("Node", "", name, labels) for name in nodes)


def some(names: Iterable[str], share: float, seed: int) -> list[str]:
    """A share of them, drawn from a seed."""
    ordered = sorted(names)
    return random.Random(seed).sample(ordered, round(share * len(ordered)))


async def together(calls: Iterable[Coroutine[Any, Any, object]]) -> None:
    """All of them, some at a time. Raises ApiError for the first that fails."""
    turn, waiting = asyncio.Semaphore(AT_ONCE), list(calls)

    async def one(call: Coroutine[Any, Any, object]) -> None:
        async with turn:
            await call

    try:
        async with asyncio.TaskGroup() as group:
            for call in waiting:
                group.create_task(one(call))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    finally:
        for call in waiting:
            call.close()  # one whose turn did not come


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Raises EnvironmentalError with `what` where it does not come true."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  nobody here sets an event
                await asyncio.sleep(1)
    except TimeoutError as error:
        raise EnvironmentalError(f"{what} after {seconds:.0f} s") from error


def dependency(image: str) -> list[Body]:
    """A small service with real containers that others need; `image` may be one that does not exist."""
    labels = {"app": "db"}
    container = {
        "name": "app",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "SERVICE_NAME", "value": "db"}],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 2},
        "resources": {"limits": {"cpu": "100m", "memory": "48Mi"}},
    }
    spec = {
        "replicas": 2,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
        },
    }
    service = {"selector": labels, "ports": [{"port": 8080}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "db"}, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": service},
    ]


def is_ready(body: Body) -> bool:
    """Of a pod or a node."""
    conditions = (body.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _neglected(body: Body) -> bool:
    """Running, but not said to be; kwok also leaves out that a container has started."""
    status = body["status"]
    started = all(each.get("started") for each in status.get("containerStatuses") or [{}])
    return status.get("phase") == "Running" and not (started and is_ready(body))


def _labelled(labels: dict[str, str | None]) -> Body:
    return {"metadata": {"labels": labels}}


def _status(body: Body, *, healthy: bool, waiting: str) -> Body:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    spec, started = body["spec"]["containers"][0], body["status"].get("startTime", now)
    state: Body = {"running": {"startedAt": started}}
    container: Body = {"name": spec["name"], "image": spec["image"], "ready": healthy, "started": not waiting}
    container |= {
        "restartCount": 3 if waiting else 0,
        "state": state,
        "imageID": "",
        "containerID": "simulated://1",
    }
    if waiting:
        ended = {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}
        container |= {"state": {"waiting": {"reason": waiting}}, "lastState": {"terminated": ended}}
    told = {"status": "True" if healthy else "False", "lastTransitionTime": now}
    reason = {} if healthy else {"reason": "ContainersNotReady"}
    conditions = [{"type": kind, **told, **reason} for kind in ("Ready", "ContainersReady")]
    return {"conditions": conditions, "containerStatuses": [container]}


def _deployment_whole(body: Body) -> bool:
    status, wanted = body.get("status") or {}, body["spec"]["replicas"]
    seen = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
    return seen and all(
        status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "readyReplicas")
    )


def _daemon_whole(body: Body) -> bool:
    status = body.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    seen = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
    return (
        seen
        and wanted > 0
        and all(status.get(key, 0) == wanted for key in ("numberReady", "updatedNumberScheduled"))
    )
