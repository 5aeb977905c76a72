from collections.abc import Mapping
from dataclasses import dataclass

from planaria_contract import Decision, Observation
from planaria_operator.api.actions import AllowedAction
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.store import ClusterStore


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
    events: tuple[JsonBody, ...] = ()
    """What its controllers said of the target, newest first; read only where it is scaled to zero."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The action cannot be done here; the decider is asked again with it masked."""

    reason: Reason
    message: str
