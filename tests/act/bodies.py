"""Bodies as the API server sends them, and settings around them, for builders and the actor."""

import copy
import json
from typing import Any

from planaria_contract import ObjectRef, Observation, PodFact
from planaria_contract.actions import Parameters
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.api.actions import AllowedAction
from planaria_operator.api.plan import Operation, Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import REVISION
from tests.builders import NAMESPACE, NOW, decision, node, observation, pod_fact, store

TOKEN = "front-12345678/1"


def template(image: str = "app:1", *, resources: JsonBody | None = None, **metadata: Any) -> JsonBody:
    container: JsonBody = {"name": "app", "image": image, "resources": resources or {}}
    labels = {"app": "front"}
    return {"metadata": {"labels": labels, **metadata}, "spec": {"containers": [container]}}


def workload(
    kind: str = "Deployment", *, made_of: JsonBody | None = None, replicas: int = 3, **spec: Any
) -> JsonBody:
    return {
        "kind": kind,
        "metadata": {
            "name": "front",
            "namespace": NAMESPACE,
            "uid": "uid-front",
            "generation": 1,
            "annotations": {REVISION: "1"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "front"}},
            "template": copy.deepcopy(made_of or template()),
            **spec,
        },
    }


def owned_by(kind: str, uid: str) -> list[JsonBody]:
    return [{"kind": kind, "name": "owner", "uid": uid, "controller": True}]


def replica_set(revision: int, made_of: JsonBody) -> JsonBody:
    hashed = copy.deepcopy(made_of)
    hashed["metadata"]["labels"]["pod-template-hash"] = f"hash{revision}"
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"front-hash{revision}",
            "namespace": NAMESPACE,
            "uid": f"uid-rs-{revision}",
            "labels": {"app": "front", "pod-template-hash": f"hash{revision}"},
            "annotations": {REVISION: str(revision)},
            "ownerReferences": owned_by("Deployment", "uid-front"),
        },
        "spec": {"template": hashed},
    }


def controller_revision(revision: int, made_of: JsonBody) -> JsonBody:
    return {
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"front-{revision}",
            "namespace": NAMESPACE,
            "uid": f"uid-cr-{revision}",
            "labels": {"app": "front", "controller-revision-hash": f"front-{revision}"},
            "ownerReferences": owned_by("StatefulSet", "uid-front"),
        },
        "revision": revision,
        "data": {"spec": {"template": {**copy.deepcopy(made_of), "$patch": "replace"}}},
    }


def pod(
    name: str = "front-0",
    *,
    node_name: str = "node-1",
    owner: str = "ReplicaSet",
    owner_uid: str = "uid-rs-1",
    resources: JsonBody | None = None,
    phase: str = "Running",
    **metadata: Any,
) -> JsonBody:
    owners = {"ownerReferences": owned_by(owner, owner_uid)} if owner else {}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-pod-{name}",
            "labels": {"app": "front"},
            **owners,
            **metadata,
        },
        "spec": {"nodeName": node_name, "containers": template(resources=resources)["spec"]["containers"]},
        "status": {"phase": phase},
    }


def conditions(**said: tuple[str, str]) -> JsonBody:
    """By type, status and reason."""
    return {
        "conditions": [
            {"type": name, "status": status, "reason": why} for name, (status, why) in said.items()
        ]
    }


AT_ITS_MAXIMUM = conditions(
    AbleToScale=("True", "ReadyForNewScale"),
    ScalingActive=("True", "ValidMetricFound"),
    ScalingLimited=("True", "TooManyReplicas"),
)
WITHIN = conditions(
    ScalingActive=("True", "ValidMetricFound"), ScalingLimited=("False", "DesiredWithinRange")
)
BLIND = conditions(
    ScalingActive=("False", "FailedGetResourceMetric"), ScalingLimited=("True", "TooManyReplicas")
)
SWITCHED_OFF = conditions(ScalingActive=("False", "ScalingDisabled"))
KEDA_UID = "uid-scaled-front"


def autoscaler(
    status: JsonBody | None = None,
    *,
    bounds: tuple[int, int] = (1, 3),
    name: str = "front",
    keda: bool = False,
    **metadata: Any,
) -> JsonBody:
    if keda:
        metadata["ownerReferences"] = owned_by("ScaledObject", KEDA_UID)
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": f"uid-hpa-{name}", **metadata},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "front"},
            "minReplicas": bounds[0],
            "maxReplicas": bounds[1],
        },
        "status": AT_ITS_MAXIMUM if status is None else status,
    }


def scaled_object(name: str = "front", *, annotations: JsonBody | None = None, **spec: Any) -> JsonBody:
    return {
        "kind": "ScaledObject",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": KEDA_UID,
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": {"scaleTargetRef": {"name": "front"}, **spec},
    }


def seen(*facts: PodFact, **fields: Any) -> Observation:
    """Observed just as `pod` makes them."""
    return observation(pods=facts, **fields)


def affected(name: str = "front-0", **fields: Any) -> PodFact:
    return pod_fact(name, affected=True, **fields).model_copy(update={"uid": f"uid-pod-{name}"})


def setting(
    parameters: Parameters,
    *,
    target: JsonBody | None = None,
    kind: str = "Deployment",
    pods: tuple[JsonBody, ...] = (pod(),),
    revisions: tuple[JsonBody, ...] = (),
    observed: Observation | None = None,
    world: ClusterStore | None = None,
    remediation: str = TOKEN,
    events: tuple[JsonBody, ...] = (),
    autoscalers: tuple[JsonBody, ...] = (),
    scaled_objects: tuple[JsonBody, ...] = (),
    **bounds: Any,
) -> Setting:
    about = ObjectRef(kind=kind, name="front", namespace=NAMESPACE, uid="uid-front")
    facts = tuple(affected(body["metadata"]["name"], node=body["spec"]["nodeName"]) for body in pods)
    category = parameters.category.value
    return Setting(
        decision=decision(parameters, about),
        observation=observed or seen(*facts, time=NOW),
        bounds=AllowedAction(type=category, **bounds),
        target=target or workload(kind),
        pods={body["metadata"]["name"]: body for body in pods},
        revisions=revisions,
        store=world or store(node("node-1"), node("node-2")),
        remediation=remediation,
        events=events,
        autoscalers=autoscalers,
        scaled_objects=scaled_objects,
    )


def patch_of(operation: Operation) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(operation.body)
    return found


def replaced(operation: Operation) -> dict[str, object]:
    return {str(step["path"]): step["value"] for step in patch_of(operation) if step["op"] == "replace"}


def planned(found: Plan | Refusal) -> Plan:
    assert isinstance(found, Plan), found
    return found


def refused(found: Plan | Refusal) -> Reason:
    assert isinstance(found, Refusal), found
    assert found.message
    return found.reason


def refusal(found: Plan | Refusal) -> Reason | None:
    """None of a plan, for tests in which some are planned and some refused."""
    return None if isinstance(found, Plan) else refused(found)
