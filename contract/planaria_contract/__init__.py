"""The words that Planaria's parts exchange: what was seen, what it means, what to do, what came of it.

Frozen pydantic models and two closed sets, with a schema version. It knows neither Kubernetes nor torch, so the
operator, the policy service, the simulator and the tests can all import it.
"""

from planaria_contract.actions import (
    Action,
    Escalate,
    Isolate,
    Migrate,
    Parameters,
    Reload,
    Resize,
    Restart,
    Rollback,
    Scale,
    Wait,
)
from planaria_contract.base import SCHEMA_VERSION, Model
from planaria_contract.consultation import Consultation
from planaria_contract.decision import Counterfactual, Decider, Decision, Mask, Precedent, Shadow
from planaria_contract.faults import CLASSES, Fault
from planaria_contract.observation import (
    AlertFact,
    DependencyFact,
    EventFact,
    LogLine,
    MetricSeries,
    NodeFact,
    ObjectRef,
    Observation,
    PodFact,
    Symptom,
    SymptomKind,
    WorkloadFact,
)
from planaria_contract.outcome import AttemptOutcome, Outcome
from planaria_contract.semantics import Evidence, ModelVersion, SemanticState, Source

__all__ = [
    "CLASSES",
    "SCHEMA_VERSION",
    "Action",
    "AlertFact",
    "AttemptOutcome",
    "Consultation",
    "Counterfactual",
    "Decider",
    "Decision",
    "DependencyFact",
    "Escalate",
    "EventFact",
    "Evidence",
    "Fault",
    "Isolate",
    "LogLine",
    "Mask",
    "MetricSeries",
    "Migrate",
    "Model",
    "ModelVersion",
    "NodeFact",
    "ObjectRef",
    "Observation",
    "Outcome",
    "Parameters",
    "PodFact",
    "Precedent",
    "Reload",
    "Resize",
    "Restart",
    "Rollback",
    "Scale",
    "SemanticState",
    "Shadow",
    "Source",
    "Symptom",
    "SymptomKind",
    "Wait",
    "WorkloadFact",
]
