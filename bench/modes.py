"""What Observe and Recommend change in the cluster, by the API server's audit log: nothing, not even on trial."""

import argparse
import copy
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.table import Table

from bench.command import add_usual, guarded
from bench.goals import Goal, shown, status
from bench.written import origin, write_json
from planaria_cluster import Provider, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.audit import Change, changes, on_targets
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.catalogue import Entry, find
from planaria_scenarios.environment import prepare
from planaria_scenarios.records import Record, seconds
from planaria_scenarios.result import Result
from planaria_scenarios.session import Session, play

HELP = "changes that the modes Observe and Recommend make, by the audit log"
EXAMPLE = """\
examples:
  python -m bench modes --check
  python -m bench modes --only hanging-replica --json results/modes.json

Every fault of the catalogue, once in each mode, until the operator has decided and said that it does nothing, and a while longer.
Records, policies' status, Events and the Lease are the operator's own; any other call that changes something counts, dry runs too.
"""
MODES: Final = {"Observe": "ObserveMode", "Recommend": "Recommended"}
"""The reason with which each one refuses."""
LONGER: Final = 8.0
"""Seconds that a decision is watched: an operator that acts after all would do it within."""


@dataclass(frozen=True)
class Row:
    """One fault in one mode."""

    scenario: str
    mode: str
    would: str
    """The action that was decided and not done; empty where it did not come to that."""
    on_targets: int
    dry_runs: int
    own: int
    """Records, Events and statuses that were written."""
    error: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--only", action="append", metavar="NAME", help="only this scenario (repeatable); default: all faults"
    )
    add("--at-once", type=int, default=6, metavar="N", help="scenarios at a time; default: %(default)s")
    add_usual(parser, "nothing was changed, and everything was decided")


@guarded()
def run(options: argparse.Namespace) -> int:
    progress = Progress()
    cluster = open_cluster(options.cluster, progress=progress)
    prepare(cluster, progress)
    entries = find(options.only or ["faults"])
    rows, nodes = run_cancellable(measure(cluster, entries, options.at_once, progress))
    found = goals(rows, nodes)
    console = show.console()
    shown(console, table(rows), goals=found)
    if options.json:
        write_json(options.json, body(rows, nodes, found))
    return status(options, found)


async def measure(
    cluster: Provider, entries: Sequence[Entry], at_once: int, progress: Progress
) -> tuple[list[Row], list[Change]]:
    """A row for each fault and mode, and the changes of what is in no namespace. Raises ScenarioError."""
    audit, began, watched = cluster.audit_log(), time.time(), Watched()
    session = Session(
        kubeconfig=cluster.kubeconfig(),
        cluster=cluster,
        log=Path("results") / "modes" / "operator.log",
        at_once=at_once,
        listener=lambda event: progress.say(show.line(event)),
        enough=watched.enough,
    )
    played = [(in_mode(entry, mode), mode) for entry in entries for mode in MODES]
    results = await play([entry for entry, _ in played], session)
    found = changes(audit, since=began)
    rows = [row(result, mode, watched, found) for result, (_, mode) in zip(results, played, strict=True)]
    return rows, [each for each in on_targets(found) if not each.namespace]


def in_mode(entry: Entry, mode: str) -> Entry:
    """The same fault under a policy in this mode; with the mode in its name, so that both can be played at once."""
    policy = copy.deepcopy(entry.policy)
    for each in policy:
        each["spec"]["mode"] = mode
    scenario = entry.scenario.model_copy(update={"name": f"{entry.name}-{mode.lower()}"})
    return replace(entry, scenario=scenario, policy=policy)


class Watched:
    """The records in which the operator says what it would have done."""

    def __init__(self) -> None:
        self.decided: dict[str, Record] = {}
        """By namespace."""

    def enough(self, records: tuple[Record, ...]) -> bool:
        for record in records:
            condition = _refusal(record)
            if condition:
                self.decided[record.body["metadata"]["namespace"]] = record
                return time.time() > seconds(condition["lastTransitionTime"]) + LONGER
        return False


def _refusal(record: Record) -> dict[str, Any] | None:
    """The condition that says that the mode forbids it."""
    conditions = (record.body.get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["reason"] in MODES.values()), None)


def row(result: Result, mode: str, watched: Watched, found: Sequence[Change]) -> Row:
    mine = [each for each in found if each.namespace == result.namespace]
    targets, decided = on_targets(mine), watched.decided.get(result.namespace)
    would = ""
    if decided and (_refusal(decided) or {}).get("reason") == MODES[mode]:
        would = decided.body["status"]["decision"]["action"]
    return Row(
        scenario=result.name.removesuffix(f"-{mode.lower()}"),
        mode=mode,
        would=would,
        on_targets=sum(not each.dry_run for each in targets),
        dry_runs=sum(each.dry_run for each in targets),
        own=len(mine) - len(targets),
        error=result.error,
    )


def goals(rows: Sequence[Row], nodes: Sequence[Change]) -> list[Goal]:
    """`nodes`: changes of what is in no namespace, by which scenario ever."""
    made = sum(each.on_targets for each in rows) + sum(not each.dry_run for each in nodes)
    tried = sum(each.dry_runs for each in rows) + sum(each.dry_run for each in nodes)
    decided = sum(bool(each.would) and not each.error for each in rows)
    written = sum(each.own > 0 for each in rows)
    return [
        Goal("calls that change a target", made == 0, str(made), "0"),
        Goal("dry runs", tried == 0, str(tried), "0"),
        Goal("faults decided and left alone", decided == len(rows), f"{decided} of {len(rows)}", "all"),
        Goal("faults told of in the audit log", written == len(rows), f"{written} of {len(rows)}", "all"),
    ]


def table(rows: Sequence[Row]) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SCENARIO", "MODE", "WOULD HAVE DONE"):
        shown.add_column(heading, no_wrap=heading == "SCENARIO")
    for heading in ("CALLS ON TARGETS", "DRY RUNS", "OWN RECORDS AND EVENTS"):
        shown.add_column(heading, justify="right")
    for each in rows:
        said = each.would or f"[red]{each.error or 'was not decided'}[/]"
        shown.add_row(each.scenario, each.mode, said, str(each.on_targets), str(each.dry_runs), str(each.own))
    return shown


def body(rows: Sequence[Row], nodes: Sequence[Change], found: Sequence[Goal]) -> dict[str, Any]:
    """Everything, with what it was measured on."""
    return {
        **origin("modes"),
        "rows": [asdict(each) for each in rows],
        "outside_namespaces": [str(each) for each in nodes],
        "goals": [asdict(goal) for goal in found],
    }
