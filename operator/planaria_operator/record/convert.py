"""Between the words of the contract and the record that people read with kubectl. Pure, both ways.

The record has no floats: shares become whole percents, rounded to the nearest, halves up. So a state or decision that
was read back may differ from the first by half a percent, and is equal to itself from then on.
"""

import math
from collections.abc import Mapping

from pydantic import TypeAdapter

from planaria_contract import (
    Action,
    Decider,
    Decision,
    Evidence,
    Mask,
    ModelVersion,
    ObjectRef,
    Observation,
    Parameters,
    Precedent,
    SemanticState,
    Shadow,
    Source,
    Symptom,
    SymptomKind,
)
from planaria_operator.api.decision import (
    DecisionRecord,
    EvidenceRecord,
    MaskRecord,
    ParametersRecord,
    PrecedentRecord,
    ProbabilityRecord,
    SemanticRecord,
    ShadowRecord,
)
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.remediation import SymptomRecord
from planaria_operator.record.excerpt import excerpt
from planaria_operator.record.fit import clip, fitted

PARAMETERS: TypeAdapter[Parameters] = TypeAdapter(Parameters)
NAME_LIMIT = 253
MOST_LOST = 10**9
"""Seconds."""


def percent(share: float) -> int:
    return math.floor(share * 100 + 0.5)


def object_reference(ref: ObjectRef) -> ObjectReference:
    return fitted(ObjectReference, kind=ref.kind, namespace=ref.namespace, name=ref.name, uid=ref.uid)


def object_ref(reference: ObjectReference) -> ObjectRef:
    return ObjectRef(**reference.model_dump())


def symptom_record(symptom: Symptom) -> SymptomRecord:
    return fitted(
        SymptomRecord,
        kind=symptom.kind.value,
        subject=str(symptom.subject),
        since=symptom.since,
        message=symptom.message,
    )


def symptom(record: SymptomRecord, namespace: str | None) -> Symptom:
    """`namespace` is the Remediation's, because the record holds kind and name only.

    A kind of symptom that only a newer operator knows is read as NotReady, the weakest claim there is.
    """
    kind, _, name = record.subject.partition("/")
    known = record.kind in set(SymptomKind)
    return Symptom(
        kind=SymptomKind(record.kind) if known else SymptomKind.NOT_READY,
        subject=ObjectRef(kind=kind, name=name, namespace=None if kind == "Node" else namespace),
        since=record.since,
        message=record.message,
    )


def semantic_record(state: SemanticState, observation: Observation) -> SemanticRecord:
    """With the lines that the evidence refers to, as they stand in the observation."""
    return fitted(
        SemanticRecord,
        fault=state.fault,
        secondary=state.secondary,
        component=state.component,
        severity=state.severity,
        confidence_percent=percent(state.confidence),
        novelty_percent=percent(state.novelty),
        summary=state.summary,
        evidence=tuple(_evidence_record(item, observation) for item in state.evidence),
        source=state.source.value,
        model=_model_text(state.model),
    )


def semantic_state(record: SemanticRecord) -> SemanticState:
    return SemanticState(
        fault=record.fault,
        secondary=record.secondary,
        component=record.component,
        severity=record.severity,
        confidence=record.confidence_percent / 100,
        novelty=record.novelty_percent / 100,
        summary=record.summary,
        evidence=tuple(Evidence(**item.model_dump()) for item in record.evidence),
        source=Source(record.source),
        model=_model_version(record.model),
    )


def decision_record(decision: Decision) -> DecisionRecord:
    """Everything but the value estimate, which only the policy service can use."""
    return fitted(
        DecisionRecord,
        action=decision.category,
        target=object_reference(decision.target),
        parameters=_parameters_record(decision.parameters),
        rule=decision.rule,
        explanation=decision.explanation,
        probabilities=_probability_records(decision.probabilities),
        masks=tuple(_mask_record(mask) for mask in decision.masks),
        shadow=_shadow_record(decision.shadow),
        precedents=tuple(_precedent_record(each) for each in decision.precedents),
        decided_by=decision.decided_by.value,
        model=_model_text(decision.model),
    )


