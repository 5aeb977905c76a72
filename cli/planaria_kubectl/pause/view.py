from rich.console import Group, RenderableType

from planaria_kubectl.pause.report import PauseReport
from planaria_kubectl.screen import CAREFUL, GOOD, label_of, line, section, table, text
from planaria_kubectl.times import until


def render(report: PauseReport) -> RenderableType:
    name = label_of(report.namespace, report.policy)
    head = line(
        f"{report.message}: {name} is ", text("paused", CAREFUL) if report.paused else text("at work", GOOD)
    )
    if not report.requests:
        return head
    ends = (until(each.until, report.at) if each.until else "never" for each in report.requests)
    rows = ((each.requester, end, each.reason) for each, end in zip(report.requests, ends, strict=True))
    return Group(
        head,
        section("REQUESTS", table(("REQUESTER", "ENDS IN", "REASON"), rows)),
        text(
            "Nothing new is begun while there is any; what is under way is verified, and undone where it does not help."
        ),
    )
