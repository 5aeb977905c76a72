"""Approvals, as people have created them."""

from dataclasses import dataclass

from planaria_operator.api.approval import ApprovalSpec
from planaria_operator.objects.meta import Meta


@dataclass(frozen=True, slots=True)
class Approval:
    meta: Meta
    spec: ApprovalSpec
