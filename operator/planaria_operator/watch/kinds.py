"""What is watched, and how its bodies are read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from planaria_operator.api.base import POLICY_KINDS
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
from planaria_operator.watch.resources import parse_approval

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
    "Approval": parse_approval,
}
"""Kinds that become views. Owners come before what they own, so that a first look is never without its owner."""

CUSTOM: Final = (*POLICY_KINDS, "Remediation")
WATCHED: Final = (*(kind for kind in PARSERS if kind != "Approval"), *CUSTOM, "Approval")
"""Approvals come last: where none of our kinds is installed, it is one of the needed ones that is waited for."""

OPTIONAL: Final[Mapping[str, str]] = {
    "Service": "dependencies behind Services are not recognised",
    "EndpointSlice": "Services without a ready endpoint are not recognised",
    "HorizontalPodAutoscaler": "autoscalers are seen only when a scale is planned",
    "Namespace": "nothing is done at all, because a namespace may say planaria.dev/heal: disabled",
    "ClusterHealingPolicy": "what is said for many namespaces at once has no effect",
    "PodDisruptionBudget": "no pod is evicted, because a budget may forbid it",
    "Approval": "nothing is done in mode Approve, because nobody's answer is seen",
}
"""Kinds that detection works without, and what is lost then."""
