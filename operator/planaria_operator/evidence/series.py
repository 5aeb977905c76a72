"""Series that Prometheus has of every cluster with kube-state-metrics and cAdvisor; where it has none, none are missed."""

from collections.abc import Iterable
from typing import Final

from planaria_operator.evidence.promql import quote

MAX_PODS: Final = 10

_BY: Final = "sum by (pod, container)"
_QUERIES: Final = {
    "container_restarts": f"{_BY} (kube_pod_container_status_restarts_total{{selector}})",
    "cpu_throttled_share": f"{_BY} (rate(container_cpu_cfs_throttled_periods_total{{selector}}[5m]))"
    f" / {_BY} (rate(container_cpu_cfs_periods_total{{selector}}[5m]))",
}


def queries(namespace: str, pods: Iterable[str]) -> dict[str, str]:
    """PromQL by the name of the series; nothing where there are no pods to ask about."""
    names = "|".join(name.replace(".", "[.]") for name in list(pods)[:MAX_PODS])
    selector = f"{{namespace={quote(namespace)},pod=~{quote(names)},container!={quote('')}}}"
    return {name: query.replace("{selector}", selector) for name, query in _QUERIES.items()} if names else {}
