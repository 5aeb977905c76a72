"""SIGKILL at random moments and at every station, while faults are healed on the real cluster."""

import argparse
import asyncio
import itertools
import shutil
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from bench import crash_jobs, crash_plot, crash_report
from bench.command import add_usual, guarded
from bench.crash_jobs import Job, Played
from bench.crash_judge import Verdict, verdict
from bench.crash_operator import Kill, Mortal, stations
from bench.crash_report import Measured
from bench.goals import Goal, shown, status
from bench.written import write_json
from planaria_cluster import Provider, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.api import connect
from planaria_scenarios.audit import changes
from planaria_scenarios.cancelling import run_cancellable
from planaria_scenarios.environment import prepare
from planaria_scenarios.nodes import ClusterNodes
from planaria_scenarios.operator_process import access_of
from planaria_scenarios.progress import Ended, Event
from planaria_scenarios.runner import Stage

HELP = "lost incidents and double actions of an operator that is killed, by the audit log"
EXAMPLE = """\
examples:
  python -m bench crash --kills 20 --quick
  python -m bench crash --kills 200 --json results/crash.json --plot results/crash.png --check

At least one kill for each named station of the path, right after it; the rest at random moments that --seed draws. The operator is
started again at once. Lost: not healed, or its record not closed. Double: the API server's audit log has more changes of
an object than were right for the fault, or one that no record announces.
"""
PATIENCE: Final = 6.0
LONGEST: Final = {True: 4.0, False: 12.0}
"""Seconds that a process lives at most once it has seen the cluster, by --quick: about as long as an incident."""
STATIONS_EVERY: Final = 40
"""Kills for each of which every station gets one more turn."""


@dataclass(frozen=True)
class Course:
    """What was asked for."""

    kills: int
    seed: int
    quick: bool
    at_once: int
    minutes: float
    compare: bool = True
    """Whether some are played undisturbed first."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--kills", type=int, default=200, metavar="N", help="default: %(default)s")
    add("--seed", type=int, default=7, metavar="N", help="of the random moments; default: %(default)s")
    add(
        "--quick",
        action="store_true",
        help="one kind of fault, the quickest, under a policy that waits for nothing",
    )
    add("--at-once", type=int, default=8, metavar="N", help="incidents at a time; default: %(default)s")
    add(
        "--minutes",
        type=float,
        default=240,
        metavar="N",
        help="kill no longer than this; default: %(default)s",
    )
    add("--skip-undisturbed", action="store_true", help="kill from the start, and compare with nothing")
    add("--plot", type=Path, metavar="FILE", help="draw where the kills fell (PNG, SVG or PDF)")
    add_usual(parser, "nothing was lost and nothing done twice")


@guarded()
def run(options: argparse.Namespace) -> int:
    progress = Progress()
    cluster = open_cluster(options.cluster, progress=progress)
    prepare(cluster, progress)
    course = Course(
        options.kills,
        options.seed,
        options.quick,
        options.at_once,
        options.minutes,
        not options.skip_undisturbed,
    )
    measured = run_cancellable(measure(cluster, course, Path("results") / "crash", progress))
    found = crash_report.goals(measured, options.kills)
    _print(measured, found)
    if options.json:
        write_json(options.json, crash_report.body(measured, found), indent=1)
    if options.plot:
        title = f"{len(measured.kills)} kills over {len(measured.verdicts)} incidents on a real cluster"
        crash_plot.draw(crash_report.rows(measured), title, options.plot)
    return status(options, found)


async def measure(cluster: Provider, course: Course, folder: Path, progress: Progress) -> Measured:
    """Play and kill as `course` says. `folder` gets the operator's log. Raises ScenarioError."""
    audit, names = cluster.audit_log(), await stations()
    rounds = max(1, course.kills // STATIONS_EVERY)
    aimed = [job for _ in range(rounds) for job in crash_jobs.aimed(names)]
    _empty(folder)
    async with connect(cluster.kubeconfig()) as api:
        mortal = Mortal(
            await access_of(api, cluster.kubeconfig(), folder),
            folder,
            seed=course.seed,
            wanted=course.kills,
            longest=LONGEST[course.quick],
        )
        mortal.reserved = {job.namespace for job in aimed}
        mortal.told = lambda kill: _count(progress, mortal, kill, course.kills)
        stage = Stage(api, ClusterNodes(cluster), operator=True, patience=PATIENCE)
        before, after = await _beside(mortal, _play(mortal, aimed, stage, course, progress))
    found = changes(audit)

    def judged(played: Played) -> Verdict:
        hit = crash_report.caught(mortal.kills, played.job.namespace)
        return verdict(played.result, found, kills=hit, limit=played.job.limit)

    return Measured(
        mortal.kills, [*map(judged, after)], [*map(judged, before)], names, course.seed, mortal.start_seconds
    )


async def _play(
    mortal: Mortal, aimed: list[Job], stage: Stage, course: Course, progress: Progress
) -> tuple[list[Played], list[Played]]:
    """What was played undisturbed, and what was played while it was killed."""
    entries = crash_jobs.entries(varied=not course.quick)

    def listen(event: Event) -> None:
        if isinstance(event, Ended):
            mortal.reserved.discard(
                event.result.namespace
            )  # it was killed elsewhere at the moment it was meant to die
            if not event.result.ok:
                progress.say(show.line(event))

    first = 2 * len(entries) if course.compare else 0
    undisturbed = [*itertools.islice(crash_jobs.endless(entries, lambda: True), first)]
    progress.say(f"{len(undisturbed)} incidents undisturbed, to compare with")
    before = await crash_jobs.play(iter(undisturbed), stage, course.at_once, listen)
    mortal.armed = True
    asyncio.get_running_loop().call_later(60 * course.minutes, mortal.spare)
    progress.say(f"{course.kills} kills, {len(aimed)} of them at named stations")
    # One that was to die at a station and was killed elsewhere leaves a kill over, which needs something to be torn out of.
    more = crash_jobs.endless(entries, lambda: mortal.left > 0 or bool(mortal.reserved))
    return before, await crash_jobs.play(itertools.chain(aimed, more), stage, course.at_once, listen)


T = TypeVar("T")


async def _beside(mortal: Mortal, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` while the operator lives and dies."""
    done = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(mortal.live(done))
            try:
                return await work
            finally:
                done.set()
    except ExceptionGroup as several:
        raise several.exceptions[0] from several


def _count(progress: Progress, mortal: Mortal, kill: Kill, wanted: int) -> None:
    """A bar for a person, a line for every tenth kill where the output is kept."""
    done, width = len(mortal.kills), 30
    filled = min(width, width * done // wanted)
    bar = f"[{'#' * filled}{'.' * (width - filled)}] {done}/{wanted}"
    where = f"at {kill.aimed}" if kill.aimed else f"after {kill.lived:.1f} s"
    if progress.stream.isatty():
        print(
            f"\r{bar} {where}, {len(kill.caught)} incidents open   ", end="", file=progress.stream, flush=True
        )
    elif done % 10 == 0 or done == wanted:
        progress.say(f"{bar} {where}, {len(kill.caught)} incidents open")


def _print(measured: Measured, found: list[Goal]) -> None:
    console = show.console()
    shown(console, crash_report.table(measured), goals=found)
    console.print()
    console.print(crash_report.summary(measured))
    for complaint in crash_report.complaints(measured):
        console.print(complaint, markup=False, style="red")


def _empty(folder: Path) -> None:
    """What an earlier run left would be taken for this one's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
