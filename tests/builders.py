"""Views and contract objects in few words, for every unit test. Pure: nothing here touches a cluster.

Every time is counted back from `NOW`, so a test reads "not ready for 40 seconds" as `ready_since=ago(40)`. Defaults
describe a calm cluster: an hour old, everything ready. A test names only what is wrong.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from planaria_contract import (
    Action,
    Decider,
    Decision,
    Fault,
    ModelVersion,
    ObjectRef,
    Observation,
    PodFact,
    SemanticState,
    Source,
    Symptom,
    SymptomKind,
    WorkloadFact,
)
from planaria_contract.actions import Parameters
from planaria_operator.api.actions import Mode
from planaria_operator.api.healing_policy import (
    ClusterHealingPolicy,
    ClusterHealingPolicySpec,
    HealingPolicy,
    HealingPolicySpec,
)
from planaria_operator.api.selector import LabelSelector
from planaria_operator.objects.autoscaler import Autoscaler
from planaria_operator.objects.cluster import EndpointSlice, Namespace, Node, Service
from planaria_operator.objects.meta import Meta, Owner
from planaria_operator.objects.pod import Container, Pod, Termination
from planaria_operator.objects.store import ClusterStore, View
from planaria_operator.objects.workload import REVISION, ReplicaSet, Workload

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMESPACE = "shop"
MODEL = ModelVersion(id="test", version="1")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def uid_of(kind: str, name: str) -> str:
    return f"uid-{kind.lower()}-{name}"


def meta(
    kind: str,
    name: str,
    *,
    namespace: str = NAMESPACE,
    owner: Meta | None = None,
    created: datetime | None = None,
    **fields: Any,
) -> Meta:
    """`fields` are those of `Meta`: labels, annotations, deleting, generation, resource_version, uid."""
    fields.setdefault("uid", uid_of(kind, name))
    return Meta(
        kind=kind,
        name=name,
        namespace=namespace,
        created=created or ago(3600),
        owner=Owner(owner.kind, owner.name, owner.uid) if owner else None,
        **fields,
    )


# --- pods


def terminated(
    reason: str = "Error", exit_code: int = 1, *, finished: float = 5, ran: float = 5
) -> Termination:
    """`finished` in seconds before `NOW`, after running for `ran` seconds."""
    return Termination(reason, exit_code, ago(finished), ago(finished + ran))


def container(name: str = "app", **fields: Any) -> Container:
    """A running container with limits of 256 Mi and half a core; `fields` are those of `Container`."""
    fields.setdefault("memory_limit", 256 * 2**20)
    fields.setdefault("cpu_limit", 500)
    if not {"waiting_reason", "terminated"} & fields.keys():
        fields.setdefault("running_since", ago(3595))
        fields.setdefault("started", True)
    return Container(name, **fields)


def waiting(reason: str, message: str = "", **fields: Any) -> Container:
    return container(waiting_reason=reason, waiting_message=message, **fields)


def pod(
    name: str,
    owner: ReplicaSet | Workload | None = None,
    *,
    containers: Iterable[Container] | None = None,
    labels: Mapping[str, str] | None = None,
    created: datetime | None = None,
    deleting: bool = False,
    **fields: Any,
) -> Pod:
    """A ready pod on node-1; `fields` are those of `Pod`. Its labels come from its owner's name and template."""
    own = owner.meta if owner else None
    template = {"app": own.labels.get("app", own.name)} if own else {"app": name}
    if isinstance(owner, ReplicaSet) and owner.template_hash:
        template["pod-template-hash"] = owner.template_hash
    fields.setdefault("node", "node-1")
    fields.setdefault("phase", "Running")
    fields.setdefault("ready", True)
    fields.setdefault("ready_since", ago(3590))
    fields.setdefault("scheduled", True)
    fields.setdefault("unscheduled_since", None)
    fields.setdefault("unscheduled_message", "")
    fields.setdefault("started_at", created or ago(3600))
    about = meta(
        "Pod", name, owner=own, labels={**template, **(labels or {})}, created=created, deleting=deleting
    )
    return Pod(meta=about, containers=tuple(containers or (container(),)), **fields)


def gated_pod(name: str, owner: ReplicaSet | Workload) -> Pod:
    """One that somebody holds back from being scheduled."""
    return pod(name, owner, ready=False, node=None, phase="Pending", scheduled=False, gated=True)


