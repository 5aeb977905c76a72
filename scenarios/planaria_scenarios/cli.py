"""The command line of the scenarios."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from planaria_cluster import ClusterError, open_cluster
from planaria_cluster.progress import Progress
from planaria_cluster.provider import DEFAULT_NAME
from planaria_scenarios import catalogue, show
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.environment import prepare
from planaria_scenarios.errors import ScenarioError
from planaria_scenarios.result import Result
from planaria_scenarios.session import Session, play

EXAMPLES = """\
examples:
  python -m planaria_scenarios list
  python -m planaria_scenarios show hanging-replica
  python -m planaria_scenarios run hanging-replica                 with the operator
  python -m planaria_scenarios run faults --operator off           what Kubernetes does alone
  python -m planaria_scenarios run all --json results/all.json     everything, faults and controls
  python -m planaria_scenarios demo
  python -m planaria_scenarios pictures --output docs/images       terminals of the documentation

`all`, `faults` and `controls` stand for groups. Every run makes namespaces of its own and removes them afterwards.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all went as it should; 1: something did not; 2: wrong usage or a missing prerequisite."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.call(options))
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except ScenarioError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted; nothing was left behind", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m planaria_scenarios",
        description="Real faults on a real cluster, and judges of what was made of them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("list", help="name every scenario").set_defaults(call=_list)
    one = commands.add_parser("show", help="tell one scenario's story", epilog="example: show lost-node")
    one.add_argument("name", metavar="NAME")
    one.set_defaults(call=_show)
    _add_run(
        commands.add_parser(
            "run", help="play scenarios and judge them", epilog="example: run hanging-replica"
        )
    )
    demo = commands.add_parser("demo", help="four faults, healed one after another", epilog="example: demo")
    demo.add_argument("--cluster", default=DEFAULT_NAME, metavar="NAME")
    demo.set_defaults(call=_demo)
    pictures = commands.add_parser(
        "pictures", help="draw what kubectl shows of a healed release", epilog="example: pictures"
    )
    pictures.add_argument(
        "--output", type=Path, default=Path("docs/images"), metavar="DIR", help="default: %(default)s"
    )
    pictures.add_argument("--cluster", default=DEFAULT_NAME, metavar="NAME", help="default: %(default)s")
    pictures.set_defaults(call=_pictures)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("names", nargs="+", metavar="NAME")
    run.add_argument(
        "--operator",
        choices=("on", "off", "external"),
        default="on",
        help="on (default): start one; off: Kubernetes alone; external: one that watches already",
    )
    run.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    run.add_argument(
        "--log",
        type=Path,
        default=Path("results/operator.log"),
        help="the operator's log (default: %(default)s)",
    )
    run.add_argument("--one-at-a-time", action="store_true", help="do not let scenarios share the cluster")
    run.add_argument("--cluster", default=DEFAULT_NAME, metavar="NAME", help="default: %(default)s")
    run.set_defaults(call=_run)


def _list(_: argparse.Namespace) -> int:
    show.console().print(show.catalogue(catalogue.load_all()))
    return 0


def _show(options: argparse.Namespace) -> int:
    (entry,) = catalogue.find([options.name])
    scenario = entry.scenario
    print(f"{scenario.title}\n\n{scenario.story}")
    for step in scenario.inject:
        print(f"inject    {step.model_dump_json(exclude_defaults=True)}")
    if scenario.expected:
        print(f"expected  {scenario.expected.model_dump_json()}")
    print(f"oracle    {scenario.oracle.model_dump_json()}")
    print(f"harm      {scenario.harm.model_dump_json()}")
    print(f"limit     {scenario.limit_seconds} s\nfiles     {entry.folder}")
    return 0


def _run(options: argparse.Namespace) -> int:
    entries = catalogue.find(options.names)
    progress = Progress()
    cluster = open_cluster(options.cluster, progress=progress)
    session = Session(
        kubeconfig=prepare(cluster, progress, operator=options.operator == "on"),
        cluster=cluster,
        operator=options.operator,
        log=options.log,
        at_once=1 if options.one_at_a_time else 16,
        listener=lambda event: progress.say(show.line(event)),
    )
    found = run_cancellable(play(entries, session))
    console = show.console()
    console.print(show.results(found))
    for result in found:
        for complaint in result.complaints:
            console.print(f"{result.name}: {complaint}", style="red", markup=False)
    if options.json:
        write_json(options.json, found)
    return 0 if all(result.ok for result in found) else 1


def _demo(options: argparse.Namespace) -> int:
    from planaria_scenarios.demo import demo  # noqa: PLC0415  listing scenarios needs none of it

    progress = Progress()
    return demo(open_cluster(options.cluster, progress=progress), progress)


def _pictures(options: argparse.Namespace) -> int:
    from planaria_scenarios.pictures import draw  # noqa: PLC0415  as above

    progress = Progress()
    return draw(open_cluster(options.cluster, progress=progress), options.output, progress)


def write_json(file: Path, found: list[Result]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([result.to_dict() for result in found], indent=2) + "\n")
