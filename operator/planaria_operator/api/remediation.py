"""Remediation: one incident, what was made of it, what was done, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from planaria_contract import Action, Fault
from planaria_operator.api.base import ApiModel, Name, Percent, PolicyKey, PolicyKind, Text, Time
from planaria_operator.api.cel import rule, validations
from planaria_operator.api.conditions import Condition, Status, with_condition
from planaria_operator.api.plan import ObjectReference, Plan
from planaria_operator.api.reasons import Reason


class SymptomRecord(ApiModel):
    kind: Annotated[str, Field(max_length=64, description="What was seen.")]
    subject: Annotated[str, Field(max_length=512, description="Kind/name of the object that shows it.")]
    since: Annotated[Time, Field(description="When the API first showed it.")]
    message: Annotated[str, Field(max_length=512, description="What the API said, redacted.")] = ""


class RemediationSpec(ApiModel):
    """The incident. It never changes."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self == oldSelf",
                "spec is immutable, because it is the record of one incident: delete the Remediation instead",
            )
        )
    )

    policy: Annotated[Name, Field(description="The policy that this was opened under.")]
    policy_kind: Annotated[
        PolicyKind,
        Field(
            description="HealingPolicy: one of the same namespace (the default). ClusterHealingPolicy: one for many namespaces."
        ),
    ] = "HealingPolicy"
    target: Annotated[ObjectReference, Field(description="The workload or node that shows the fault.")]
    incident: Annotated[
        str,
        Field(
            min_length=1, max_length=64, description="Key of the incident; equal keys are the same incident."
        ),
    ]
    symptoms: Annotated[
        tuple[SymptomRecord, ...], Field(max_length=16, description="What was seen when the incident opened.")
    ] = ()
    visible_at: Annotated[Time, Field(description="When the API first showed the fault.")]


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


class AttemptOutcome(StrEnum):
    PENDING = "Pending"
    RECOVERED = "Recovered"
    INEFFECTIVE = "Ineffective"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"
    """The world had changed before anything was applied; it is decided anew."""


class Attempt(ApiModel):
    """One action. It is written before anything is sent, so that a restarted operator finishes exactly this."""

    number: Annotated[int, Field(ge=1, le=100, description="1 for the first.")]
    decision: Annotated[DecisionRecord, Field(description="What this attempt carries out.")]
    plan: Annotated[Plan, Field(description="Exactly what is sent to the API server.")]
    digest: Annotated[str, Field(max_length=64, description="Hash of the operations.")]
    reserved_at: Annotated[Time, Field(description="When the guards had passed and the budget was taken.")]
    applied_at: Annotated[Time | None, Field(description="When the API server had accepted everything.")] = (
        None
    )
    finished_at: Annotated[Time | None, Field(description="When it was verified or given up.")] = None
    outcome: Annotated[AttemptOutcome, Field(description="What came of it.")] = AttemptOutcome.PENDING
    reverted_at: Annotated[Time | None, Field(description="When it was undone.")] = None
    message: Annotated[Text, Field(description="What the API said or what verification found.")] = ""


class TimelineEntry(ApiModel):
    time: Annotated[Time, Field(description="When.")]
    station: Annotated[str, Field(max_length=32, description="Where on the path.")]
    reason: Annotated[str, Field(max_length=64, description="A stable code.")]
    message: Annotated[Text, Field(description="What happened.")]


class Stage(StrEnum):
    """Where a Remediation stands. Every advance moves it at most one stage and writes it before the next begins."""

    DETECTED = "Detected"
    UNDERSTOOD = "Understood"
    BLOCKED = "Blocked"
    WAITING = "Waiting"
    ACTING = "Acting"
    VERIFYING = "Verifying"
    REVERTING = "Reverting"
    ESCALATED = "Escalated"
    FINISHED = "Finished"


TIMELINE_LIMIT = 64


class RemediationStatus(ApiModel):
    """How far the incident has come. It holds all that a restarted operator needs to go on."""

    observed_generation: Annotated[int | None, Field(description="Always 1: the spec is immutable.")] = None
    stage: Annotated[Stage, Field(description="Where on the path this stands.")] = Stage.DETECTED
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Executed: something was applied. Verified: it helped and lasted. Reverted: it was undone. "
            "Recommended: what a person might do. Succeeded: the incident is over; Unknown while it runs.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    semantic_state: Annotated[
        SemanticRecord | None, Field(description="What the evidence was taken for.")
    ] = None
    understood_at: Annotated[Time | None, Field(description="When that evidence was read.")] = None
    decision: Annotated[DecisionRecord | None, Field(description="The latest decision.")] = None
    guards: Annotated[
        tuple[GuardRecord, ...], Field(max_length=32, description="Each guard's latest verdict.")
    ] = ()
    attempts: Annotated[
        tuple[Attempt, ...], Field(max_length=10, description="Every action, oldest first.")
    ] = ()
    waits: Annotated[
        int, Field(ge=0, le=10000, description="How often it was decided to wait and look again.")
    ] = 0
    timeline: Annotated[
        tuple[TimelineEntry, ...],
        Field(
            max_length=TIMELINE_LIMIT,
            description="What happened, oldest first; the middle is dropped when full.",
        ),
    ] = ()
    next_check_at: Annotated[Time | None, Field(description="Nothing happens before this time.")] = None
    healthy_since: Annotated[
        Time | None, Field(description="Since when the target is healthy without a break.")
    ] = None
    recovered_at: Annotated[Time | None, Field(description="When the healthy span that counted began.")] = (
        None
    )
    finished_at: Annotated[Time | None, Field(description="When the record was closed.")] = None
    recovery_seconds: Annotated[
        int | None, Field(ge=0, description="From the fault being visible to recovered.")
    ] = None

    @property
    def attempt(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def finished(self) -> bool:
        return self.stage is Stage.FINISHED

    def condition(self, type_: str) -> Condition | None:
        return next((condition for condition in self.conditions if condition.type == type_), None)

    def with_condition(
        self, type_: str, status: Status, reason: Reason, message: str, *, now: datetime
    ) -> "RemediationStatus":
        conditions = with_condition(self.conditions, type_, status, reason, message, now=now, generation=1)
        return self.model_copy(update={"conditions": conditions, "observed_generation": 1})

    def noted(self, station: str, reason: Reason, message: str, *, now: datetime) -> "RemediationStatus":
        """The status with a line added to the timeline. A repeat of the last line is not added again."""
        entry = TimelineEntry(time=now, station=station, reason=reason, message=message[:1024])
        if self.timeline and self.timeline[-1].model_copy(update={"time": now}) == entry:
            return self
        lines = (*self.timeline, entry)
        if len(lines) > TIMELINE_LIMIT:
            lines = (*lines[:8], *lines[-(TIMELINE_LIMIT - 8) :])
        return self.model_copy(update={"timeline": lines})

    def with_attempt(self, attempt: Attempt) -> "RemediationStatus":
        """The status with `attempt` added, or put in the place of the one with the same number."""
        others = tuple(known for known in self.attempts if known.number != attempt.number)
        return self.model_copy(update={"attempts": (*others, attempt)})


class Remediation(ApiModel):
    """One Remediation as read from the API server."""

    name: str
    namespace: str
    uid: str = ""
    resource_version: str = ""
    created_at: Time | None = None
    spec: RemediationSpec
    status: RemediationStatus = RemediationStatus()

    @property
    def policy_key(self) -> PolicyKey:
        """Of the policy that this was opened under."""
        namespace = self.namespace if self.spec.policy_kind == "HealingPolicy" else ""
        return (namespace, self.spec.policy)
