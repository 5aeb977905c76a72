"""generate: dashboards and the metrics page. play: a process to scrape. pictures: the dashboards as they look."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from planaria_observability.model import MODEL
from planaria_observability.operations import OPERATIONS
from planaria_observability.panels import to_json
from planaria_operator.api.generated import settle

BOARDS = {"operations": OPERATIONS, "model": MODEL}
DASHBOARDS = Path("charts/planaria/dashboards")
EXAMPLE = """\
examples:
  python -m planaria_observability generate --check         exit 1 where a generated file has drifted
  python -m planaria_observability play --port 9000         incidents for ever; metrics on 9000 and 9001
  python -m planaria_observability pictures                 six hours played, asked of a real Prometheus, drawn
  python -m planaria_observability pictures --prometheus http://localhost:9090      what a Prometheus of yours has
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m planaria_observability",
        description="Dashboards, metrics and pictures of both.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    generate = commands.add_parser("generate", help="write dashboards and docs/reference/metrics.md")
    generate.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file has drifted"
    )
    play = commands.add_parser(
        "play", help="real operator parts on an imagined cluster, with metrics to scrape"
    )
    play.add_argument("--port", type=int, default=0, help="the policy service's is the next; 0 picks both")
    play.add_argument(
        "--pace", type=float, default=1.0, metavar="SECONDS", help="between steps; default: %(default)s"
    )
    pictures = commands.add_parser("pictures", help="draw the dashboards into docs/images")
    pictures.add_argument("--prometheus", metavar="URL", help="ask this one; default: play six hours first")
    pictures.add_argument("--namespace", default="planaria-system", help="default: %(default)s")
    pictures.add_argument("--out", type=Path, default=Path("docs/images"), help="default: %(default)s")
    return _run(parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    """Each command loads only what it needs: drawing wants matplotlib, playing wants the models."""
    if options.command == "generate":
        from planaria_observability import reference  # noqa: PLC0415

        boards = {DASHBOARDS / f"{name}.json": to_json(board) for name, board in BOARDS.items()}
        return settle({**boards, **reference.files(Path("docs"))}, check=options.check)
    if options.command == "play":
        from planaria_observability.play.serve import serve  # noqa: PLC0415

        return asyncio.run(serve(options.port, options.pace))
    from planaria_observability.pictures import draw  # noqa: PLC0415

    return draw(BOARDS, options.out, options.prometheus, options.namespace)
