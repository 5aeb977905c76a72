"""Approvals, as people have created them."""

from dataclasses import dataclass

from planaria_operator.api.approval import ApprovalSpec
from planaria_operator.objects.meta import Body, Meta, parse_meta


@dataclass(frozen=True, slots=True)
class Approval:
    meta: Meta
    spec: ApprovalSpec


def parse_approval(body: Body) -> Approval:
    """Raises ValueError where the spec is none."""
    return Approval(parse_meta("Approval", body), ApprovalSpec.model_validate(body.get("spec")))
