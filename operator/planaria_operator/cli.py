"""The command line. Flags only say where things are; what may be healed stands in HealingPolicy objects."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from planaria_operator.settings import ALWAYS_PROTECTED, Settings

EXAMPLE = """\
example, against the local cluster:
  python -m planaria_operator run --kubeconfig "$(python -m planaria_cluster kubeconfig)" --log-format console

The operator waits, and says what for, where the API server does not answer, the custom resources are not installed
(kubectl apply -f crds/) or its role lacks a verb. It ends on SIGTERM, after finishing the calls under way.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria-operator", description="Heals what its HealingPolicies allow it to heal."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="watch the cluster and heal",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(run)
    options = parser.parse_args(arguments)
    from planaria_operator.app import run_until_stopped  # noqa: PLC0415  --help must not wait for kopf to load

    return asyncio.run(run_until_stopped(_settings(options)))


def _add_options(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add(
        "--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, else the pod's service account"
    )
    add(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="watch only this namespace (repeatable)",
    )
    add(
        "--protect", action="append", default=[], metavar="NS", help="never touch this namespace (repeatable)"
    )
    add("--own-namespace", default="planaria-system", metavar="NS", help="where the operator runs; protected")
    add("--prometheus", metavar="URL", help="base address of a Prometheus to read evidence from")
    add(
        "--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="probes and metrics; port 0 picks one"
    )
    add("--log-format", choices=("json", "console"), default="json")
    add("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def _settings(options: argparse.Namespace) -> Settings:
    host, _, port = options.listen.rpartition(":")
    if not host or not port.isdigit():
        raise SystemExit(f"--listen {options.listen}: expected HOST:PORT, such as 127.0.0.1:8080")
    return Settings(
        kubeconfig=options.kubeconfig,
        namespaces=tuple(options.namespace),
        protected_namespaces=ALWAYS_PROTECTED | frozenset(options.protect),
        own_namespace=options.own_namespace,
        prometheus_url=options.prometheus,
        listen_host=host,
        listen_port=int(port),
        log_format=options.log_format,
        log_level=options.log_level,
    )
