"""The cluster's bridge on the host and each node's link to it.

Pods are routed, not translated: every node knows the way to every other node's pods, and the host knows it too. So the
host needs no forwarding and no packet filter rules of ours. The price: pods reach the cluster and this host, nothing else.
"""

import ipaddress
import json
import re

from planaria_cluster.bare.launcher import inside
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.errors import ClusterError, CommandError, UsageError
from planaria_cluster.paths import state_root
from planaria_cluster.processes import Process
from planaria_cluster.run import run

_FIRST, _LAST = 90, 126


def free_index() -> int:
    """A number x such that nothing on this machine, nor another cluster, uses 10.x.0.0/16."""
    taken = [ipaddress.ip_network(word, strict=False) for word in _used_ranges()]
    for index in range(_FIRST, _LAST + 1):
        wanted = ipaddress.ip_network(f"10.{index}.0.0/16")
        if index not in _reserved() and not any(wanted.overlaps(network) for network in taken):
            return index
    raise UsageError(f"no free address range between 10.{_FIRST}.0.0/16 and 10.{_LAST}.0.0/16")


def _used_ranges() -> list[str]:
    """All IPv4 destinations that this machine has routes to, the default route aside."""
    routes = json.loads(run(["ip", "-j", "-4", "route", "show", "table", "all"]) or "[]")
    return [route["dst"] for route in routes if re.match(r"\d", route["dst"])]


def _reserved() -> set[int]:
    """The numbers of clusters that are down at the moment."""
    numbers = set()
    for file in state_root().glob("*/cluster.json"):
        try:
            numbers.add(int(json.loads(file.read_text())["index"]))
        except (OSError, ValueError, KeyError):
            continue
    return numbers


def ensure_bridge(settings: Settings) -> None:
    """The bridge with the host's address on it. The control plane listens there, so it comes first."""
    if not link_exists(settings.bridge):
        run(["ip", "link", "add", settings.bridge, "type", "bridge"])
    run(["ip", "address", "replace", f"{settings.host_address}/24", "dev", settings.bridge])
    run(["ip", "link", "set", settings.bridge, "up"])


def ensure_host_routes(settings: Settings) -> None:
    """Ways from the host to pods, and through the first node to Services: handy for a client outside the cluster."""
    lines = [f"route replace {node.pod_range} via {node.address}" for node in settings.all_nodes]
    lines.append(f"route replace {settings.services} via {settings.node(1).address}")
    run(["ip", "-batch", "-"], stdin="\n".join(lines) + "\n")


def ensure_link(settings: Settings, node: Node, holder: Process) -> None:
    """A pair of virtual interfaces: `eth0` in the node, the other end on the bridge."""
    outer = f"{settings.bridge}n{node.number}"
    if not _node_has_link(holder):
        _delete_link(outer)
        peer = ["peer", "name", "eth0", "netns", str(holder.pid)]
        run(["ip", "link", "add", outer, "type", "veth", *peer])
    run(["ip", "link", "set", outer, "master", settings.bridge, "up"])
    inside(holder, ["ip", "-batch", "-"], stdin="\n".join(_node_setup(settings, node)) + "\n")
    # Written as root of the namespace: these switches exist once per network namespace.
    inside(holder, ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])


def _node_setup(settings: Settings, node: Node) -> list[str]:
    others = [other for other in settings.all_nodes if other.number != node.number]
    return [
        "link set lo up",
        "link set eth0 up",
        f"address replace {node.address}/24 dev eth0",
        f"route replace default via {settings.host_address}",
        *(f"route replace {other.pod_range} via {other.address}" for other in others),
    ]


def cut(settings: Settings, node: Node) -> None:
    """Nothing reaches the node any more, and nothing leaves it; its own addresses and routes stay."""
    run(["ip", "link", "set", f"{settings.bridge}n{node.number}", "down"])


def join(settings: Settings, node: Node) -> None:
    """Undo `cut`; harmless where nothing was cut."""
    run(["ip", "link", "set", f"{settings.bridge}n{node.number}", "up"])


def _node_has_link(holder: Process) -> bool:
    try:
        inside(holder, ["ip", "link", "show", "eth0"])
    except ClusterError:
        return False
    return True


def link_exists(name: str) -> bool:
    return name in (link["ifname"] for link in json.loads(run(["ip", "-j", "link", "show"]) or "[]"))


def remove(settings: Settings) -> None:
    """Remove the bridge and the links; each node's own end goes with its namespace."""
    for node in settings.all_nodes:
        _delete_link(f"{settings.bridge}n{node.number}")
    _delete_link(settings.bridge)


def _delete_link(name: str) -> None:
    """Asked afterwards, not before: the kernel buries a dead node's end of a link, and ours with it, in its own time."""
    try:
        run(["ip", "link", "delete", name])
    except CommandError:
        if link_exists(name):
            raise
