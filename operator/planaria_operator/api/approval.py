"""Approval: a person's answer to what a Remediation proposes under mode Approve.

A kind of its own, because the right to create it is the right to approve: RBAC can grant it alone, and the operator's
role does not have it.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from planaria_operator.api.base import ApiModel, Name
from planaria_operator.api.cel import rule, validations

Digest = Annotated[str, Field(pattern="^[0-9a-f]{16,64}$", max_length=64)]


class ApprovalVerdict(StrEnum):
    APPROVE = "Approve"
    REJECT = "Reject"


class ApprovalSpec(ApiModel):
    """One answer to one proposal. It never changes: another answer is another Approval."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "self == oldSelf",
                "spec is immutable, because it is somebody's answer: create another Approval instead",
            ),
            rule(
                "self.verdict != 'Reject' || (has(self.reason) && self.reason.trim() != '')",
                "a rejection needs a reason, because a person has to go on from it: set spec.reason",
                field=".reason",
            ),
        )
    )

    remediation: Annotated[
        Name, Field(description="The Remediation, in the same namespace, whose proposal this answers.")
    ]
    digest: Annotated[
        Digest,
        Field(
            description="Digest of exactly what may be applied, as status.proposal.digest of the Remediation shows it. For "
            "anything else this Approval is void."
        ),
    ]
    verdict: Annotated[
        ApprovalVerdict,
        Field(description="Approve: it may be applied. Reject: it must not be, and a person takes over."),
    ]
    reason: Annotated[
        str, Field(max_length=512, description="Why, in a few words; a rejection has to say it.")
    ] = ""
    approver: Annotated[
        str,
        Field(
            min_length=1,
            max_length=512,
            description="The name of the user who creates this, as `kubectl auth whoami` says it. An admission policy of "
            "Planaria's refuses any other name.",
        ),
    ]


class ApprovalSettings(ApiModel):
    """How mode Approve asks."""

    expires_after_seconds: Annotated[
        int,
        Field(
            ge=60,
            le=604800,
            description="How long a proposal waits for an answer, and how long the answer holds. After that a person takes over.",
        ),
    ] = 3600
