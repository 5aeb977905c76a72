"""Equation 1 of the paper: the logs, metrics, alerts and events of one incident, gathered into an `Observation`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from planaria_contract import AlertFact, EventFact, LogLine, MetricSeries, ObjectRef, Observation, Symptom
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.evidence.alerts import as_events, query, read_alerts
from planaria_operator.evidence.dependencies import dependencies
from planaria_operator.evidence.dependents import callers, read_dependents
from planaria_operator.evidence.event_reader import EventReader
from planaria_operator.evidence.events import event_facts, lately
from planaria_operator.evidence.facts import node_facts, pod_fact, workload_fact
from planaria_operator.evidence.kubelet import Kubelet
from planaria_operator.evidence.logs import MAX_PODS, clean, read_logs, wanted
from planaria_operator.evidence.overcome import without_overcome
from planaria_operator.evidence.redact import Redactor, redactor_of
from planaria_operator.evidence.revisions import Revisions, read_revisions
from planaria_operator.evidence.scene import Scene, scene
from planaria_operator.evidence.series import queries
from planaria_operator.evidence.sources import Sources
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore

if TYPE_CHECKING:
    from planaria_operator.evidence.prometheus import Prometheus

MAX_EVENT_NODES: Final = 2
"""Nodes of affected pods whose events are read."""
MAX_NODES: Final = 8
"""Nodes whose kubelet is asked for one observation."""


class Collector:
    """Reads and never changes. Kept for the life of the process: it remembers a little of the kubelets' series."""

    def __init__(self, kube: Kube, store: ClusterStore, prometheus: "Prometheus | None" = None) -> None:
        self._kube = kube
        self._store = store
        self._prometheus = prometheus
        self._kubelet = Kubelet(kube)
        self._reader = EventReader(kube)

    async def observe(
        self,
        policy: HealingPolicy,
        target: ObjectRef,
        symptoms: tuple[Symptom, ...],
        incident: str,
        now: datetime,
    ) -> Observation:
        """Everything that could be read within the deadline; the rest is named in `missing`."""
        about = scene(self._store, policy, target, symptoms)
        redactor = redactor_of(policy.spec.evidence)
        sources = Sources()
        logs, events, alerts, metrics, revisions = await asyncio.gather(
            self._logs(sources, about, policy, redactor),
            self._events(sources, about, redactor, now),
            self._alerts(sources, about, policy, redactor),
            self._metrics(sources, about, policy, now),
            self._revisions(sources, about),
        )
        if redactor.problem:
            sources.note("redaction", redactor.problem)
        workload = about.workload
        affected = {pod.meta.uid for pod in about.affected}
        return Observation(
            incident=incident,
            time=now,
            target=target,
            symptoms=tuple(_redacted(symptom, redactor) for symptom in symptoms),
            logs=logs,
            metrics=metrics,
            events=(*events, *as_events(alerts, target)),
            alerts=alerts,
            pods=tuple(pod_fact(pod, affected=pod.meta.uid in affected) for pod in about.pods),
            workload=workload_fact(self._store, workload, revisions, now) if workload else None,
            dependencies=dependencies(self._store, workload, logs, now) if workload else (),
            nodes=node_facts(self._store, about.nodes),
            missing=tuple(Redactor().lines(sources.missing)),
        )

    async def _logs(
        self, sources: Sources, about: Scene, policy: HealingPolicy, redactor: Redactor
    ) -> tuple[LogLine, ...]:
        requests = wanted(self._reachable(sources, about.affected), self._reachable(sources, about.healthy))
        pods, services = callers(self._store, about.workload) if about.workload else ([], set())
        own, others = await asyncio.gather(
            read_logs(self._kube, sources, requests, policy.spec.evidence.log_lines, redactor),
            read_dependents(self._kube, sources, self._reachable(sources, pods), services, redactor),
        )
        numbered = (line.model_copy(update={"index": index}) for index, line in enumerate(others, len(own)))
        return (*own, *numbered)

    def _reachable(self, sources: Sources, pods: Sequence[Pod]) -> list[Pod]:
        """Pods whose kubelet can be asked. A lost one would only use up the time of the others."""
        lost = {node.meta.name for node in self._store.nodes() if not node.ready}
        for node in sorted({pod.node for pod in pods if pod.node} & lost):
            sources.note(f"logs from {node}", "the node is not ready")
        return [pod for pod in pods if pod.node and pod.node not in lost]

    async def _events(
        self, sources: Sources, about: Scene, redactor: Redactor, now: datetime
    ) -> tuple[EventFact, ...]:
        target = about.target
        subjects = [(target.kind, target.namespace, target.name)]
        subjects += [("Pod", pod.meta.namespace, pod.meta.name) for pod in about.affected[:MAX_PODS]]
        if about.workload and (sets := self._store.replica_sets_of(about.workload)):
            subjects.append(("ReplicaSet", sets[0].meta.namespace, sets[0].meta.name))
        carrying = dict.fromkeys(pod.node for pod in about.affected if pod.node and pod.node != target.name)
        found = await asyncio.gather(
            *(
                sources.read(f"events of {name}", self._reader.of(kind, space, name), [])
                for kind, space, name in subjects
            ),
            *(
                sources.read(f"events of {node}", self._of_node(node, now), [])
                for node in list(carrying)[:MAX_EVENT_NODES]
            ),
        )
        return event_facts(without_overcome(chain.from_iterable(found), about, self._store), redactor)

    async def _of_node(self, node: str, now: datetime) -> list[JsonBody]:
        return lately(await self._reader.of("Node", None, node), now)

    async def _alerts(
        self, sources: Sources, about: Scene, policy: HealingPolicy, redactor: Redactor
    ) -> tuple[AlertFact, ...]:
        if self._prometheus is None:
            return ()
        question = query(about, about.target.namespace or policy.namespace)
        answer = await sources.read("alerts", self._prometheus.instant(question), [])
        return read_alerts(answer, about, redactor)

    async def _metrics(
        self, sources: Sources, about: Scene, policy: HealingPolicy, now: datetime
    ) -> tuple[MetricSeries, ...]:
        calls = [
            sources.read(f"usage on {node}", self._kubelet.usage(node, about.measured, now), [])
            for node in self._ready_nodes(sources, about)
        ]
        namespace = about.target.namespace or policy.namespace
        if self._prometheus:
            calls += [
                sources.read(
                    f"query {item.name}",
                    self._prometheus.window(item.name, item.query, namespace, about.target.name, now),
                    [],
                )
                for item in policy.spec.evidence.queries
            ]
            calls += [
                sources.read(name, self._prometheus.series(name, promql, now), [])
                for space, pods in about.measured_by_namespace.items()
                for name, promql in queries(space, pods).items()
            ]
        elif policy.spec.evidence.queries:
            sources.note("queries", "no Prometheus is configured")
        return tuple(chain.from_iterable(await asyncio.gather(*calls)))

    def _ready_nodes(self, sources: Sources, about: Scene) -> list[str]:
        carrying = dict.fromkeys(pod.node for pod in about.measured if pod.node)
        nodes = {name: self._store.node(name) for name in list(carrying)[:MAX_NODES]}
        for name, node in nodes.items():
            if node and not node.ready:
                sources.note(f"usage on {name}", "the node is not ready")
        return [name for name, node in nodes.items() if node is None or node.ready]

    async def _revisions(self, sources: Sources, about: Scene) -> Revisions:
        if about.workload is None:
            return Revisions()
        reading = read_revisions(self._kube, self._store, about.workload)
        return await sources.read("revisions", reading, Revisions())


def _redacted(symptom: Symptom, redactor: Redactor) -> Symptom:
    return symptom.model_copy(update={"message": redactor.text(clean(symptom.message))})
