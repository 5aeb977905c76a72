"""The commands and their options, each with an example."""

import argparse
from pathlib import Path
from typing import TypeAlias

from planaria_cluster.opening import PROVIDERS
from planaria_cluster.products import DEFAULT_TARGETS, TARGETS, Release
from planaria_cluster.provider import DEFAULT_NAME, DEFAULT_NODES

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  (it has no public name)
PROGRAM = "python -m planaria_cluster"


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog=PROGRAM, description="A local Kubernetes cluster with real nodes, no registry needed."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _up(commands)
    _command(commands, "down", "remove the cluster with all that belongs to it", "down")
    status = _command(commands, "status", "what runs; exit status 1 unless all does", "status --json")
    status.add_argument("--json", action="store_true", help="for programs")
    _command(commands, "doctor", "check what this machine needs, and say how to get it", "doctor")
    load = _command(commands, "load", "put an image archive on every node", "load app.tar")
    load.add_argument("archive", type=Path, metavar="IMAGE.tar")
    _command(
        commands,
        "kubeconfig",
        "print the path of the kubeconfig",
        f"kubeconfig   (export KUBECONFIG=$({PROGRAM} kubeconfig))",
    )
    _program(commands, "kubectl", "run kubectl against the cluster", "get pods --all-namespaces")
    _program(commands, "helm", "run the pinned helm, against the cluster where there is one", "list -A")
    _program(commands, "promtool", "run the pinned promtool", "test rules rules_test.yaml")
    _program(commands, "prometheus", "run the pinned Prometheus", "--config.file=prometheus.yaml")
    _node(commands)
    _part(commands)
    _build(commands)
    _images(commands)
    base = _command(
        commands,
        "base",
        "make Python images of the distribution's packages: the base that runs, and the one that builds",
        "base --fresh",
    )
    base.add_argument("--fresh", action="store_true", help="anew, with the packages' present security fixes")
    return top


def _program(commands: _Commands, name: str, text: str, example: str) -> None:
    made = _command(commands, name, text, f"{name} -- {example}")
    made.add_argument("words", nargs=argparse.REMAINDER, metavar="-- ARGUMENTS")


def _up(commands: _Commands) -> None:
    up = _command(
        commands, "up", "make the cluster, or repair it; harmless when it runs", "up --nodes 3 --simulated 50"
    )
    up.add_argument(
        "--nodes", type=int, help=f"real nodes (default {DEFAULT_NODES}, or as many as there are)"
    )
    up.add_argument(
        "--simulated",
        type=int,
        help="nodes without containers, tainted NoSchedule (default 0, or as there are)",
    )
    up.add_argument(
        "--network-policies", action="store_true", help="enforce NetworkPolicies, from now on (default: not)"
    )


def _node(commands: _Commands) -> None:
    text = "lose a node, get it back, or look into it"
    actions = commands.add_parser("node", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    stop = _command(
        actions, "stop", "stop the node's kubelet; its containers run on", "node stop planaria-node-2"
    )
    lose = _command(
        actions, "lose", "stop the kubelet and cut the node's network", "node lose planaria-node-2"
    )
    start = _command(
        actions,
        "start",
        "wake the kubelet, join the network, wait until the node is Ready",
        "node start planaria-node-2",
    )
    execute = _command(
        actions, "exec", "run a program in the node", "node exec planaria-node-2 -- nft list ruleset"
    )
    for action in (stop, lose, start, execute):
        action.add_argument("node", metavar="NAME", help="or the node's number")


def _part(commands: _Commands) -> None:
    text = "stop a part of the control plane, and start it again (bare clusters)"
    actions = commands.add_parser("part", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    stop = _command(actions, "stop", "end the part; what needs it is without", "part stop etcd")
    start = _command(actions, "start", "start it, wait for the API server", "part start etcd")
    for action in (stop, start):
        action.add_argument("part", metavar="PART", help="etcd, kube-apiserver, ...")


def _build(commands: _Commands) -> None:
    build = _command(
        commands,
        "build",
        "build an image archive with Docker, podman or buildah",
        "build app --tag planaria.local/app:1 -o app.tar",
    )
    build.add_argument("folder", type=Path, metavar="DIR")
    build.add_argument("--tag", required=True, help="with a registry part, such as planaria.local/app:1")
    build.add_argument("-o", "--output", type=Path, required=True, metavar="x.tar")
    build.add_argument("--file", type=Path, help="Dockerfile (default DIR/Dockerfile)")
    build.add_argument("--build-arg", action="append", default=[], metavar="KEY=VALUE")


def _images(commands: _Commands) -> None:
    images = _command(
        commands,
        "images",
        "build this repository's images with their bills of materials",
        "images operator policy",
    )
    images.add_argument(
        "target",
        nargs="*",
        metavar="TARGET",
        help=f"of {', '.join(TARGETS)} (default {' '.join(DEFAULT_TARGETS)})",
    )
    images.add_argument(
        "--repository", default=Release.repository, help="before the name (default %(default)s)"
    )
    images.add_argument("--version", default="", help="tag and label (default: the project's)")
    images.add_argument("--source", default="", metavar="URL", help="label: where the source is to be had")
    images.add_argument(
        "--base",
        default="",
        metavar="REFERENCE",
        help="any image with Python 3.11 or newer, and pip; `local` makes one (default: python:3.11-slim, for buildah local)",
    )
    images.add_argument(
        "--output", type=Path, default=Path("dist"), metavar="DIR", help="default %(default)s"
    )


def _command(commands: _Commands, name: str, text: str, example: str) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=text, description=text, epilog=f"example: {PROGRAM} {example}")
    made.add_argument("--name", default=DEFAULT_NAME, help="of the cluster (default %(default)s)")
    made.add_argument(
        "--provider", choices=PROVIDERS, default="auto", help="default: kind where a Docker engine answers"
    )
    return made
