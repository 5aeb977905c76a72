"""What the judges see of an object: a few typed fields of its JSON."""

import json
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]

FAULTY_WAITS = frozenset({
    "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError",
    "CreateContainerError", "RunContainerError",
})  # fmt: skip


@dataclass(frozen=True)
class Pod:
    name: str
    uid: str
    node: str
    labels: dict[str, str]
    ready: bool
    deleting: bool
    succeeded: bool
    restarts: int
    waiting: str
    """Why its container does not run, where the reason is one that names a fault."""
    ended: str
    """How its container ended the last time, such as `OOMKilled (exit 137)`; empty where it never did."""
    evicted: bool
    """Whether it was removed through the eviction API."""

    @classmethod
    def of(cls, body: Body) -> "Pod":
        status = body.get("status", {})
        containers = status.get("containerStatuses") or []
        conditions = {item["type"]: item for item in status.get("conditions") or []}
        disruption = conditions.get("DisruptionTarget", {})
        return cls(
            name=body["metadata"]["name"],
            uid=body["metadata"]["uid"],
            node=body.get("spec", {}).get("nodeName", ""),
            labels=body["metadata"].get("labels") or {},
            ready=conditions.get("Ready", {}).get("status") == "True",
            deleting="deletionTimestamp" in body["metadata"],
            succeeded=status.get("phase") == "Succeeded",
            restarts=sum(item.get("restartCount", 0) for item in containers),
            waiting=next((reason for item in containers if (reason := _waiting(item))), ""),
            ended=next((text for item in containers if (text := _ended(item))), ""),
            evicted=disruption.get("reason") == "EvictionByEvictionAPI",
        )


def _waiting(container: Body) -> str:
    reason = str(container.get("state", {}).get("waiting", {}).get("reason", ""))
    return reason if reason in FAULTY_WAITS else ""


def _ended(container: Body) -> str:
    for state in (container.get("state", {}), container.get("lastState", {})):
        ended = state.get("terminated")
        if ended and ended.get("exitCode"):
            return f"{ended.get('reason') or 'Error'} (exit {ended['exitCode']})"
    return ""


@dataclass(frozen=True)
class Workload:
    ref: str
    uid: str
    generation: int
    observed: int
    desired: int
    updated: int
    ready: int
    complete: bool
    """Jobs: ended well."""
    selector: dict[str, str]
    template: str
    """The pod template as canonical JSON."""

    @classmethod
    def of(cls, body: Body) -> "Workload":
        kind, spec, status = body["kind"], body["spec"], body.get("status", {})
        desired, updated, ready = _counts(kind, spec, status)
        return cls(
            ref=f"{kind}/{body['metadata']['name']}",
            uid=body["metadata"]["uid"],
            generation=body["metadata"].get("generation", 0),
            observed=status.get(
                "observedGeneration", body["metadata"].get("generation", 0) * (kind == "Job")
            ),
            desired=desired,
            updated=updated,
            ready=ready,
            complete=any(
                item["type"] == "Complete" and item["status"] == "True"
                for item in status.get("conditions") or []
            ),
            selector=(spec.get("selector") or {}).get("matchLabels") or {},
            template=json.dumps(_meaning(spec["template"]), sort_keys=True),
        )

    def owns(self, pod: Pod) -> bool:
        return bool(self.selector) and self.selector.items() <= pod.labels.items()


def _counts(kind: str, spec: Body, status: Body) -> tuple[int, int, int]:
    if kind == "DaemonSet":
        names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberReady")
        return tuple(status.get(name, 0) for name in names)
    return spec.get("replicas", 1), status.get("updatedReplicas", 0), status.get("readyReplicas", 0)


def _meaning(template: Body) -> Body:
    """The template without annotations: a mark left there changes nothing about what runs."""
    metadata = {key: value for key, value in template.get("metadata", {}).items() if key == "labels"}
    return {"metadata": metadata, "spec": template.get("spec", {})}


def node_ready(body: Body) -> bool:
    conditions = body.get("status", {}).get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def written_by_operator(body: Body) -> bool:
    """Whether Planaria changed this object, by the API server's own bookkeeping."""
    managers = {item.get("manager", "") for item in body["metadata"].get("managedFields") or []}
    return any(name.startswith("planaria") and not name.startswith("planaria-scenarios") for name in managers)