# --- workloads


def workload(kind: str, name: str, *, desired: int = 3, **fields: Any) -> Workload:
    """A workload with everything it wants; `fields` are those of `Workload` and of `Meta`."""
    about = {
        key: fields.pop(key)
        for key in (
            "namespace",
            "labels",
            "annotations",
            "created",
            "deleting",
            "uid",
            "resource_version",
            "owner",
        )
        if key in fields
    }
    about.setdefault("labels", {"app": name})
    generation = fields.pop("generation", 1)
    for field in ("ready", "updated", "available"):
        fields.setdefault(field, desired)
    fields.setdefault("observed_generation", generation)
    fields.setdefault("match_labels", {"app": name})
    fields.setdefault("environment", ())
    return Workload(meta=meta(kind, name, generation=generation, **about), desired=desired, **fields)


def deployment(name: str = "front", **fields: Any) -> Workload:
    fields.setdefault("progressing_reason", "NewReplicaSetAvailable")
    fields.setdefault("progressing_since", ago(3590))
    return workload("Deployment", name, **fields)


def stateful_set(name: str = "store", **fields: Any) -> Workload:
    fields.setdefault("update_revision", f"{name}-1")
    return workload("StatefulSet", name, **fields)


def daemon_set(name: str = "agent", **fields: Any) -> Workload:
    return workload("DaemonSet", name, **fields)


def replica_set(
    owner: Workload,
    revision: int = 1,
    *,
    desired: int = 3,
    ready: int | None = None,
    created: datetime | None = None,
) -> ReplicaSet:
    template_hash = f"hash{revision}"
    about = meta(
        "ReplicaSet",
        f"{owner.meta.name}-{template_hash}",
        owner=owner.meta,
        labels={"app": owner.meta.name, "pod-template-hash": template_hash},
        annotations={REVISION: str(revision)},
        created=created,
    )
    return ReplicaSet(about, desired, desired if ready is None else ready, revision)


def pods_of(owner: ReplicaSet | Workload, count: int = 3, **fields: Any) -> list[Pod]:
    return [pod(f"{owner.meta.name}-{index}", owner, **fields) for index in range(count)]


def service_of(owner: Workload, *, ready: int = 0, name: str | None = None) -> tuple[Service, EndpointSlice]:
    """A Service that selects the workload's pods, and what stands behind it."""
    about = meta("Service", name or owner.meta.name, namespace=owner.meta.namespace)
    labels = {"kubernetes.io/service-name": about.name}
    slice_meta = meta("EndpointSlice", f"{about.name}-x", namespace=about.namespace, labels=labels)
    return Service(about, dict(owner.match_labels)), EndpointSlice(slice_meta, about.name, ready)


def autoscaler(owner: Workload, **fields: Any) -> Autoscaler:
    about = meta("HorizontalPodAutoscaler", owner.meta.name, namespace=owner.meta.namespace)
    return Autoscaler(about, owner.meta.kind, owner.meta.name, **fields)


# --- nodes, the store, policies


def node(
    name: str = "node-1",
    *,
    ready: bool = True,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    deleting: bool = False,
    **fields: Any,
) -> Node:
    """A node that carries pods; with `ready=False` one whose kubelet has fallen silent."""
    fields.setdefault("ready_since", ago(3600))
    fields.setdefault("ready_message", "" if ready else "Kubelet stopped posting node status.")
    fields.setdefault("schedulable", True)
    fields.setdefault("pressure", ())
    fields.setdefault("taints", ())
    about = meta(
        "Node", name, namespace="", labels=labels or {}, annotations=annotations or {}, deleting=deleting
    )
    return Node(meta=about, ready=ready, **fields)


def store(*views: View | Iterable[View]) -> ClusterStore:
    """A store with these views; lists of views may stand between them."""
    filled = ClusterStore()
    for view in views:
        for each in view if isinstance(view, Iterable) else (view,):
            filled.put(each)
    return filled


