"""`planaria policy report`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planaria_policy.errors import BadData, PolicyError
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.simulator.causes import read_causes
from planaria_policy.training.card import card
from planaria_policy.training.curves import draw, read_curves

EXAMPLE = """\
examples:
  planaria policy report                                    the card of the shipped policy, into docs/
  planaria policy report --run runs/try --policy try.zip --output try.md --image try.png
"""


def report(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria policy report",
        description="Write the model card and training report of a policy: what it is, how it learned, what was measured.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/policy"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument(
        "--policy", type=Path, default=SHIPPED, metavar="FILE", help="default: the shipped policy"
    )
    parser.add_argument(
        "--bench",
        type=Path,
        default=Path("docs/policy.json"),
        metavar="FILE",
        help="what `python -m bench policy --json` wrote; default: %(default)s",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("docs/policy-card.md"),
        metavar="FILE",
        help="default: %(default)s",
    )
    parser.add_argument(
        "--image",
        type=Path,
        default=Path("docs/images/policy-training.png"),
        metavar="FILE",
        help="default: %(default)s",
    )
    options = parser.parse_args(arguments)
    try:
        curves = read_curves(options.run)
        file, bench = PolicyFile.load(options.policy), _bench(options.bench)
    except PolicyError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    draw(curves, options.image)
    image = os.path.relpath(options.image, options.output.parent)
    options.output.write_text(card(file, read_causes(), curves, image, bench), encoding="utf-8")
    sys.stdout.write(f"wrote {options.output} and {options.image}\n")
    return 0


def _bench(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadData(f"{path}: {error}; make it with `python -m bench policy --json {path}`") from error
    if not isinstance(body, dict) or body.get("table") != "policy":
        raise BadData(f"{path}: is not a result of `python -m bench policy`")
    return body
