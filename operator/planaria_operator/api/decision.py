"""What the evidence was taken for, what was decided about it, and what the guards said to that, as the record keeps it."""

from typing import Annotated

from pydantic import Field

from planaria_contract import Action, Fault
from planaria_operator.api.base import ApiModel, Name, Percent, Text
from planaria_operator.api.plan import ObjectReference


class EvidenceRecord(ApiModel):
    kind: Annotated[str, Field(max_length=16, description="log, event, metric, symptom or fact.")]
    index: Annotated[int, Field(ge=0, description="Position in the window that was looked at.")]
    excerpt: Annotated[str, Field(max_length=200, description="The line itself, redacted.")] = ""


class SemanticRecord(ApiModel):
    fault: Annotated[Fault, Field(description="The class of the root cause.")]
    secondary: Annotated[Fault | None, Field(description="The next most likely class.")] = None
    component: Annotated[str, Field(max_length=253, description="The object at fault.")]
    severity: Annotated[int, Field(ge=0, le=3, description="0 none, 1 degraded, 2 partly down, 3 down.")]
    confidence_percent: Annotated[
        Percent, Field(description="How sure; calibrated, not the model's own opinion.")
    ]
    novelty_percent: Annotated[Percent, Field(description="How unlike anything known.")] = 0
    summary: Annotated[str, Field(max_length=280, description="One sentence.")]
    evidence: Annotated[
        tuple[EvidenceRecord, ...], Field(max_length=16, description="What it was concluded from.")
    ] = ()
    source: Annotated[str, Field(max_length=16, description="vllm, encoder, hybrid or rules.")]
    model: Annotated[str, Field(max_length=200, description="Model and version.")]


class ProbabilityRecord(ApiModel):
    action: Annotated[Action, Field(description="The category.")]
    percent: Annotated[Percent, Field(description="Its probability, rounded.")]


class MaskRecord(ApiModel):
    action: Annotated[Action, Field(description="The category that could not be chosen.")]
    reason: Annotated[str, Field(max_length=64, description="Why not: a stable code.")]
    message: Annotated[str, Field(max_length=280, description="Why not, in words.")] = ""


class ParametersRecord(ApiModel):
    """The parameters of the category; those of other categories are left out."""

    scope: Annotated[str | None, Field(max_length=16, description="restart: pod or workload.")] = None
    pods: Annotated[
        tuple[Name, ...], Field(max_length=100, description="restart, migrate, reload: which pods.")
    ] = ()
    source: Annotated[str | None, Field(max_length=253, description="migrate: the node that is left.")] = None
    node: Annotated[
        str | None,
        Field(
            max_length=253,
            description="migrate: the node that is preferred. isolate: the one that is closed.",
        ),
    ] = None
    drain: Annotated[
        bool | None, Field(description="isolate: true where pods are moved off the node as well.")
    ] = None
    ratio_percent: Annotated[
        int | None, Field(ge=0, le=1000, description="scale, resize: new size in percent.")
    ] = None
    resource: Annotated[str | None, Field(max_length=16, description="resize: cpu, memory or both.")] = None
    container: Annotated[str | None, Field(max_length=63, description="resize: which container.")] = None
    revision: Annotated[str | None, Field(max_length=63, description="rollback: which revision.")] = None
    wait_seconds: Annotated[int | None, Field(ge=0, le=3600, description="none: when to look again.")] = None
    delay_seconds: Annotated[int | None, Field(ge=0, le=3600, description="Wait before the action.")] = None
    reason: Annotated[str | None, Field(max_length=280, description="escalate: why.")] = None


class ShadowRecord(ApiModel):
    action: Annotated[Action, Field(description="The category that it would have chosen.")]
    percent: Annotated[int, Field(ge=0, le=100, description="The probability that it gave it.")]
    explanation: Annotated[str, Field(max_length=280, description="Why, in one sentence.")] = ""
    model: Annotated[str, Field(max_length=200, description="Model and version.")]


class PrecedentRecord(ApiModel):
    incident: Annotated[str, Field(max_length=253, description="The remembered incident.")]
    fault: Annotated[Fault, Field(description="Its fault class.")]
    did: Annotated[str, Field(max_length=280, description="What was done, in order.")] = ""
    recovered: Annotated[bool, Field(description="Whether it recovered without a person.")]
    harmed: Annotated[bool, Field(description="Whether something got worse by what was done.")] = False
    lost_seconds: Annotated[
        int,
        Field(ge=0, description="What it cost: seconds of full outage, with the price of what was done."),
    ]
    similarity_percent: Annotated[Percent, Field(description="How alike it began.")]


class DecisionRecord(ApiModel):
    action: Annotated[Action, Field(description="The category that was chosen.")]
    target: Annotated[ObjectReference, Field(description="What is to be acted on.")]
    parameters: Annotated[ParametersRecord, Field(description="The parameters of the category.")] = (
        ParametersRecord()
    )
    rule: Annotated[str, Field(max_length=64, description="The runbook entry that decided.")] = ""
    explanation: Annotated[str, Field(max_length=280, description="Why, in one sentence.")] = ""
    probabilities: Annotated[
        tuple[ProbabilityRecord, ...], Field(max_length=16, description="Of every category.")
    ] = ()
    masks: Annotated[
        tuple[MaskRecord, ...], Field(max_length=16, description="What could not be chosen, and why.")
    ] = ()
    shadow: Annotated[
        ShadowRecord | None,
        Field(description="What the learned policy would have done, where decide.mode is shadow."),
    ] = None
    precedents: Annotated[
        tuple[PrecedentRecord, ...],
        Field(max_length=3, description="The nearest remembered incidents and what they led to."),
    ] = ()
    decided_by: Annotated[str, Field(max_length=16, description="ppo or rules.")]
    model: Annotated[str, Field(max_length=200, description="Model and version.")]


class GuardRecord(ApiModel):
    guard: Annotated[str, Field(max_length=64, description="Which guard.")]
    allowed: Annotated[bool, Field(description="Whether it let the action pass.")]
    reason: Annotated[str, Field(max_length=64, description="A stable code.")]
    message: Annotated[Text, Field(description="In words, with the numbers it looked at.")] = ""
