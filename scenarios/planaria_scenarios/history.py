"""Everything that the API server showed of one namespace, in order. Pure: it is fed, it asks nobody."""

from dataclasses import dataclass, field
from typing import Any

from planaria_scenarios.views import Pod, Workload, node_ready, written_by_operator

Body = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@dataclass
class PodLife:
    """One pod from first to last sight. Times are seconds on the recorder's clock."""

    latest: Pod
    seen: float
    deleting: float | None = None
    gone: float | None = None


@dataclass(frozen=True)
class Sample:
    """How many replicas of a workload were ready from `time` on."""

    time: float
    ref: str
    ready: int


@dataclass
class History:
    objects: dict[tuple[str, str], Body] = field(default_factory=dict)
    pods: dict[str, PodLife] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    """Kind/name of every workload that was deleted."""
    touched: set[str] = field(default_factory=set)
    """Kind/name of everything that the operator wrote to, besides its own records."""
    nodes_lost: dict[str, float] = field(default_factory=dict)
    """When each node that is not ready stopped being so."""
    nodes_ever_lost: dict[str, float] = field(default_factory=dict)
    """When each node was first seen not ready, whether or not it came back."""

    def ingest(self, change: str, kind: str, body: Body, now: float) -> None:
        """One watch event: `change` is ADDED, MODIFIED or DELETED."""
        name = body["metadata"]["name"]
        if change == "DELETED":
            self.objects.pop((kind, name), None)
        else:
            self.objects[kind, name] = body
        if kind == "Pod":
            self._pod(change, Pod.of(body), now)
        elif kind == "Node":
            self._node(name, ready=node_ready(body), now=now)
        elif kind in WORKLOADS and change == "DELETED":
            self.deleted.append(f"{kind}/{name}")
        if kind in ("Pod", *WORKLOADS) and written_by_operator(body):
            self.touched.add(f"{kind}/{name}")
        self._sample(now)

    def workload(self, ref: str) -> Workload | None:
        kind, _, name = ref.partition("/")
        body = self.objects.get((kind, name))
        return Workload.of({**body, "kind": kind}) if body else None

    @property
    def workloads(self) -> list[Workload]:
        return [
            Workload.of({**body, "kind": kind})
            for (kind, _), body in self.objects.items()
            if kind in WORKLOADS
        ]

    @property
    def living(self) -> list[Pod]:
        """Pods that exist and are not on their way out."""
        return [life.latest for life in self.pods.values() if life.gone is None and not life.latest.deleting]

    def pods_of(self, workload: Workload) -> list[Pod]:
        return [pod for pod in self.living if workload.owns(pod)]

    @property
    def remediations(self) -> list[Body]:
        found = [body for (kind, _), body in self.objects.items() if kind == "Remediation"]
        return sorted(found, key=lambda body: str(body["metadata"].get("creationTimestamp", "")))

    def _pod(self, change: str, pod: Pod, now: float) -> None:
        life = self.pods.setdefault(pod.uid, PodLife(pod, now))
        life.latest = pod
        if pod.deleting and life.deleting is None:
            life.deleting = now
        if change == "DELETED":
            life.gone = now

    def _node(self, name: str, *, ready: bool, now: float) -> None:
        if ready:
            self.nodes_lost.pop(name, None)
        else:
            self.nodes_lost.setdefault(name, now)
            self.nodes_ever_lost.setdefault(name, now)

    def _sample(self, now: float) -> None:
        last = {sample.ref: sample.ready for sample in self.samples}
        for workload in self.workloads:
            ready = sum(pod.ready for pod in self.pods_of(workload))
            if last.get(workload.ref) != ready:
                self.samples.append(Sample(now, workload.ref, ready))
