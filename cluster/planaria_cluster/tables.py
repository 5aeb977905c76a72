"""Plain tables for people."""

import time

from planaria_cluster.provider import ClusterStatus, Finding


def status(status: ClusterStatus) -> str:
    head = f"cluster {status.name} ({status.provider}): {status.state}"
    if not status.rows:
        return head
    rows = [("COMPONENT", "PID", "STATE", "SINCE")]
    rows += [(row.name, str(row.pid or "-"), row.state, _since(row.since)) for row in status.rows]
    return "\n".join(
        [head, *_aligned(rows), f"kubeconfig: {status.kubeconfig}", f"kubectl:    {status.kubectl}"]
    )


def findings(findings: list[Finding]) -> str:
    rows = [("PREREQUISITE", "", "DETAIL", "")]
    rows += [
        (each.name, "ok" if each.ok else "missing", each.detail, each.fix and f"-> {each.fix}")
        for each in findings
    ]
    return "\n".join(_aligned(rows))


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _since(moment: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)) if moment is not None else "-"
