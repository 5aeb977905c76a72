"""Base images with Python for machines that reach no image registry, made of the packages of their own distribution."""

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from planaria_cluster.errors import ClusterError, PrerequisiteError
from planaria_cluster.image import Image
from planaria_cluster.images import build
from planaria_cluster.locks import locked
from planaria_cluster.packages import MMDEBSTRAP, ensure
from planaria_cluster.paths import IMAGES_SOURCE, cache, make_folder
from planaria_cluster.progress import Progress
from planaria_cluster.run import run

_UNREAD = ("doc/*", "info/*", "locale/*", "man/*")
_OPTIONS = (
    "--variant=essential",
    "--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr",  # without it, perl comes to merge /usr
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}" for folder in _UNREAD),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/lib/*/gconv/*",  # Python brings its own codecs
)
# Essential to a system that is logged into and maintained; of use to nothing that runs as one program. Perl is last: the
# others' scripts ask for it.
_PURGE = "dpkg --purge --force-depends --force-remove-essential"
_LEFT_OUT = (
    f'--customize-hook=for each in util-linux-extra util-linux perl-base; do chroot "$1" {_PURGE} $each; done',
    '--customize-hook=rm -f "$1"/var/cache/debconf/*-old "$1"/var/lib/dpkg/*-old',
)


@dataclass(frozen=True)
class Base:
    name: str
    packages: tuple[str, ...]
    options: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """For mmdebstrap."""
        return (*_OPTIONS, *self.options, f"--include={','.join(self.packages)}")


RUNS = Base("python-base", ("ca-certificates", "libstdc++6", "python3"), _LEFT_OUT)
"""Like `python:3.11-slim`, without pip."""
BUILDS = Base("python-builder", ("binutils", "ca-certificates", "libstdc++6", "python3", "python3-venv"))
"""The same Python with what installs packages and strips libraries; nothing of it ships."""


def base_image(progress: Progress | None = None, kind: Base = RUNS, *, fresh: bool = False) -> Path:
    """The archive of an image with the Python of the Debian or Ubuntu that runs here; made once into the cache.

    `fresh` makes it anew, with the packages' present security fixes.
    Raises PrerequisiteError where there is no apt-get, or where the distribution's Python is older than 3.11.
    """
    told = progress or Progress()
    ensure(told, [MMDEBSTRAP])
    suite, sources = _suite(), _sources()
    words = [suite, platform.machine(), *sources, *kind.words()]
    key = hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]
    folder = make_folder(cache() / "images" / f"{kind.name}-{key}")
    with locked(folder.with_suffix(".lock"), told):
        context = make_folder(folder / "context")
        rootfs = context / "rootfs.tar"
        if fresh or not rootfs.exists():
            with told.step(f"making {kind.name} of the packages of {suite} (about half a minute)"):
                _bootstrap(suite, sources, kind, rootfs)
        image = Image(
            context, IMAGES_SOURCE / "python-base" / "Dockerfile", f"planaria.local/{kind.name}:{suite}"
        )
        # Named by its content: what is built on it must be built anew when it changes.
        return build(image, folder / f"{image.key()[:12]}.tar", told)


def _bootstrap(suite: str, sources: list[str], kind: Base, rootfs: Path) -> None:
    half = rootfs.with_name("new.tar")
    try:
        run(["mmdebstrap", *kind.words(), suite, half, *sources], timeout=1800)
    except ClusterError as error:
        half.unlink(missing_ok=True)
        raise ClusterError(f"no base image could be made of the packages of {suite}: {error}") from error
    half.rename(rootfs)


def _suite() -> str:
    release = platform.freedesktop_os_release()
    try:
        return release["VERSION_CODENAME"]
    except KeyError as error:
        name = release.get("PRETTY_NAME", "this system")
        raise PrerequisiteError(f"{name} has no code name; give --base with an image of your own") from error


def _sources() -> list[str]:
    """What apt reads here, as lines that another apt understands; only the distribution's own suites."""
    wanted = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT)",
        "Created-By: Packages",
    ]
    suite = _suite()
    found = {tuple(line.split()) for line in run(wanted).splitlines()}
    lines = sorted(
        f"deb {uri} {release} {part}" for uri, release, part in found if release.split("-")[0] == suite
    )
    if not lines:
        raise PrerequisiteError(f"apt knows no source of {suite}; give --base with an image of your own")
    return lines
