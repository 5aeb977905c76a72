"""What came of three storms: rows, goals and tables. Pure."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from bench.goals import Goal
from bench.town_watch import Cost, Health, Record
from bench.written import origin
from planaria_scenarios.audit import Change


@dataclass(frozen=True)
class Cause:
    """What is done to the town, and what a good operator does about it."""

    name: str
    story: str
    right: frozenset[str]
    """Resource and name of what may be acted on, such as `deployments/db`; empty where nothing should be."""
    named: tuple[str, ...]
    """Words of which a record of this storm must say one."""
    least: int = 1
    """Incidents without which it was no storm: a cause that harms nobody proves nothing."""


@dataclass(frozen=True)
class Row:
    """One storm."""

    cause: str
    story: str
    records: int
    """Those that opened while the cause was there."""
    later: int
    """Those that opened after it had been taken away."""
    naming: int
    """Records that name the cause."""
    unnamed: tuple[str, ...]
    actions: tuple[str, ...]
    """Accepted changes of targets, from the audit log."""
    wrong: tuple[str, ...]
    """Those of anything but the cause."""
    below: tuple[str, ...]
    """Those that were made while too few workloads were healthy."""
    fewest_healthy: int
    workloads: int
    open_records: int
    whole: bool
    dry_runs: int
    reasons: tuple[str, ...]
    """Why nothing was done, as the records say."""
    cost: Cost
    least: int = 1
    """Incidents that there had to be."""


def row(  # noqa: PLR0913  all that a verdict rests on
    cause: Cause,
    records: Sequence[Record],
    changes: Sequence[Change],
    health: Sequence[Health],
    cost: Cost,
    *,
    min_healthy: int,
    whole: bool,
    mended: float = math.inf,
) -> Row:
    """`changes`: those of targets that the operator made; `min_healthy` in percent of the others; `mended`: when the cause
    was taken away. A record that opened after that need not name it, but counts in everything else.
    """
    effective = [each for each in changes if each.effective]
    during = [each for each in records if each.created < mended]
    unnamed = [each for each in during if not each.names(*cause.named)]
    return Row(
        cause=cause.name,
        story=cause.story,
        records=len(during),
        later=len(records) - len(during),
        naming=len(during) - len(unnamed),
        unnamed=tuple(f"{each.target}: {sorted(each.said)[:3]}" for each in unnamed),
        actions=tuple(str(each) for each in effective),
        wrong=tuple(str(each) for each in effective if f"{each.resource}/{each.name}" not in cause.right),
        below=tuple(str(each) for each in effective if _too_few(each, health, min_healthy)),
        fewest_healthy=min((each.healthy for each in health), default=0),
        workloads=max((each.total for each in health), default=0),
        open_records=sum(not each.closed for each in records),
        whole=whole,
        dry_runs=sum(each.accepted and each.dry_run for each in changes),
        reasons=tuple(sorted({reason for each in records for reason in each.reasons})),
        cost=cost,
        least=cause.least,
    )


def _too_few(change: Change, health: Sequence[Health], percent: int) -> bool:
    """By the last look before the change; one that was never looked at counts as made against it."""
    seen = [each for each in health if each.at < change.time]
    if not seen:
        return True
    last = seen[-1]
    return last.healthy * 100 < percent * (last.total - 1)


def goals(rows: Sequence[Row]) -> list[Goal]:
    most = max((len(each.actions) for each in rows), default=0)
    wrong = sum(len(each.wrong) for each in rows)
    below = sum(len(each.below) for each in rows)
    records, naming = sum(each.records for each in rows), sum(each.naming for each in rows)
    left = sum(each.open_records for each in rows)
    whole = sum(each.whole for each in rows)
    raged = sum(each.records >= each.least for each in rows)
    return [
        Goal("actions for one cause", most <= 1, str(most), "1 at most"),
        Goal("actions on anything but the cause", wrong == 0, str(wrong), "0"),
        Goal("actions against minHealthy", below == 0, str(below), "0"),
        Goal("records that name the cause", 0 < records == naming, f"{naming} of {records}", "all"),
        Goal("causes that broke what they should", raged == len(rows), f"{raged} of {len(rows)}", "all"),
        Goal("whole again in the end", whole == len(rows), f"{whole} of {len(rows)}", "all"),
        Goal("records left open", left == 0, str(left), "0"),
    ]  # fmt: skip


def table(rows: Sequence[Row]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("CAUSE", no_wrap=True)
    for heading in ("INCIDENTS", "NAME THE CAUSE", "ACTIONS", "FEWEST HEALTHY", "CPU S/MIN", "MIB"):
        shown.add_column(heading, justify="right")
    for each in rows:
        shown.add_row(
            each.cause,
            str(each.records),
            str(each.naming),
            str(len(each.actions)),
            f"{each.fewest_healthy} of {each.workloads}",
            f"{each.cost.cpu_seconds_a_minute:.1f}",
            f"{each.cost.mib:.0f}",
        )
    return shown


def complaints(rows: Sequence[Row]) -> list[str]:
    return [
        f"{each.cause}: {what}"
        for each in rows
        for what in (
            *(f"wrong: {action}" for action in each.wrong),
            *(f"against minHealthy: {action}" for action in each.below),
            *(f"does not name the cause: {record}" for record in each.unnamed[:5]),
        )
    ]


def body(rows: Sequence[Row], found: Sequence[Goal], setting: dict[str, Any]) -> dict[str, Any]:
    """Everything, with what it was measured on."""
    return {
        **origin("storm"),
        **setting,
        "rows": [asdict(each) for each in rows],
        "goals": [asdict(goal) for goal in found],
    }
