"""`python -m bench TABLE`. A new table is one module with `HELP`, `EXAMPLE`, `add_arguments` and `run`, and its name here."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

TABLES = (
    "recovery",
    "deciders",
    "semantics",
    "policy",
    "service",
    "memory",
    "crash",
    "modes",
    "storm",
    "scale",
    "outages",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done, and with --check every goal was met; 1: a goal was missed; 2: wrong usage or nothing to measure on."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, print, compare with the goals."
    )
    commands = parser.add_subparsers(required=True, metavar="TABLE")
    for name in TABLES:
        try:
            table = import_module(f"bench.{name}")
        except ModuleNotFoundError as error:  # .venv and .venv-train hold what different tables need
            commands.add_parser(name, help=f"not here: {error.name} is missing in this environment")
            continue
        command = commands.add_parser(
            name, help=table.HELP, epilog=table.EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        table.add_arguments(command)
        command.set_defaults(run=table.run)
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.error(
            "this table needs the other environment: .venv/bin/python or .venv-train/bin/python -m bench"
        )
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
