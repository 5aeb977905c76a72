"""An action from its being proposed to what came of it, as the record keeps it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from planaria_operator.api.approval import ApprovalVerdict
from planaria_operator.api.base import ApiModel, Name, Text, Time
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.api.drain import DrainRecord
from planaria_operator.api.plan import Plan


class AttemptOutcome(StrEnum):
    PENDING = "Pending"
    RECOVERED = "Recovered"
    INEFFECTIVE = "Ineffective"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"
    """The world had changed before anything was applied; it is decided anew."""
    TARGET_GONE = "TargetGone"
    """The target was deleted before it showed whether it helped."""


class Attempt(ApiModel):
    """One action. It is written before anything is sent, so that a restarted operator finishes exactly this."""

    number: Annotated[int, Field(ge=1, le=100, description="1 for the first.")]
    decision: Annotated[DecisionRecord, Field(description="What this attempt carries out.")]
    plan: Annotated[Plan, Field(description="Exactly what is sent to the API server.")]
    digest: Annotated[str, Field(max_length=64, description="Hash of the operations.")]
    reserved_at: Annotated[Time, Field(description="When the guards had passed and the budget was taken.")]
    begun_at: Annotated[
        Time | None,
        Field(
            description="With a delay: when the guards had passed once more at its end. Nothing is sent before."
        ),
    ] = None
    drain: Annotated[
        DrainRecord | None,
        Field(description="How far the rounds are, where the plan is carried out in rounds."),
    ] = None
    applied_at: Annotated[Time | None, Field(description="When the API server had accepted everything.")] = (
        None
    )
    finished_at: Annotated[Time | None, Field(description="When it was verified or given up.")] = None
    outcome: Annotated[AttemptOutcome, Field(description="What came of it.")] = AttemptOutcome.PENDING
    reverted_at: Annotated[Time | None, Field(description="When it was undone.")] = None
    message: Annotated[Text, Field(description="What the API said or what verification found.")] = ""

    @property
    def counts(self) -> bool:
        """Not where it was called off, or overtaken by the world, because that was not tried."""
        return self.outcome is not AttemptOutcome.SUPERSEDED

    @property
    def queued(self) -> bool:
        """It has a delay and nothing of it was sent: it may still be called off."""
        return self.begun_at is None and bool(self.decision.parameters.delay_seconds)


class ProposalRecord(ApiModel):
    """What waits for a person's approval. Exactly this is applied, or nothing is."""

    decision: Annotated[DecisionRecord, Field(description="What was decided.")]
    plan: Annotated[Plan, Field(description="Exactly what would be sent to the API server.")]
    digest: Annotated[
        str, Field(max_length=64, description="Hash of the operations; an Approval has to name it.")
    ]
    planned_at: Annotated[
        Time, Field(description="The time that the plan itself speaks of, such as in restartedAt.")
    ]
    proposed_at: Annotated[Time, Field(description="Since when exactly this is proposed.")]
    expires_at: Annotated[Time, Field(description="When a person takes over, approved or not.")]
    approved_at: Annotated[Time | None, Field(description="When an Approval was taken for it.")] = None
    approved_by: Annotated[str | None, Field(max_length=512, description="Who approved it.")] = None


class AnswerOutcome(StrEnum):
    COUNTED = "Counted"
    LATE = "Late"
    """The same proposal had been answered already."""
    VOID = "Void"
    """It was not about what was proposed at that time."""


class AnswerRecord(ApiModel):
    """An Approval, and whether it counted. Each is looked at once."""

    name: Annotated[Name, Field(description="Name of the Approval.")]
    uid: Annotated[str, Field(max_length=64, description="Its uid.")]
    verdict: Annotated[ApprovalVerdict, Field(description="Approve or Reject.")]
    digest: Annotated[str, Field(max_length=64, description="What it was about.")]
    approver: Annotated[str, Field(max_length=512, description="Who answered.")]
    reason: Annotated[str, Field(max_length=512, description="Why, in the approver's words.")] = ""
    outcome: Annotated[
        AnswerOutcome,
        Field(
            description="Counted; Late where the proposal was answered already; Void where it was not about what is proposed."
        ),
    ]
    time: Annotated[Time, Field(description="When Planaria took note of it.")]
