"""The console script `kubectl-planaria`. Nothing is imported before it is needed: --help must not load a client."""

import argparse
import asyncio
import importlib
import json
import os
import sys
from contextlib import suppress
from types import ModuleType
from typing import Final

from planaria_kubectl.arguments import PROGRAM, parser
from planaria_kubectl.errors import Misuse, PluginError
from planaria_operator.kube.errors import KubeError

PLACES: Final = {
    "status": ("status.command", "status.view"),
    "why": ("why.command", "why.view"),
    "diff": ("diff.command", "diff.view"),
    "simulate": ("simulate.command", "simulate.view"),
    "approve": ("approve.command", "approve.view"),
    "reject": ("approve.rejecting", "approve.view"),
    "pause": ("pause.command", "pause.view"),
    "resume": ("pause.resuming", "pause.view"),
}
"""For each command the module with `async run(session, given) -> Report`, and the one with `render(report)`."""

FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0 done, 1 failed, 2 not understood."""
    given = parser().parse_args(argv)
    try:
        command, view = (
            importlib.import_module(f"planaria_kubectl.{each}") for each in PLACES[given.command]
        )
        asyncio.run(_run(command, view, given))
    except (PluginError, KubeError) as error:
        return _complain(str(error), MISUSED if isinstance(error, Misuse) else FAILED)
    except ModuleNotFoundError as error:
        return _complain(f"{error.name} is missing; from a checkout: pip install '.[kubectl]'", FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads us has seen enough. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return 0


async def _run(command: ModuleType, view: ModuleType, given: argparse.Namespace) -> None:
    from planaria_kubectl.screen import show  # noqa: PLC0415  rich is not needed to say what is wrong
    from planaria_kubectl.session import open_session  # noqa: PLC0415  nor is the client to print --help

    async with open_session(given) as session:
        report = await command.run(session, given)
    if given.output == "json":
        # ASCII, so that no character of somebody's log line can steer a terminal.
        sys.stdout.write(json.dumps(report.to_body(), indent=2) + "\n")
    else:
        show(view.render(report))
    sys.stdout.flush()


def _complain(text: str, status: int) -> int:
    from planaria_kubectl.clean import clean  # noqa: PLC0415

    with suppress(BrokenPipeError):
        sys.stderr.write(f"{PROGRAM}: {clean(text)}\n")
    return status
