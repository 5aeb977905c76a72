"""Objects as the API server sends them, as small as the operator's parsers allow."""

import copy
from datetime import datetime
from typing import Any

Body = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"
NODES = ("node-1", "node-2", "node-3")


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def node(name: str, since: datetime) -> Body:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": stamp(since)}
    metadata = {"name": name, "uid": f"uid-{name}", "creationTimestamp": stamp(since)}
    return {"kind": "Node", "metadata": metadata, "spec": {}, "status": {"conditions": [ready]}}


def policy(namespace: str, name: str, spec: Body) -> Body:
    about = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "generation": 1}
    return {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": about,
        "spec": spec,
        "status": {},
    }


def template(app: str, image: str) -> Body:
    limits = {"memory": "256Mi", "cpu": "500m"}
    container = {"name": "app", "image": image, "resources": {"limits": limits}}
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [container]}}


def deployment(  # noqa: PLR0913  an object has these parts
    namespace: str,
    app: str,
    tier: str,
    made_of: Body,
    *,
    replicas: int,
    ready: int,
    revision: int,
    since: datetime,
) -> Body:
    progressing = {
        "type": "Progressing",
        "status": "True",
        "reason": "NewReplicaSetAvailable",
        "lastUpdateTime": stamp(since),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": app,
            "namespace": namespace,
            "uid": f"uid-{namespace}-{app}",
            "generation": 1,
            "labels": {"app": app, "tier": tier},
            "annotations": {REVISION: str(revision)},
            "creationTimestamp": stamp(since),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": app}},
            "template": copy.deepcopy(made_of),
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "updatedReplicas": replicas,
            "conditions": [progressing],
        },
    }


def replica_set(owner: Body, made_of: Body, revision: int, *, replicas: int, since: datetime) -> Body:
    about = owner["metadata"]
    hashed = f"r{revision}"
    of_template = copy.deepcopy(made_of)
    of_template["metadata"]["labels"]["pod-template-hash"] = hashed
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{about['name']}-{hashed}",
            "namespace": about["namespace"],
            "uid": f"{about['uid']}-{hashed}",
            "labels": {"app": about["name"], "pod-template-hash": hashed},
            "annotations": {REVISION: str(revision)},
            "creationTimestamp": stamp(since),
            "ownerReferences": [_owner("Deployment", about)],
        },
        "spec": {"replicas": replicas, "template": of_template},
        "status": {"readyReplicas": replicas},
    }


def pod(owner: Body, name: str, place: str, since: datetime) -> Body:
    """Running and ready."""
    about, spec = owner["metadata"], owner["spec"]["template"]["spec"]
    running = {"state": {"running": {"startedAt": stamp(since)}}, "started": True, "restartCount": 0}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": stamp(since)}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": about["namespace"],
            "uid": f"uid-{name}-{int(since.timestamp())}",
            "labels": dict(about["labels"]),
            "creationTimestamp": stamp(since),
            "ownerReferences": [_owner("ReplicaSet", about)],
        },
        "spec": {"nodeName": place, "containers": copy.deepcopy(spec["containers"])},
        "status": {
            "phase": "Running",
            "startTime": stamp(since),
            "conditions": [ready, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [{"name": "app", **running}],
        },
    }


def _owner(kind: str, about: Body) -> Body:
    return {"kind": kind, "name": about["name"], "uid": about["uid"], "controller": True}
