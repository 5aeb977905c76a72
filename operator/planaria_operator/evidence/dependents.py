"""The other side of a dependency: what the workloads that call the target say of it."""

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from planaria_contract import LogLine
from planaria_operator.evidence.dependencies import named_hosts, selects, speaks_of_calls
from planaria_operator.evidence.logs import LogRequest, parse_log
from planaria_operator.evidence.redact import Redactor
from planaria_operator.evidence.sources import Sources
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

MAX_PODS: Final = 2
"""One of each workload."""
MAX_LINES: Final = 20
"""Kept of each pod, the newest."""
TAIL_LINES: Final = 200
MAX_BYTES: Final = 128 * 1024


def callers(store: ClusterStore, workload: Workload) -> tuple[list[Pod], set[str]]:
    """Pods whose settings name a Service of the target, and the names of those Services."""
    namespace = workload.meta.namespace
    services = {each.meta.name for each in store.services(namespace) if selects(each, workload)}
    found: list[Pod] = []
    for other in sorted(store.workloads(namespace), key=lambda each: each.meta.key):
        if other.meta.key == workload.meta.key or not services & named_hosts(other.environment, namespace):
            continue
        running = (pod for pod in store.pods_of(other) if pod.active and pod.node)
        found.extend(sorted(running, key=lambda pod: not pod.ready)[:1])
    return found[:MAX_PODS], services


async def read_dependents(
    kube: Kube, sources: Sources, pods: Iterable[Pod], services: set[str], redactor: Redactor
) -> list[LogLine]:
    """Lines that name the target, or that speak of a call that failed. Not numbered yet."""
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(services)))

    async def one(pod: Pod) -> list[LogLine]:
        request = LogRequest(pod, pod.containers[0].name, previous=False)
        text = await kube.logs(
            pod.meta.namespace,
            pod.meta.name,
            request.container,
            previous=False,
            tail_lines=TAIL_LINES,
            limit_bytes=MAX_BYTES,
        )
        lines = await asyncio.to_thread(parse_log, text, request, redactor)
        telling = [line for line in lines if named.search(line.text) or speaks_of_calls(line.text)]
        return [line.model_copy(update={"dependent": True}) for line in telling[-MAX_LINES:]]

    asked = [pod for pod in pods if pod.containers]
    found = await asyncio.gather(
        *(sources.read(f"log of dependent {pod.meta.name}", one(pod), []) for pod in asked)
    )
    return [line for lines in found for line in lines]
