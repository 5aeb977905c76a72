"""What the operator costs in a large cluster: figures, goals and tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Any, Final

from rich.table import Table

from bench.goals import Goal
from bench.town import Size
from bench.town_watch import Cost
from bench.written import origin
from planaria_scenarios.audit import Change

MOST_MIB: Final = 256
MOST_SECONDS: Final = 1.0
"""From the change of a pod to its record, for 99 of 100."""
STATUS: Final = "remediations/status"


@dataclass(frozen=True)
class Latency:
    """Seconds since the pod changed."""

    noticed: list[float]
    """Until the record was made."""
    decided: list[float]
    """Until the decision stood in it."""
    writes: float
    """Accepted calls of the operator that write, for each incident."""


@dataclass(frozen=True)
class Measured:
    size: Size
    failing: int
    quiet: Cost
    busy: Cost
    latency: Latency
    changing: float = 0.0
    """Seconds that the API server took to accept all the changes, which were sent at once: what it can do on this machine."""
    load: float = 0.0
    """Processes that wanted to run while the pods fell ill, on average; on a busy machine most of them are not ours."""

    @property
    def calls(self) -> float:
        """To the API server for each incident, reading and writing."""
        return self.busy.calls / max(1, self.failing)

    @property
    def cpu_seconds(self) -> float:
        """Of the operator for each incident, from the change of the pod to the decision."""
        return self.busy.cpu_seconds_a_minute * self.busy.seconds / 60 / max(1, self.failing)


def latency(changed: dict[str, float], found: Sequence[Change]) -> Latency:
    """From when each pod was changed, and what the operator wrote since. A record's name begins with its target's."""
    noticed, decided = [], []
    mine: dict[str, list[Change]] = {name: [] for name in changed}
    for each in found:
        if each.accepted and (target := each.name.rpartition("-")[0]) in mine:
            mine[target].append(each)
    for name, at in changed.items():
        made = [each.time for each in mine[name] if each.resource == "remediations" and each.verb == "create"]
        written = [each.time for each in mine[name] if each.resource == STATUS]
        noticed += [max(0.0, made[0] - at)] if made else []
        # The first says what was understood, the second what was decided.
        decided += [max(0.0, written[1] - at)] if len(written) > 1 else []
    writes = sum(each.accepted for each in found)
    return Latency(noticed, decided, writes / max(1, len(changed)))


def share(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    if len(values) < 2:
        return max(values, default=0.0)
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def goals(measured: Measured) -> list[Goal]:
    most = max(measured.quiet.mib, measured.busy.mib)
    noticed, decided = len(measured.latency.noticed), len(measured.latency.decided)
    wanted, slowest = measured.failing, share(measured.latency.noticed, 99)
    return [
        Goal("operator's memory", 0 < most <= MOST_MIB, f"{most:.0f} MiB", f"{MOST_MIB} MiB at most"),
        Goal("faults noticed", noticed == wanted, f"{noticed} of {wanted}", "all"),
        Goal("faults decided on", decided == wanted, f"{decided} of {wanted}", "all"),
        Goal("record after, for 99 of 100", noticed > 0 and slowest <= MOST_SECONDS, f"{slowest:.2f} s", f"{MOST_SECONDS:g} s at most"),
    ]  # fmt: skip


def costs(measured: Measured) -> Table:
    title = f"{measured.size.pods} pods on {measured.size.nodes} simulated nodes"
    shown = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    shown.add_column("WHILE")
    for heading in ("SECONDS", "CPU S/MIN", "MIB", "LONGEST LAG", "CALLS"):
        shown.add_column(heading, justify="right")
    for name, cost in (("nothing happens", measured.quiet), (f"{measured.failing} fall ill", measured.busy)):
        shown.add_row(
            name,
            f"{cost.seconds:.0f}",
            f"{cost.cpu_seconds_a_minute:.1f}",
            f"{cost.mib:.0f}",
            f"{cost.lag_seconds:.2f} s",
            f"{cost.calls:.0f}",
        )
    return shown


def latencies(measured: Measured) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("FROM THE CHANGE OF A POD TO")
    for heading in ("P50", "P99", "MOST"):
        shown.add_column(heading, justify="right")
    found = measured.latency
    for name, values in (("its record", found.noticed), ("the decision", found.decided)):
        cells = (share(values, 50), share(values, 99), max(values, default=0.0))
        shown.add_row(name, *(f"{cell:.2f} s" for cell in cells))
    shown.add_row("  until all pods were changed", "", "", f"{measured.changing:.2f} s")
    shown.add_row("calls to the API server, each", f"{measured.calls:.1f}", "", "")
    shown.add_row("  of them writing", f"{found.writes:.1f}", "", "")
    shown.add_row("CPU seconds, each", f"{measured.cpu_seconds:.3f}", "", "")
    return shown


def summary(measured: Measured) -> dict[str, Any]:
    """One size in one line, for a trend."""
    noticed, decided = measured.latency.noticed, measured.latency.decided
    return {
        "nodes": measured.size.nodes,
        "pods": measured.size.pods,
        "failing": measured.failing,
        "quiet_mib": round(measured.quiet.mib, 1),
        "busy_mib": round(measured.busy.mib, 1),
        "quiet_cpu_seconds_a_minute": round(measured.quiet.cpu_seconds_a_minute, 2),
        "cpu_seconds_each": round(measured.cpu_seconds, 3),
        "calls_each": round(measured.calls, 1),
        "noticed_p50_p99": [round(share(noticed, each), 2) for each in (50, 99)],
        "decided_p50_p99": [round(share(decided, each), 2) for each in (50, 99)],
        "changing": round(measured.changing, 2),
        "load": round(measured.load, 1),
    }


def trend(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Sizes under each other, the smallest first."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("PODS", "NODES", "FALL ILL", "MIB QUIET", "MIB BUSY", "CPU S/MIN QUIET", "CPU S EACH", "CALLS EACH"):  # fmt: skip
        shown.add_column(heading, justify="right")
    for heading in ("RECORD P50 / P99", "DECISION P50 / P99", "LOAD"):
        shown.add_column(heading, justify="right")
    for row in sorted(rows, key=lambda each: each["pods"]):
        between = (" / ".join(f"{each:.2f} s" for each in row[key]) for key in ("noticed_p50_p99", "decided_p50_p99"))  # fmt: skip
        shown.add_row(
            *(str(row[key]) for key in ("pods", "nodes", "failing")),
            *(f"{row[key]:.0f}" for key in ("quiet_mib", "busy_mib")),
            f"{row['quiet_cpu_seconds_a_minute']:.1f}",
            f"{row['cpu_seconds_each']:.2f}",
            f"{row['calls_each']:.1f}",
            *between,
            f"{row['load']:.0f}",
        )
    return shown


def body(
    measured: Measured, found: Sequence[Goal], earlier: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Everything, with what it was measured on; `earlier`: summaries of other sizes."""
    return {
        **origin("scale", load=measured.load),
        **asdict(measured),
        "trend": [*earlier, summary(measured)],
        "goals": [asdict(goal) for goal in found],
    }
