"""Alerts that fire about the target, as Prometheus knows them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from planaria_contract import AlertFact, EventFact, ObjectRef
from planaria_operator.evidence.logs import clean
from planaria_operator.evidence.promql import quote
from planaria_operator.evidence.redact import Redactor
from planaria_operator.evidence.scene import Scene

MAX_ALERTS: Final = 8
REASON: Final = "AlertFiring"
"""No event of Kubernetes has it, so that no rule takes the words of an alert for Kubernetes' own."""
_NAMES: Final = (
    "workload",
    "deployment",
    "statefulset",
    "daemonset",
    "service",
    "app",
    "app_kubernetes_io_name",
    "job",
)
_TOLD: Final = ("alertname", "alertstate", "severity", "namespace", "__name__", "prometheus")
"""Labels that say nothing more of the case."""


def query(about: Scene, namespace: str) -> str:
    """All that fire in the namespace, or on the node; which of them concern the target is for `read_alerts` to say."""
    if about.target.kind == "Node":
        return f'ALERTS{{alertstate="firing",node={quote(about.target.name)}}}'
    return f'ALERTS{{alertstate="firing",namespace={quote(namespace)}}}'


def read_alerts(answer: Any, about: Scene, redactor: Redactor) -> tuple[AlertFact, ...]:
    """Each once by name, of an instant query's answer. A label's value may be anybody's text."""
    pods = {pod.meta.name for pod in about.pods}
    found: dict[str, AlertFact] = {}
    for series in answer or ():
        labels = {key: str(value) for key, value in (series.get("metric") or {}).items()}
        if _concerns(labels, about, pods):
            alert = _alert(labels, redactor)
            found.setdefault(alert.name, alert)
    return tuple(found[name] for name in sorted(found)[:MAX_ALERTS])


def as_events(alerts: Iterable[AlertFact], target: ObjectRef) -> tuple[EventFact, ...]:
    """What readers see of alerts, with an index in the observation that evidence can refer to."""
    return tuple(
        EventFact(
            reason=REASON, message=f"{alert.name}: {alert.summary}", subject=target, last_seen=alert.since
        )
        for alert in alerts
    )


def _concerns(labels: Mapping[str, str], about: Scene, pods: set[str]) -> bool:
    if about.target.kind == "Node":
        return labels.get("node") == about.target.name
    if "pod" in labels:
        return labels["pod"] in pods
    return any(labels.get(name) == about.target.name for name in _NAMES)


def _alert(labels: Mapping[str, str], redactor: Redactor) -> AlertFact:
    told = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()) if key not in _TOLD)
    return AlertFact(
        name=redactor.text(clean(labels.get("alertname", "")))[:128],
        severity=redactor.text(clean(labels.get("severity", "")))[:32],
        summary=redactor.text(clean(told))[:300],
    )
