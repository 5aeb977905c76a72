"""The command line: arguments in, one call on a provider, an exit status out."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from planaria_cluster import tables
from planaria_cluster.arguments import parser
from planaria_cluster.base import BUILDS, RUNS, base_image
from planaria_cluster.errors import ClusterError, NoClusterError, UsageError
from planaria_cluster.images import build_image
from planaria_cluster.opening import open_cluster
from planaria_cluster.products import DEFAULT_TARGETS, Release, build_products
from planaria_cluster.progress import Progress
from planaria_cluster.provider import Provider
from planaria_cluster.tools import TOOLS


def main(argv: Sequence[str] | None = None) -> int:
    """0: done; 1: tried and failed; 2: wrong usage or a missing prerequisite. Expected failures print one line."""
    own, words = split(sys.argv[1:] if argv is None else argv)
    arguments = parser().parse_args(own)
    arguments.words = words
    progress = Progress()
    try:
        if arguments.command in _WITHOUT_CLUSTER:
            return _WITHOUT_CLUSTER[arguments.command](arguments, progress)
        return _COMMANDS[arguments.command](
            open_cluster(arguments.name, arguments.provider, progress), arguments
        )
    except ClusterError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except PermissionError as error:
        print(f"error: no permission for {error.filename or 'this'}; run it with sudo -E", file=sys.stderr)
        return UsageError.exit_code
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), file=sys.stderr)
        return ClusterError.exit_code
    except KeyboardInterrupt:
        print("error: interrupted; the same command again goes on from here", file=sys.stderr)
        return 130


def split(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own words, and those after the first `--`, which belong to kubectl or to a program in a node."""
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at + 1 :]


def _up(cluster: Provider, arguments: argparse.Namespace) -> int:
    cluster.up(arguments.nodes, arguments.simulated, network_policies=arguments.network_policies)
    return 0


def _down(cluster: Provider, _: argparse.Namespace) -> int:
    cluster.down()
    return 0


def _status(cluster: Provider, arguments: argparse.Namespace) -> int:
    status = cluster.status()
    print(json.dumps(status.as_dict(), indent=2) if arguments.json else tables.status(status))
    return 0 if status.state == "up" else 1


def _doctor(cluster: Provider, _: argparse.Namespace) -> int:
    findings = cluster.doctor()
    print(tables.findings(findings))
    return 0 if all(finding.ok for finding in findings) else UsageError.exit_code


def _load(cluster: Provider, arguments: argparse.Namespace) -> int:
    cluster.load(arguments.archive)
    return 0


def _kubeconfig(cluster: Provider, _: argparse.Namespace) -> int:
    print(cluster.kubeconfig())
    return 0


def _kubectl(cluster: Provider, arguments: argparse.Namespace) -> int:
    return _become(cluster.kubectl(), arguments.words, {"KUBECONFIG": str(cluster.kubeconfig())})


def _tool(cluster: Provider, arguments: argparse.Namespace) -> int:
    try:
        environment = {"KUBECONFIG": str(cluster.kubeconfig())}
    except NoClusterError:
        environment = {}  # a chart is linted and rules are tested without any cluster
    return _become(TOOLS[arguments.command](), arguments.words, environment)


def _become(program: Path, words: Sequence[str], environment: Mapping[str, str]) -> int:
    sys.stdout.flush()
    os.execve(program, [str(program), *words], {**os.environ, **environment})  # noqa: S606  (no shell is the point)
    return 1


def _node(cluster: Provider, arguments: argparse.Namespace) -> int:
    if arguments.action == "exec":
        return cluster.exec_node(arguments.node, arguments.words or ["sh"])
    actions = {"stop": cluster.stop_node, "lose": cluster.lose_node, "start": cluster.start_node}
    actions[arguments.action](arguments.node)
    return 0


def _part(cluster: Provider, arguments: argparse.Namespace) -> int:
    action = cluster.stop_part if arguments.action == "stop" else cluster.start_part
    action(arguments.part)
    return 0


def _build(arguments: argparse.Namespace, progress: Progress) -> int:
    folder: Path = arguments.folder
    pairs = dict(_pair(word) for word in arguments.build_arg)
    print(
        build_image(
            folder, arguments.file or folder / "Dockerfile", arguments.tag, arguments.output, pairs, progress
        )
    )
    return 0


def _base(arguments: argparse.Namespace, progress: Progress) -> int:
    for kind in (RUNS, BUILDS):
        print(base_image(progress, kind, fresh=arguments.fresh))
    return 0


def _images(arguments: argparse.Namespace, progress: Progress) -> int:
    release = Release(arguments.repository, arguments.version, arguments.source, arguments.base)
    for archive in build_products(
        arguments.target or DEFAULT_TARGETS, release, arguments.output.absolute(), progress
    ):
        print(archive)
    return 0


def _pair(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not equals:
        raise UsageError(f"--build-arg {word}: write KEY=VALUE")
    return key, value


_WITHOUT_CLUSTER = {"base": _base, "build": _build, "images": _images}
_COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "doctor": _doctor,
    "load": _load,
    "kubeconfig": _kubeconfig,
    "kubectl": _kubectl,
    "node": _node,
    "part": _part,
    **dict.fromkeys(TOOLS, _tool),
}
