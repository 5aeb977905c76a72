"""Objects as the API server sends them, as small as they may be."""

from typing import Any

from planaria_operator.kube.paths import resource_of


def body(
    kind: str, name: str, *, uid: str = "", version: int = 1, namespace: str = "shop", **parts: Any
) -> dict[str, Any]:
    meta = {"name": name, "uid": uid or f"{name}-uid", "resourceVersion": str(version)}
    if resource_of(kind).namespaced:
        meta["namespace"] = namespace
    return {"apiVersion": resource_of(kind).api_version, "kind": kind, "metadata": meta, **parts}


def pod(name: str, **parts: Any) -> dict[str, Any]:
    return body(
        "Pod", name, **{"spec": {"containers": [{"name": "app"}]}, "status": {"phase": "Running"}, **parts}
    )


def policy(name: str, *, spec: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    return body("HealingPolicy", name, spec=spec or {}, **parts)


def approval(name: str, **parts: Any) -> dict[str, Any]:
    spec = {"remediation": "web-1", "digest": "0" * 32, "verdict": "Approve", "approver": "anna"}
    return body("Approval", name, **{"spec": spec, **parts})


def remediation(name: str, **parts: Any) -> dict[str, Any]:
    spec = {
        "policy": "all",
        "target": {"kind": "Deployment", "name": "web", "namespace": "shop", "uid": "w"},
        "incident": "oom-killed-1",
        "visibleAt": "2026-11-23T12:00:00Z",
    }
    return body("Remediation", name, **{"spec": spec, **parts})
