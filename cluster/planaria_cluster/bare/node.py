"""What makes a node a node: a process that holds its namespaces, and the folders that it sees in the usual places.

The holder is process 1 of a pid namespace. When it ends the kernel ends everything in the node, and the mounts and
the network go with it: so nothing of a node can be left behind, whatever state it was in.
"""

import shutil

from planaria_cluster.bare import cgroups
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.bare.waiting import wait_until
from planaria_cluster.paths import make_folder
from planaria_cluster.processes import PROC, Process

# The kubelet sets these on the whole machine. It finds what it wants already and leaves the real ones alone.
_KUBELET_SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_SCRIPT = """set -e
mount --make-rslave /
mount --make-rshared /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/containerd /run/sysctl /var/lib/cni /var/lib/kubelet
mount --bind "$1/log" /var/log
mount --bind "$1/cni" /var/lib/cni
mount --bind "$1/kubelet" /var/lib/kubelet
for pair in $2; do
  file=/run/sysctl/$(echo "${pair%=*}" | tr / .)
  echo "${pair#*=}" > "$file"
  [ ! -e "/proc/sys/${pair%=*}" ] || mount --bind "$file" "/proc/sys/${pair%=*}"
done
echo ready > /run/planaria
# The kernel then buries orphans by itself. `trap '' CHLD` would not do: dash sets that one back.
exec env --ignore-signal=CHLD sleep infinity
"""


def cgroup(settings: Settings, node: Node) -> str:
    """Relative to the top of each cgroup tree; the kubelet hangs all pods of the node below it."""
    return f"{settings.cgroup}/{node.name}"


def ensure_holder(settings: Settings, node: Node, launcher: Launcher) -> Process:
    """The process that holds the node's namespaces, started where it does not live."""
    sysctls = " ".join(f"{key}={value}" for key, value in _KUBELET_SYSCTLS.items())
    holder = Program(
        node.part("holder"), ["/bin/sh", "-c", _SCRIPT, "holder", node.folder, sysctls], unshare=True
    )
    if not launcher.runs(holder):
        _forget_last_boot(settings, node)
        for folder in ("log", "cni", "kubelet", "containerd"):
            make_folder(node.folder / folder)
        launcher.ensure(holder)
    cgroups.create(cgroup(settings, node))
    process = Process.of(_pid(launcher, node))
    ready = PROC / str(process.pid) / "root/run/planaria"
    wait_until(
        ready.exists,
        f"the namespaces of {node.name} were not ready",
        10,
        lambda: _died(process, launcher, node),
    )
    return process


def holder(launcher: Launcher, node: Node) -> Process | None:
    return launcher.ledger.alive(node.part("holder"))


def _pid(launcher: Launcher, node: Node) -> int:
    record = launcher.ledger.read(node.part("holder"))
    return record.process.pid if record else 0


def _died(process: Process, launcher: Launcher, node: Node) -> str | None:
    return None if process.alive() else f"it ended: {launcher.tail(node.part('holder'))}"


def _forget_last_boot(settings: Settings, node: Node) -> None:
    # A starting kubelet asks for each container that has a cgroup, 3 s long where it is dead.
    cgroups.remove(cgroup(settings, node))
    # Addresses of pods that died with the node would never be given back.
    shutil.rmtree(node.folder / "cni", ignore_errors=True)
