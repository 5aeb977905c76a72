"""The command line. Nothing heavier than argparse is imported here."""

import argparse
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

from planaria_kubectl.times import parse_span
from planaria_operator.flags import positive

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  (it has no public name)
PROGRAM: Final = "kubectl planaria"
TARGET_HELP: Final = "such as deploy/web, sts/db, ds/agent, node/worker-1, or a pod of one of them"


def parser() -> argparse.ArgumentParser:
    return parsers()[0]


def parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The whole, and the part of each command."""
    top = argparse.ArgumentParser(
        prog=PROGRAM, description="What Planaria does in this cluster, why, and why not."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _status(commands)
    _why(commands)
    _diff(commands)
    _simulate(commands)
    _approve(commands)
    _pause(commands)
    return top, commands.choices


def _status(commands: _Commands) -> None:
    made = _command(commands, "status", "what is going on now, per policy", "status -A")
    made.add_argument("-A", "--all-namespaces", action="store_true", help="in every namespace")


def _why(commands: _Commands) -> None:
    made = _command(
        commands, "why", "why something was, or was not, done lately", "why deploy/web --since 2h"
    )
    made.add_argument("target", metavar="KIND/NAME", help=TARGET_HELP)
    made.add_argument(
        "--since",
        type=_span,
        default=timedelta(hours=1),
        metavar="SPAN",
        help="how far back, such as 30m or 2h (default 1h); what is still open is always told",
    )


def _diff(commands: _Commands) -> None:
    made = _command(commands, "diff", "exactly what was, or would be, applied", "diff web-3f2a9c1b")
    made.add_argument("remediation", metavar="REMEDIATION", help="as kubectl get rem names it")
    made.add_argument(
        "--attempt", type=positive, metavar="N", help="which of its attempts (default: the latest)"
    )


def _simulate(commands: _Commands) -> None:
    made = _command(
        commands,
        "simulate",
        "what would be done about a fault; nothing is applied",
        "simulate deploy/web --fault memory_exhaustion",
    )
    made.add_argument("target", metavar="KIND/NAME", help=TARGET_HELP)
    made.add_argument(
        "--fault", required=True, help="a fault class, such as memory_exhaustion (a wrong one lists all)"
    )
    made.add_argument(
        "--confidence", type=_percent, default=90, metavar="N", help="how sure, in percent (default 90)"
    )
    made.add_argument(
        "--pods",
        type=positive,
        metavar="N",
        help="how many pods show it (default: those that show something now, else all)",
    )


def _approve(commands: _Commands) -> None:
    approve = _command(
        commands, "approve", "let exactly what is proposed be done", "approve web-3f2a9c1b --reason OPS-1234"
    )
    approve.add_argument("--reason", help="why, for whoever reads the record")
    reject = _command(
        commands,
        "reject",
        "do not let what is proposed be done; a person goes on",
        'reject web-3f2a9c1b --reason "the image is being mended"',
    )
    reject.add_argument("--reason", required=True, help="why, for whoever goes on from it")
    for made in (approve, reject):
        made.add_argument("remediation", metavar="REMEDIATION", help="as kubectl get rem names it")
        made.add_argument("--digest", metavar="D", help="answer only where this is what is proposed now")
        made.add_argument("--yes", action="store_true", help="do not ask; needed where nobody can be asked")
        made.add_argument(
            "--wait", type=_span, metavar="SPAN", help="until the operator has taken note, such as 30s"
        )


def _pause(commands: _Commands) -> None:
    pause = _command(
        commands,
        "pause",
        "ask a policy to begin nothing new",
        'pause web --reason "black friday" --for 2h',
    )
    pause.add_argument("policy", metavar="POLICY", help="a HealingPolicy")
    pause.add_argument("--reason", required=True, help="why, for whoever wonders")
    pause.add_argument(
        "--for", type=_span, dest="span", metavar="SPAN", help="ends by itself after this (default: never)"
    )
    resume = _command(commands, "resume", "take your request to pause back", "resume web")
    resume.add_argument("policy", metavar="POLICY", help="a HealingPolicy")
    for made in (pause, resume):
        made.add_argument("--cluster", action="store_true", help="POLICY is a ClusterHealingPolicy")
        made.add_argument("--requester", metavar="NAME", help="who asks (default: your login name)")


def _command(commands: _Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=text, description=text, epilog=f"example: {PROGRAM} {example}")
    made.add_argument("-n", "--namespace", help="default: that of the kubeconfig's context")
    made.add_argument(
        "-o", "--output", choices=("table", "json"), default="table", help="json for programs (default table)"
    )
    made.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, else ~/.kube/config"
    )
    made.add_argument("--context", help="of the kubeconfig (default: its current one)")
    return made


def _span(text: str) -> timedelta:
    try:
        return parse_span(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _percent(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 100")
    return int(text)
