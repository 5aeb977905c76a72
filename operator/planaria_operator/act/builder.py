from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planaria_contract import Decision, Observation
from planaria_operator.api.actions import AllowedAction
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.store import ClusterStore

if TYPE_CHECKING:
    from planaria_operator.act.volumes import Claim


@dataclass(frozen=True, slots=True)
class Setting:
    """What a builder may read. The bodies are fresh from the API server, not from the store."""

    decision: Decision
    observation: Observation
    bounds: AllowedAction
    target: JsonBody
    """The object that the decision names (a workload, or a node)."""
    pods: Mapping[str, JsonBody]
    """The target's pods by name, fresh."""
    revisions: tuple[JsonBody, ...]
    """ReplicaSets or ControllerRevisions that the target owns, newest first."""
    store: ClusterStore
    remediation: str
    """Name of the Remediation, for annotations."""
    on_node: tuple[JsonBody, ...] = ()
    """Where the target is a node: every pod on it that the policy may see, of all namespaces for a cluster-wide one."""
    protected: frozenset[str] = frozenset()
    """Namespaces that are never touched."""
    claims: "Mapping[tuple[str, str], Claim]" = field(default_factory=dict)
    """What the pods that would move have mounted, by namespace and name; read where an action moves pods."""
    autoscalers: tuple[JsonBody, ...] = ()
    """HorizontalPodAutoscalers of the target, fresh; only for a scale."""
    scaled_objects: tuple[JsonBody, ...] = ()
    """KEDA's ScaledObjects of the target, fresh; only for a scale."""
    events: tuple[JsonBody, ...] = ()
    """What its controllers said of the target, newest first; read only where it is scaled to zero."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The action cannot be done here; the decider is asked again with it masked."""

    reason: Reason
    message: str