def decision(record: DecisionRecord) -> Decision:
    """Raises ValidationError where the record lacks a parameter that the action needs."""
    return Decision(
        parameters=_parameters(record.action, record.parameters),
        target=object_ref(record.target),
        rule=record.rule,
        explanation=record.explanation,
        probabilities={entry.action: entry.percent / 100 for entry in record.probabilities},
        masks=tuple(
            Mask(category=mask.action, reason=mask.reason, message=mask.message) for mask in record.masks
        ),
        shadow=_shadow(record.shadow),
        precedents=tuple(_precedent(each) for each in record.precedents),
        decided_by=Decider(record.decided_by),
        model=_model_version(record.model),
    )


def _shadow_record(shadow: Shadow | None) -> ShadowRecord | None:
    if shadow is None:
        return None
    return fitted(
        ShadowRecord,
        action=shadow.category,
        percent=percent(shadow.probability),
        explanation=shadow.explanation,
        model=_model_text(shadow.model),
    )


def _shadow(record: ShadowRecord | None) -> Shadow | None:
    if record is None:
        return None
    return Shadow(
        category=record.action,
        probability=record.percent / 100,
        explanation=record.explanation,
        model=_model_version(record.model),
    )


def _precedent_record(precedent: Precedent) -> PrecedentRecord:
    return fitted(
        PrecedentRecord,
        incident=precedent.incident,
        fault=precedent.fault,
        did=precedent.did,
        recovered=precedent.recovered,
        harmed=precedent.harmed,
        lost_seconds=round(min(max(-precedent.minutes * 60, 0), MOST_LOST)),
        similarity_percent=percent(precedent.similarity),
    )


def _precedent(record: PrecedentRecord) -> Precedent:
    values = record.model_dump(exclude={"lost_seconds", "similarity_percent"})
    return Precedent(**values, minutes=-record.lost_seconds / 60, similarity=record.similarity_percent / 100)


def _evidence_record(item: Evidence, observation: Observation) -> EvidenceRecord:
    return fitted(EvidenceRecord, kind=item.kind, index=item.index, excerpt=excerpt(item, observation))


def _probability_records(probabilities: Mapping[Action, float]) -> tuple[ProbabilityRecord, ...]:
    """The most probable first. The contract does not bound a probability; a peer's arithmetic may end above 1."""
    records = [
        ProbabilityRecord(action=action, percent=percent(min(max(share, 0), 1)))
        for action, share in probabilities.items()
    ]
    return tuple(sorted(records, key=lambda record: (-record.percent, record.action)))


def _mask_record(mask: Mask) -> MaskRecord:
    return fitted(MaskRecord, action=mask.category, reason=mask.reason, message=mask.message)


def _parameters_record(parameters: Parameters) -> ParametersRecord:
    """No delay, no pods and no draining are left out."""
    values = parameters.model_dump(exclude={"category"}, exclude_none=True)
    if "ratio" in values:
        values["ratio_percent"] = percent(values.pop("ratio"))
    if "pods" in values:
        values["pods"] = tuple(clip(pod, NAME_LIMIT) for pod in values["pods"] if pod)
    return fitted(ParametersRecord, **{name: value for name, value in values.items() if value not in (0, ())})


def _parameters(action: Action, record: ParametersRecord) -> Parameters:
    values = record.model_dump(exclude_none=True)
    if record.ratio_percent is not None:
        values["ratio"] = record.ratio_percent / 100
    return PARAMETERS.validate_python({"category": action, **values})


def _model_text(model: ModelVersion) -> str:
    return f"{model.id}@{model.version}"


def _model_version(text: str) -> ModelVersion:
    """Cut at the last "@", which a version never holds."""
    name, at, version = text.rpartition("@")
    return (
        ModelVersion(id=name[:128], version=version[:64]) if at else ModelVersion(id=text[:128], version="")
    )
