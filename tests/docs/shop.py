"""What the API server holds in the tutorial: a Deployment of three pods, and a release whose image does not exist.

Bodies as a real cluster gives them, as far as anything reads them; the waiting states are those that a kubelet reports.
"""

from datetime import datetime, timedelta
from typing import Any, Final

Body = dict[str, Any]
BEGIN: Final = datetime.fromisoformat("2026-11-24T09:00:00Z")
OLD, NEW = "76ccf9dd9d", "5d8c7c9f66"
IMAGES: Final = {OLD: "nginx:1.27", NEW: "nginx:1.27-rc7"}
WHERE: Final = f"docker.io/library/{IMAGES[NEW]}"
NOT_FOUND: Final = (
    f'failed to pull and unpack image "{WHERE}": failed to resolve reference "{WHERE}": {WHERE}: not found'
)
PULLING: Final = {"reason": "ErrImagePull", "message": NOT_FOUND}
BACK_OFF: Final = {
    "reason": "ImagePullBackOff",
    "message": f'Back-off pulling image "{IMAGES[NEW]}": ErrImagePull: {NOT_FOUND}',
}


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def calm() -> list[Body]:
    pods = [pod(OLD, name, BEGIN) for name in ("4xk2p", "9rmtl", "v7c8d")]
    return [_space(), _node(), deployment(OLD, revision=1), replica_set(OLD, 1, 3), *pods]


def released(now: datetime) -> list[Body]:
    """The controller has begun the rolling update."""
    return [
        deployment(NEW, revision=2, surplus=1),
        replica_set(NEW, 2, 1, ready=0, created=now),
        pod(NEW, "qz5wn", now, waiting={"reason": "ContainerCreating"}),
    ]


def failed_event(now: datetime) -> Body:
    note = f'Failed to pull image "{IMAGES[NEW]}": {NOT_FOUND}'
    about = {"kind": "Pod", "namespace": "shop", "name": f"web-{NEW}-qz5wn", "uid": "uid-qz5wn"}
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": _meta("web-event", now),
        "regarding": about,
        "reason": "Failed",
        "type": "Warning",
        "note": note,
        "eventTime": rfc3339(now),
    }


def deployment(hash_: str, *, revision: int, surplus: int = 0) -> Body:
    meta = _meta("web", BEGIN, generation=revision, labels={"app": "web"})
    meta["annotations"] = {"deployment.kubernetes.io/revision": str(revision)}
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template(hash_),
        "progressDeadlineSeconds": 600,
    }
    counts = {"readyReplicas": 3, "availableReplicas": 3, "updatedReplicas": 1 if surplus else 3}
    status = {"observedGeneration": revision, "replicas": 3 + surplus, **counts}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec, "status": status}


def replica_set(
    hash_: str, revision: int, replicas: int, *, ready: int | None = None, created: datetime = BEGIN
) -> Body:
    labels = {"app": "web", "pod-template-hash": hash_}
    meta = _meta(f"web-{hash_}", created, labels=labels, ownerReferences=_owner("Deployment", "web"))
    meta["annotations"] = {"deployment.kubernetes.io/revision": str(revision)}
    whole = template(hash_)
    whole["metadata"]["labels"] = labels
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": whole}
    status = {"replicas": replicas, "readyReplicas": replicas if ready is None else ready}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec, "status": status}


def pod(hash_: str, suffix: str, created: datetime, *, waiting: Body | None = None) -> Body:
    labels = {"app": "web", "pod-template-hash": hash_}
    meta = _meta(f"web-{hash_}-{suffix}", created, labels=labels, uid=f"uid-{suffix}")
    meta["ownerReferences"] = _owner("ReplicaSet", f"web-{hash_}")
    since = rfc3339(created + timedelta(seconds=0 if waiting else 2))
    ready = "False" if waiting else "True"
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": rfc3339(created)},
        {"type": "Ready", "status": ready, "lastTransitionTime": since},
    ]
    state = {"waiting": waiting} if waiting else {"running": {"startedAt": since}}
    container = {"name": "nginx", "ready": not waiting, "restartCount": 0, "state": state, "lastState": {}}
    status = {
        "phase": "Pending" if waiting else "Running",
        "startTime": rfc3339(created),
        "conditions": conditions,
        "containerStatuses": [container],
    }
    spec = {**template(hash_)["spec"], "nodeName": "kind-worker"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def template(hash_: str) -> Body:
    container = {"name": "nginx", "image": IMAGES[hash_], "imagePullPolicy": "IfNotPresent", "resources": {}}
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}


def _meta(name: str, created: datetime, **more: Any) -> Body:
    return {"name": name, "namespace": "shop", "creationTimestamp": rfc3339(created), **more}


def _owner(kind: str, name: str) -> list[Body]:
    uid = f"uid-{kind}-shop-{name}".lower()
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}]


def _space() -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def _node() -> Body:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": rfc3339(BEGIN)}
    meta = {"name": "kind-worker", "creationTimestamp": rfc3339(BEGIN)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta,
        "spec": {},
        "status": {"conditions": [ready]},
    }
