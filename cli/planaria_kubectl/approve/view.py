from collections.abc import Iterator

from rich.console import Group, RenderableType

from planaria_kubectl.approve.report import ApprovalReport
from planaria_kubectl.screen import BAD, GOOD, QUIET, line, state, text
from planaria_operator.api.approval import ApprovalVerdict

SAID = {
    ApprovalVerdict.APPROVE: text("approved", GOOD),
    ApprovalVerdict.REJECT: text("rejected", BAD),
}


def render(report: ApprovalReport) -> RenderableType:
    return Group(*_parts(report))


def _parts(report: ApprovalReport) -> Iterator[RenderableType]:
    diff = report.proposal
    yield line(
        f"{report.approver} ",
        SAID[report.verdict],
        f" plan {report.digest} of {report.namespace}/{report.remediation}",
    )
    yield line(text(f"  {diff.action} {diff.target}: ", QUIET), diff.summary)
    if report.outcome:
        yield line(text("  taken as ", QUIET), state(report.outcome))
    if report.message:
        yield text(f"  {report.message}")
    yield text(
        f"Next: kubectl planaria why {diff.target.lower()} -n {report.namespace}    ({report.approval} is the record of it)",
        QUIET,
    )
