"""Small worlds as the API server would show them, for judges that ask nobody."""

from typing import Any

from planaria_scenarios.harm import Case, Injected
from planaria_scenarios.history import History
from planaria_scenarios.model import Scenario
from planaria_scenarios.oracle import Baseline
from planaria_scenarios.records import Record

Body = dict[str, Any]


class World:
    """A namespace with a clock of its own. `shop` has three ready pods: shop-0, shop-1, shop-2."""

    def __init__(self, replicas: int = 3) -> None:
        self.history = History()
        self.now = 1000.0
        self.workload("shop", replicas=replicas)
        for index in range(replicas):
            self.pod(f"shop-{index}")

    def feed(self, kind: str, body: Body, change: str = "MODIFIED") -> None:
        self.now += 1
        self.history.ingest(change, kind, body, self.now)

    def workload(self, name: str, replicas: int, **fields: Any) -> None:
        self.feed("Deployment", workload(name, replicas, **fields))

    def pod(self, name: str, *, change: str = "MODIFIED", **fields: Any) -> None:
        self.feed("Pod", pod(name, **fields), change)

    def remove(self, name: str, **fields: Any) -> None:
        self.pod(name, deleting=True, **fields)
        self.pod(name, deleting=True, change="DELETED", **fields)

    def node(self, name: str, *, ready: bool, taints: list[Body] | None = None) -> None:
        condition = {"type": "Ready", "status": "True" if ready else "Unknown"}
        self.feed(
            "Node",
            {
                "metadata": {"name": name},
                "spec": {"taints": taints or []},
                "status": {"conditions": [condition]},
            },
        )

    @property
    def everyone(self) -> frozenset[str]:
        return frozenset(pod.uid for pod in self.history.living)

    def case(self, scenario: Scenario, injected: Injected, baseline: Baseline, *records: Record) -> Case:
        return Case(scenario, baseline, injected, self.history, records)


def workload(
    name: str,
    replicas: int,
    *,
    uid: str = "",
    generation: int = 1,
    observed: int | None = None,
    updated: int | None = None,
    image: str = "app:1",
    manager: str = "kubectl",
    annotations: dict[str, str] | None = None,
) -> Body:
    return {
        "metadata": {
            "name": name,
            "uid": uid or f"uid-{name}",
            "generation": generation,
            "managedFields": [{"manager": manager}],
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations or {}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
        "status": {
            "observedGeneration": generation if observed is None else observed,
            "updatedReplicas": replicas if updated is None else updated,
            "readyReplicas": replicas,
        },
    }


def pod(
    name: str,
    *,
    app: str = "shop",
    uid: str = "",
    ready: bool = True,
    restarts: int = 0,
    waiting: str = "",
    ended: tuple[str, int] | None = None,
    deleting: bool = False,
    node: str = "node-1",
    evicted: bool = False,
) -> Body:
    container: Body = {"restartCount": restarts, "state": {}, "lastState": {}}
    if waiting:
        container["state"] = {"waiting": {"reason": waiting}}
    if ended:
        container["lastState"] = {"terminated": {"reason": ended[0], "exitCode": ended[1]}}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if evicted:
        conditions.append({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"})
    metadata: Body = {"name": name, "uid": uid or f"uid-{name}", "labels": {"app": app}}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {
        "metadata": metadata,
        "spec": {"nodeName": node},
        "status": {"containerStatuses": [container], "conditions": conditions},
    }


def remediation(
    *,
    action: str = "restart",
    target: str = "Deployment/shop",
    applied: str | None = "2026-01-01T00:00:10Z",
    stage: str = "Finished",
    succeeded: str = "True",
    fault: str = "hang_or_probe_failure",
    read_from: tuple[str, ...] = (),
    number: int = 1,
) -> Body:
    kind, _, name = target.partition("/")
    reference = {"kind": kind, "name": name}
    attempt: Body = {
        "number": number,
        "plan": {"action": action, "target": reference, "summary": "said so", "operations": []},
        "reservedAt": "2026-01-01T00:00:09Z",
        "outcome": "Recovered",
    }
    if applied:
        attempt["appliedAt"] = applied
    return {
        "metadata": {"name": "rem", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"target": reference},
        "status": {
            "stage": stage,
            "conditions": [{"type": "Succeeded", "status": succeeded}],
            "semanticState": {"fault": fault, "evidence": [{"excerpt": line} for line in read_from]},
            "attempts": [attempt],
        },
    }


def scenario(**fields: Any) -> Scenario:
    """One replica of Deployment/shop hangs, unless `fields` say otherwise."""
    body: Body = {
        "name": "test",
        "title": "t",
        "story": "s",
        "kind": "fault",
        "inject": [{"http": {"to": "Deployment/shop", "path": "/debug/hang"}}],
        "expected": {
            "faults": ["hang_or_probe_failure"],
            "actions": ["restart"],
            "target": "Deployment/shop",
        },
        "oracle": {"workload": "Deployment/shop"},
        "limit_seconds": 60,
    }
    return Scenario.model_validate(body | fields)


def control(**fields: Any) -> Scenario:
    return scenario(kind="control", expected=None, watch_seconds=30, **fields)
