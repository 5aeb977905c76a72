"""The cluster's folder in the cgroup tree: `planaria-<name>/system` for our processes, one folder per node beside it.

Version 1 has a tree per controller, version 2 a single one. Machines in between mount both (`unified` beside the v1
trees); the kubelet takes those for version 1, so do we, and keep `unified` in step for whoever looks there.
"""

import contextlib
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
# What the kubelet insists on in version 2; a controller that the kernel lacks is left out.
_CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids", "hugetlb")


def is_version_2(root: Path = ROOT) -> bool:
    return (root / "cgroup.controllers").exists()


def hierarchies(root: Path = ROOT) -> list[Path]:
    """The tops of all trees. Links such as `cpu -> cpu,cpuacct` are one tree, not two."""
    if is_version_2(root):
        return [root]
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.is_symlink())


def create(path: str, root: Path = ROOT) -> None:
    """Make `path` (relative, such as `planaria-x/node-1`) in every tree, ready for processes. Repeating is harmless."""
    for top in hierarchies(root):
        at = top
        for word in path.split("/"):
            if is_version_2(root):
                _hand_down_controllers(at)
            parent, at = at, at / word
            at.mkdir(exist_ok=True)
            _copy_cpuset(parent, at)


def favour(path: str, root: Path = ROOT) -> None:
    """`path` and all below it get four times the usual share of a busy processor, whatever else runs on this machine:
    nodes that come late with their sign of life would be lost, and what is tested is not how a starved cluster fares.
    """
    for name, weight in (("cpu.weight", 400), ("cpu.shares", 4096)):
        for top in hierarchies(root):
            if (top / path / name).exists():
                with contextlib.suppress(OSError):  # not every container's root may
                    (top / path / name).write_text(f"{weight}")


def procs_files(path: str, root: Path = ROOT) -> list[Path]:
    """Where a process writes its pid to join `path`."""
    return [top / path / "cgroup.procs" for top in hierarchies(root) if (top / path).is_dir()]


def remove(path: str, root: Path = ROOT, patience: float = 5.0) -> list[Path]:
    """Remove `path` and all below it in every tree; returns what is still there after `patience` seconds.

    The kernel refuses a cgroup for a moment after its last process has ended.
    """
    deadline = time.monotonic() + patience
    while True:
        left = [top / path for top in hierarchies(root) if not _remove_tree(top / path)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _hand_down_controllers(at: Path) -> None:
    available = (at / "cgroup.controllers").read_text().split()
    for controller in _CONTROLLERS:
        if controller in available:
            # Busy where processes sit in this very cgroup, which only a container's root does; then it is on already.
            with contextlib.suppress(OSError):
                (at / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_cpuset(parent: Path, child: Path) -> None:
    """Version 1 starts a cpuset empty, and an empty one takes no process."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        source, target = parent / name, child / name
        if source.exists() and target.exists() and not target.read_text().strip():
            with contextlib.suppress(OSError):  # version 2 inherits, and may refuse
                target.write_text(source.read_text().strip())


def _remove_tree(path: Path) -> bool:
    # os.walk would stop at files that vanish under it; a cgroup folder's files go with the folder.
    for below, _, _ in list(os.walk(path, topdown=False)):
        with contextlib.suppress(OSError):
            Path(below).rmdir()
    return not path.exists()
