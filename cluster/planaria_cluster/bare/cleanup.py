"""Taking a cluster away without a trace. Every step stands alone, so that a second run finishes a first that was killed."""

import shutil
import signal

from planaria_cluster.bare import cgroups, network
from planaria_cluster.bare.launcher import Launcher
from planaria_cluster.bare.settings import Settings
from planaria_cluster.errors import ClusterError
from planaria_cluster.processes import PROC, marked


def end_node_processes(settings: Settings, launcher: Launcher) -> None:
    """End each node's holder; the kernel ends every other process of the node with it, and its mounts and network go."""
    holders = [launcher.ledger.alive(node.part("holder")) for node in settings.all_nodes]
    for holder in holders:
        if holder is not None:
            holder.signal(signal.SIGKILL)  # all at once: each takes a second or two to bury its processes
    for node in settings.all_nodes:
        for program in ("holder", "kubelet", "kube-proxy", "network-policies", "containerd"):
            launcher.end(node.part(program), grace=0)


def end_all_processes(settings: Settings, launcher: Launcher) -> None:
    """Nodes first, so that they do not see their API server go; then all else, and whatever a killed run left unrecorded."""
    end_node_processes(settings, launcher)
    for record in list(launcher.ledger):
        launcher.end(record.part, grace=0)
    end_strays(settings, launcher)


def end_strays(settings: Settings, launcher: Launcher) -> int:
    """End processes that carry this cluster's marker and are neither recorded nor part of a recorded node.

    They come to be when this tool is killed between starting a process and writing it down. Returns how many.
    """
    known = {record.process for record in launcher.ledger if record.process.alive()}
    homes = {_pid_namespace(process.pid) for process in known if process.pid} - {None, _pid_namespace("self")}
    strays = [
        process
        for process in marked(settings.marker)
        if process not in known and _pid_namespace(process.pid) not in homes
    ]
    for process in strays:
        process.end(grace=0)
    return len(strays)


def remove(settings: Settings, launcher: Launcher) -> None:
    """Remove the whole cluster. Raises ClusterError naming what could not be removed."""
    end_all_processes(settings, launcher)
    network.remove(settings)
    left = cgroups.remove(settings.cgroup)
    if left:
        raise ClusterError(f"the cgroup {left[0]} cannot be removed: a process is still in it")
    _remove_folder(settings)


def _remove_folder(settings: Settings) -> None:
    """cluster.json goes last: a run that is killed in between still finds its cluster."""
    for entry in settings.folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != "cluster.json":
            entry.unlink()
    (settings.folder / "cluster.json").unlink()
    settings.folder.rmdir()


def _pid_namespace(pid: int | str) -> str | None:
    try:
        return (PROC / str(pid) / "ns/pid").readlink().name
    except OSError:
        return None