def policy(
    name: str = "default",
    *,
    namespace: str = NAMESPACE,
    mode: Mode = Mode.ENFORCE,
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> HealingPolicy:
    """A policy; `spec` are fields of `HealingPolicySpec`, as models or as plain dictionaries."""
    selector = LabelSelector(match_labels=dict(labels or {}))
    settings = HealingPolicySpec.model_validate({"mode": mode, "selector": selector, **spec})
    return HealingPolicy(name=name, namespace=namespace, uid=uid_of("HealingPolicy", name), spec=settings)


def cluster_policy(
    name: str = "base",
    *,
    namespaces: Mapping[str, str] | None = None,
    mode: Mode = Mode.ENFORCE,
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> ClusterHealingPolicy:
    """`namespaces` and `labels`: what namespaces and workloads must be labelled with."""
    chosen = {"namespace_selector": LabelSelector(match_labels=dict(namespaces or {}))}
    selector = LabelSelector(match_labels=dict(labels or {}))
    settings = ClusterHealingPolicySpec.model_validate({"mode": mode, "selector": selector, **chosen, **spec})
    return ClusterHealingPolicy(name=name, uid=uid_of("ClusterHealingPolicy", name), spec=settings)


def space(name: str = NAMESPACE, **fields: Any) -> Namespace:
    """A namespace; `fields` are those of `Meta`. It is labelled with its name, as the API server does."""
    labels = {"kubernetes.io/metadata.name": name, **fields.pop("labels", {})}
    return Namespace(meta("Namespace", name, namespace="", labels=labels, **fields))


# --- the contract


def ref(view: View) -> ObjectRef:
    about = view.meta
    return ObjectRef(kind=about.kind, name=about.name, namespace=about.namespace or None, uid=about.uid)


def symptom(
    kind: SymptomKind = SymptomKind.NOT_READY,
    subject: ObjectRef | View | None = None,
    *,
    since: float = 60,
    message: str = "",
) -> Symptom:
    """`since` in seconds before `NOW`."""
    if subject is None:
        subject = ObjectRef(kind="Pod", name="front-0", namespace=NAMESPACE)
    about = subject if isinstance(subject, ObjectRef) else ref(subject)
    return Symptom(kind=kind, subject=about, since=ago(since), message=message)


def pod_fact(name: str = "front-0", *, affected: bool = False, **fields: Any) -> PodFact:
    fields.setdefault("ready", not affected)
    fields.setdefault("node", "node-1")
    fields.setdefault("memory_limit_bytes", 256 * 2**20)
    fields.setdefault("cpu_limit_millicores", 500)
    return PodFact(name=name, uid=uid_of("Pod", name), affected=affected, **fields)


def workload_fact(
    name: str = "front", *, kind: str = "Deployment", desired: int = 3, **fields: Any
) -> WorkloadFact:
    fields.setdefault("ready", desired)
    about = ObjectRef(kind=kind, name=name, namespace=NAMESPACE, uid=uid_of(kind, name))
    return WorkloadFact(ref=about, desired=desired, **fields)


def observation(**fields: Any) -> Observation:
    """One not-ready pod of three, unless `fields` say otherwise."""
    fields.setdefault("incident", "notready-1")
    fields.setdefault("time", NOW)
    fields.setdefault("symptoms", (symptom(),))
    fields.setdefault("pods", (pod_fact("front-0", affected=True), pod_fact("front-1"), pod_fact("front-2")))
    fields.setdefault("workload", workload_fact(ready=2))
    if "target" not in fields:
        about: WorkloadFact | None = fields["workload"]
        fields["target"] = about.ref if about else ObjectRef(kind="Node", name="node-1")
    return Observation(**fields)


def state(fault: Fault = Fault.HANG_OR_PROBE_FAILURE, **fields: Any) -> SemanticState:
    fields.setdefault("component", "Deployment/front")
    fields.setdefault("severity", 1)
    fields.setdefault("confidence", 0.9)
    fields.setdefault("summary", f"A test took it for {fault.value}.")
    fields.setdefault("source", Source.RULES)
    fields.setdefault("model", MODEL)
    return SemanticState(fault=fault, **fields)


def decision(parameters: Parameters, target: ObjectRef | View | None = None, **fields: Any) -> Decision:
    about = target if isinstance(target, ObjectRef) else ref(target or deployment())
    fields.setdefault("rule", "test")
    fields.setdefault("decided_by", Decider.RULES)
    fields.setdefault("model", MODEL)
    fields.setdefault("probabilities", {Action(parameters.category): 1.0})
    return Decision(parameters=parameters, target=about, **fields)
