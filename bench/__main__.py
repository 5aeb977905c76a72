"""`python -m bench TABLE`. A new table is one module with `HELP`, `EXAMPLE`, `add_arguments` and `run`, and a line here."""

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from bench import recovery, semantics

TABLES: dict[str, ModuleType] = {"recovery": recovery, "semantics": semantics}


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done, and with --check every goal was met; 1: a goal was missed; 2: wrong usage or nothing to measure on."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, print, compare with the goals."
    )
    commands = parser.add_subparsers(required=True, metavar="TABLE")
    for name, table in TABLES.items():
        command = commands.add_parser(
            name, help=table.HELP, epilog=table.EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        table.add_arguments(command)
        command.set_defaults(run=table.run)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
