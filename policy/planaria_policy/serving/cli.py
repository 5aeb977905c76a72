"""`planaria policy serve`, `planaria policy rollback`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from planaria_policy.errors import PolicyError, Temporary
from planaria_policy.serving.app import Service
from planaria_policy.serving.shelf import Shelf

SERVE = """\
examples:
  planaria policy serve                                  the shipped policy, on 127.0.0.1:8090
  planaria policy serve --policies /var/lib/policies     takes up new files there after a self-test
  planaria policy serve --memory planaria-memory.db      remembers what came of its decisions
  curl -s localhost:8090/v1/model
"""
ROLLBACK = """\
example:
  planaria policy rollback --policies /var/lib/policies
"""


def serve(arguments: Sequence[str]) -> int:
    parser = _parser("serve", "Answer questions of the operator with the learned policy.", SERVE)
    parser.add_argument(
        "--policies", type=Path, metavar="DIR", help="folder of policy files; default: the shipped one"
    )
    parser.add_argument(
        "--memory",
        metavar="URL-or-FILE",
        help="keep real incidents there (PostgreSQL or a file) and show the like of them; default: none",
    )
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=8090, metavar="N", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        _try(options.memory)
        service = Service(Shelf(options.policies), options.memory)
    except PolicyError as error:
        return _told(error)
    uvicorn.run(service.app(), host=options.host, port=options.port, log_level="warning", access_log=False)
    return 0


def _try(memory: str | None) -> None:
    """What a person must mend is said now; a server that is away may come back while decisions go on."""
    if not memory:
        return
    from planaria_policy.memory import Memory  # noqa: PLC0415  without one, its libraries are not loaded

    try:
        Memory.open(memory).close()
    except Temporary as error:
        sys.stderr.write(f"planaria policy serve: {error}; decisions are remembered once it is back\n")


def rollback(arguments: Sequence[str]) -> int:
    parser = _parser(
        "rollback", "Serve the policy before this one again; the service follows in seconds.", ROLLBACK
    )
    parser.add_argument(
        "--policies", type=Path, required=True, metavar="DIR", help="the folder that is served from"
    )
    options = parser.parse_args(arguments)
    try:
        name = Shelf(options.policies).roll_back()
    except PolicyError as error:
        return _told(error)
    sys.stdout.write(f"{name} is served again\n")
    return 0


def _parser(name: str, description: str, example: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"planaria policy {name}",
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _told(error: PolicyError) -> int:
    sys.stderr.write(f"error: {error}\n")
    return 2
