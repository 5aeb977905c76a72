"""`planaria policy export`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from planaria_policy.errors import PolicyError
from planaria_policy.network.export import exported
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED
from planaria_policy.serving.selftest import check
from planaria_policy.training.run import CONFIG, NETWORK, load_network

EXAMPLE = """\
examples:
  planaria policy export --run runs/policy --output /var/lib/policies/monday.zip
  planaria policy export --run runs/policy                 in the place of the shipped policy
"""


def export(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria policy export",
        description="Write the network of a training run as the file that the service serves, after its self-test.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--run", type=Path, default=Path("runs/policy"), metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument(
        "--output", type=Path, default=SHIPPED, metavar="FILE", help="default: the shipped policy"
    )
    options = parser.parse_args(arguments)
    try:
        network = load_network(options.run / NETWORK)
        told = (options.run / CONFIG).read_text(encoding="utf-8") if (options.run / CONFIG).exists() else ""
        file = exported(network, {"config": told})
        check(Brain(file))
        file.save(options.output)
    except PolicyError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"wrote {options.output}: {file.manifest.id} {file.manifest.version}\n")
    return 0
