"""What the bare provider needs from the operating system, and how Debian and Ubuntu call it."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from planaria_cluster.errors import ClusterError, PrerequisiteError
from planaria_cluster.images import builder, static_busybox
from planaria_cluster.progress import Progress
from planaria_cluster.run import run

_PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Package:
    name: str
    purpose: str
    present: Callable[[], bool]


def program_path(name: str) -> Path:
    """Where a program of the operating system lies. Raises PrerequisiteError."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise PrerequisiteError(f"{name} is not installed; `python -m planaria_cluster doctor` says how")
    return Path(found)


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=_PATH) is not None


PACKAGES = (
    Package("containerd", "runs the containers", _program("containerd")),
    Package("runc", "starts one container", _program("runc")),
    Package(
        "containernetworking-plugins", "gives pods their network", lambda: Path("/usr/lib/cni/ptp").exists()
    ),
    Package("nftables", "Service addresses", _program("nft")),
    Package("conntrack", "lets kube-proxy forget dead endpoints", _program("conntrack")),
    Package("iproute2", "bridge and links", _program("ip")),
    Package("openssl", "certificates", _program("openssl")),
    Package("util-linux", "entering a node", _program("nsenter")),
    Package("buildah", "builds images where neither Docker nor podman does", lambda: builder() is not None),
    Package("busybox-static", "content of the two base images", lambda: static_busybox() is not None),
)
MMDEBSTRAP = Package(
    "mmdebstrap", "makes a base image of the distribution's packages", _program("mmdebstrap")
)


def missing(wanted: Sequence[Package] | None = None) -> list[Package]:
    """Those of `wanted`, default all that the cluster needs, that are not there."""
    return [package for package in (PACKAGES if wanted is None else wanted) if not package.present()]


def install_command(packages: list[Package]) -> list[str]:
    return ["apt-get", "install", "--yes", "--no-install-recommends", *(package.name for package in packages)]


def ensure(progress: Progress, wanted: Sequence[Package] | None = None) -> None:
    """Install what is missing through apt-get. Raises PrerequisiteError, with the command, where that cannot be done."""
    lacking = missing(wanted)
    if not lacking:
        return
    command = install_command(lacking)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        names = ", ".join(package.name for package in lacking)
        raise PrerequisiteError(
            f"missing: {names}; install them, on Debian or Ubuntu with `{' '.join(command)}`"
        )
    with progress.step(f"installing {', '.join(package.name for package in lacking)} with apt-get"):
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run(["apt-get", "update"], env=environment)
            run(command, env=environment)
        except ClusterError as error:
            raise PrerequisiteError(f"`{' '.join(command)}` failed: {error}") from error
    still = missing(wanted)
    if still:
        raise PrerequisiteError(f"{still[0].name} is installed, but what it should bring is still not there")
