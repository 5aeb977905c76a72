from planaria_kubectl.diff.report import DiffReport
from planaria_kubectl.report import Report
from planaria_operator.api.approval import ApprovalVerdict


class ApprovalReport(Report):
    """Of `approve` and of `reject`."""

    namespace: str
    remediation: str
    approval: str
    """Name of the Approval that was created."""
    verdict: ApprovalVerdict
    digest: str
    approver: str
    reason: str = ""
    outcome: str = ""
    """With --wait: Counted, Late or Void, as the operator took it; empty where it has not looked yet, or nobody waited."""
    message: str = ""
    """With --wait: how the Remediation stood then."""
    proposal: DiffReport
    """What was answered."""
