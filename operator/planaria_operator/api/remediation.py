"""Remediation: one incident, what was made of it, what was done, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from planaria_operator.api.attempt import AnswerRecord, Attempt, ProposalRecord
from planaria_operator.api.base import ApiModel, Name, PolicyKey, PolicyKind, Text, Time
from planaria_operator.api.cel import rule, validations
from planaria_operator.api.conditions import Condition, Status, with_condition
from planaria_operator.api.decision import DecisionRecord, GuardRecord, SemanticRecord
from planaria_operator.api.ladder import RungStatus
from planaria_operator.api.notification import Notification
from planaria_operator.api.plan import ObjectReference
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
    AWAITING = "Awaiting"
    """A person has to approve first."""
    ACTING = "Acting"
    VERIFYING = "Verifying"
    REVERTING = "Reverting"
    ESCALATED = "Escalated"
    FINISHED = "Finished"


UNDER_WAY: Final = frozenset({Stage.ACTING, Stage.VERIFYING, Stage.REVERTING})
"""Something was written down to be done, and is not over."""
TIMELINE_LIMIT = 64
ANSWERS_LIMIT = 32


class RemediationStatus(ApiModel):
    """How far the incident has come. It holds all that a restarted operator needs to go on."""

    observed_generation: Annotated[int | None, Field(description="Always 1: the spec is immutable.")] = None
    stage: Annotated[Stage, Field(description="Where on the path this stands.")] = Stage.DETECTED
    conditions: Annotated[
        tuple[Condition, ...],
        Field(
            max_length=16,
            description="Executed: something was applied. Verified: it helped and lasted. Reverted: it was undone. "
            "Recommended: what a person might do. Approved: Unknown while a person is asked, False once nobody is any more. "
            "Notified: whoever was to be told knows. Succeeded: the incident is over; Unknown while it runs.",
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
    proposal: Annotated[
        ProposalRecord | None,
        Field(
            description="Mode Approve: what waits for approval, or waited last; once it is acted on it is an attempt. The condition "
            "Approved says how it stands."
        ),
    ] = None
    answers: Annotated[
        tuple[AnswerRecord, ...],
        Field(
            max_length=ANSWERS_LIMIT,
            description="Every Approval that was looked at, oldest first. After 32 no more are.",
        ),
    ] = ()
    attempts: Annotated[
        tuple[Attempt, ...], Field(max_length=10, description="Every action, oldest first.")
    ] = ()
    waits: Annotated[
        int, Field(ge=0, le=10000, description="How often it was decided to wait and look again.")
    ] = 0
    rung: Annotated[
        RungStatus | None, Field(description="Where on the policy's escalation ladder this stands.")
    ] = None
    notifications: Annotated[
        tuple[Notification, ...],
        Field(max_length=32, description="Who was told, of what, and whether it arrived; oldest first."),
    ] = ()
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
    def open_proposal(self) -> ProposalRecord | None:
        """What a person is asked for, or has approved and is still to be done; None once that is over."""
        approved = self.condition("Approved")
        return self.proposal if approved and approved.status is not Status.FALSE else None

    @property
    def held_because(self) -> str:
        """The reason why nothing was begun when it was last tried; empty where something was, or nothing was tried."""
        executed = self.condition("Executed")
        return executed.reason if executed and executed.status is Status.FALSE else ""

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

    def not_recommended(self, *, now: datetime) -> "RemediationStatus":
        """The status without a recommendation that no longer holds."""
        found = self.condition("Recommended")
        if found is None or found.status is not Status.TRUE:
            return self
        message = f"no longer: {found.message}"
        return self.with_condition("Recommended", Status.FALSE, Reason.NOT_RECOMMENDED, message, now=now)

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
    policy_uid: str = ""
    """Of the policy that owns this; empty where none does."""
    spec: RemediationSpec
    status: RemediationStatus = RemediationStatus()

    @property
    def policy_key(self) -> PolicyKey:
        """Of the policy that this was opened under."""
        namespace = self.namespace if self.spec.policy_kind == "HealingPolicy" else ""
        return (namespace, self.spec.policy)
