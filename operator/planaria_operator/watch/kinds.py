"""What is watched, and how its bodies are read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from planaria_operator.objects.autoscaler import parse_autoscaler
from planaria_operator.objects.cluster import (
    parse_endpoint_slice,
    parse_namespace,
    parse_node,
    parse_service,
)
from planaria_operator.objects.disruption import parse_disruption_budget
from planaria_operator.objects.meta import Body
from planaria_operator.objects.pod import parse_pod
from planaria_operator.objects.store import View
from planaria_operator.objects.workload import WORKLOAD_KINDS, parse_replica_set, parse_workload

PARSERS: Final[Mapping[str, Callable[[Body], View]]] = {
    "Namespace": parse_namespace,
    "Node": parse_node,
    **{kind: partial(parse_workload, kind) for kind in WORKLOAD_KINDS},
    "ReplicaSet": parse_replica_set,
    "Pod": parse_pod,
    "Service": parse_service,
    "EndpointSlice": parse_endpoint_slice,
    "HorizontalPodAutoscaler": parse_autoscaler,
    "PodDisruptionBudget": parse_disruption_budget,
}
"""Kinds that become views. Owners come before what they own, so that a first look is never without its owner."""

POLICIES: Final = ("HealingPolicy", "ClusterHealingPolicy")
CUSTOM: Final = (*POLICIES, "Remediation")
WATCHED: Final = (*PARSERS, *CUSTOM)

OPTIONAL: Final[Mapping[str, str]] = {
    "Service": "dependencies behind Services are not recognised",
    "EndpointSlice": "Services without a ready endpoint are not recognised",
    "HorizontalPodAutoscaler": "autoscalers are seen only when a scale is planned",
    "Namespace": "nothing is done at all, because a namespace may say planaria.dev/heal: disabled",
    "ClusterHealingPolicy": "what is said for many namespaces at once has no effect",
    "PodDisruptionBudget": "no pod is evicted, because a budget may forbid it",
}
"""Kinds that detection works without, and what is lost then."""
