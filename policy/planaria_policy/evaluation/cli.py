"""`planaria policy evaluate`."""

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from planaria_policy.errors import BadData, PolicyError
from planaria_policy.evaluation.candidate import Candidate
from planaria_policy.evaluation.evaluate import Against, Report, evaluate
from planaria_policy.evaluation.show import as_json, show
from planaria_policy.evaluation.verdict import passes
from planaria_policy.memory import Memory
from planaria_policy.memory.trajectory import SOURCES
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED, PolicyFile

RULES: Final = "rules"
TOLERANCE: Final = 0.25
FAILED: Final = 2

EXAMPLE = """\
examples:
  planaria policy evaluate --recorded planaria-memory.db --policy monday.zip
  planaria policy evaluate --recorded postgresql://planaria@db.example/planaria --against rules
  planaria policy evaluate --recorded planaria-memory.db --policy monday.zip --check    1 unless it is safe to say
exit status: 0, or with --check 1 where the policy does not pass or the incidents cannot tell; 2 where something is wrong
"""


def evaluate_command(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    console = Console(soft_wrap=True)
    try:
        if options.plot:
            _need_matplotlib()
        report = _report(options)
        show(report, console)
        if options.json:
            _write_json(options.json, report)
        if options.plot:
            from planaria_policy.evaluation.plot import draw  # noqa: PLC0415  without --plot, no matplotlib

            draw(report, options.plot)
    except PolicyError as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    return _checked(report, options.tolerance, console) if options.check else 0


def _report(options: argparse.Namespace) -> Report:
    candidate = _candidate(options.policy, options.drawn)
    against: Against = "recorded"
    if options.against:
        against = "rules" if options.against == RULES else _candidate(Path(options.against), options.drawn)
    with Memory.open(options.recorded, create=False) as memory:
        return evaluate(memory.trajectories(), candidate, against, source=options.source)


def _candidate(path: Path, draws: bool) -> Candidate:
    return Candidate(Brain(PolicyFile.load(path)), draws)


def _checked(report: Report, tolerance: float, console: Console) -> int:
    fine = passes(report.verdict, report.gain, tolerance)
    console.print(
        f"check {'passed' if fine else 'failed'}: {report.verdict.reason};"
        f" the lower end is {report.gain.wdr.low:+.2f} min, the least is {-tolerance:+.2f}"
    )
    return 0 if fine else 1


def _write_json(path: Path, report: Report) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(as_json(report), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadData(f"--json {path}: {error.strerror or error}; name a file that can be written") from error


def _need_matplotlib() -> None:
    """Said before anything is computed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise BadData("--plot needs matplotlib; install it with: pip install matplotlib")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planaria policy evaluate",
        description="Tell from recorded incidents what a policy would have returned that did not act in them.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--recorded", required=True, metavar="MEMORY", help="the trajectory memory: PostgreSQL or a file")
    add("--policy", type=Path, default=SHIPPED, metavar="FILE.zip", help="default: the shipped policy")
    add("--against", metavar="FILE.zip|rules", help="another policy, or the rules; default: what was done")
    add("--source", choices=SOURCES, default="cluster", help="whose incidents count; default: %(default)s")
    add("--drawn", action="store_true", help="as if actions were drawn; default: the likeliest, as served")
    add("--check", action="store_true", help="exit with 1 unless the policy passes")
    add(
        "--tolerance",
        type=_minutes,
        default=TOLERANCE,
        metavar="MINUTES",
        help="with --check: how much worse an incident may be, at the lower end; default: %(default)s",
    )
    add("--json", type=Path, metavar="FILE", help="write everything that was found there")
    add("--plot", type=Path, metavar="FILE", help="draw the estimates with their intervals there")
    return parser


def _minutes(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more minutes")
    return number
