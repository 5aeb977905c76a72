"""Usage from the kubelet's Summary API, read through the API server: no add-on is needed for it.

`metrics/resource` would need two samples for a CPU rate, and its counters were seen to move only every 10 to 20 seconds
(the kubelet's housekeeping), far longer than a diagnosis may take. The Summary API carries the rate between the last
two of those samples, and the disk beside it.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from planaria_contract import MetricSeries
from planaria_operator.kube.access import may
from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.meta import parse_time
from planaria_operator.objects.pod import Pod

PATH: Final = "stats/summary"
POINTS: Final = 20
"""Kept of each series, so that a second look at the same incident sees a trend."""
MEMORY_OF: Final = timedelta(minutes=15)
RIGHT_OF: Final = timedelta(hours=1)
"""For so long an answer holds whether nodes may be asked at all."""


class Sample(NamedTuple):
    pod: str
    """Its uid: a namesake in another namespace, or a pod made anew, has a past of its own."""
    name: str
    subject: str
    unit: str
    time: datetime
    value: float
    limit: float | None


class Kubelet:
    """Reads nodes and remembers a little: the last quarter of an hour of the series it was asked for."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._may = False
        self._known_until = datetime.min.replace(tzinfo=UTC)
        self._past: dict[tuple[str, str, str], deque[tuple[datetime, float]]] = {}

    async def usage(self, node: str, pods: Iterable[Pod], now: datetime) -> list[MetricSeries]:
        """Series of the given pods on one node. Raises kube errors, and ValueError for an answer that is no JSON."""
        await self._permitted(now)
        summary = json.loads(await self._kube.node_text(node, PATH))
        samples = list(read_summary(summary, {pod.meta.uid: pod for pod in pods}))
        self._forget(now)
        return [self._series(sample) for sample in samples]

    async def _permitted(self, now: datetime) -> None:
        """Many leave this right out on purpose (`rbac.usage`): a refused call would be told as something that went wrong."""
        if now >= self._known_until:
            self._may = await may(self._kube, "get", "Node", "", subresource="proxy")
            self._known_until = now + RIGHT_OF
        if not self._may:
            raise Forbidden("no right to get nodes/proxy, where usage is read")

    def _series(self, sample: Sample) -> MetricSeries:
        past = self._past.setdefault((sample.pod, sample.name, sample.subject), deque(maxlen=POINTS))
        if not past or past[-1][0] < sample.time:
            past.append((sample.time, sample.value))
        return MetricSeries(
            name=sample.name,
            subject=sample.subject,
            unit=sample.unit,
            values=tuple(value for _, value in past),
            times=tuple(time for time, _ in past),
            limit=sample.limit,
        )

    def _forget(self, now: datetime) -> None:
        old = [key for key, past in self._past.items() if past[-1][0] < now - MEMORY_OF]
        for key in old:
            del self._past[key]


def read_summary(summary: Mapping[str, Any], pods: Mapping[str, Pod]) -> Iterator[Sample]:
    """`pods` by uid; other pods of the node are passed over."""
    for entry in summary.get("pods") or ():
        pod = pods.get((entry.get("podRef") or {}).get("uid", ""))
        if pod:
            yield from _of_pod(entry, pod)


def _of_pod(entry: Mapping[str, Any], pod: Pod) -> Iterator[Sample]:
    limits = {container.name: container for container in pod.containers}
    for usage in entry.get("containers") or ():
        container = limits.get(usage.get("name", ""))
        if container is None:
            continue
        subject = f"{pod.meta.name}/{container.name}"
        memory, cpu = usage.get("memory") or {}, usage.get("cpu") or {}
        yield from _sample(
            pod, "memory_bytes", subject, "bytes", memory, "workingSetBytes", container.memory_limit
        )
        for found in _sample(pod, "cpu_nanocores", subject, "", cpu, "usageNanoCores", container.cpu_limit):
            yield found._replace(name="cpu_millicores", unit="millicores", value=found.value / 1e6)
    for volume in entry.get("volume") or ():
        if "pvcRef" in volume or _nearly_full(volume):
            subject = f"{pod.meta.name}/{str(volume.get('name'))[:63]}"
            capacity = volume.get("capacityBytes")
            yield from _sample(pod, "volume_bytes", subject, "bytes", volume, "usedBytes", capacity)


def _sample(
    pod: Pod, name: str, subject: str, unit: str, source: Mapping[str, Any], field: str, limit: float | None
) -> Iterator[Sample]:
    time = parse_time(source.get("time"))
    if field in source and time:
        yield Sample(pod.meta.uid, name, subject, unit, time, float(source[field]), limit)


def _nearly_full(volume: Mapping[str, Any]) -> bool:
    used, capacity = volume.get("usedBytes") or 0, volume.get("capacityBytes") or 0
    return bool(capacity) and used > 0.8 * capacity
