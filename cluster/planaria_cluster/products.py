"""The images that this repository ships: the targets of the Dockerfile at its root, each with a bill of materials."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from planaria_cluster import images
from planaria_cluster.base import BUILDS, RUNS, base_image
from planaria_cluster.errors import ClusterError, UsageError
from planaria_cluster.image import Image
from planaria_cluster.index import build_secrets
from planaria_cluster.locks import locked
from planaria_cluster.paths import ROOM, cache
from planaria_cluster.progress import Progress
from planaria_cluster.run import run

ROOT = ROOM.parent
TARGETS = ("operator", "policy", "trainer")
DEFAULT_TARGETS = ("operator", "policy")
LOCAL_BASE = "local"
REGISTRY_BUILDER = "python:3.11"
"""Where the base is the Dockerfile's own: the same Python with binutils."""


@dataclass(frozen=True)
class Release:
    """What the images are called and say of themselves. `base` is a reference, `local` for our own base, "" for whichever
    the builder can have: the registry's Python for Docker and podman, ours for buildah.
    """

    repository: str = "planaria.local"
    version: str = ""
    source: str = ""
    base: str = ""

    def tag(self, target: str) -> str:
        return f"{self.repository}/{target}:{self.version or project_version()}"


def project_version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def build_products(
    targets: Sequence[str] = DEFAULT_TARGETS,
    release: Release = Release(),
    folder: Path = ROOT / "dist",
    progress: Progress | None = None,
) -> list[Path]:
    """Write `<target>.tar` and `<target>.cdx.json` into `folder` for each target; does nothing for one that is unchanged.

    Returns the archives, which `Provider.load` takes. Raises UsageError for an unknown target, ClusterError where a
    build fails.
    """
    for target in targets:
        if target not in TARGETS:
            raise UsageError(f"there is no image {target!r}: use one of {', '.join(TARGETS)}")
    told = progress or Progress()
    arguments = _arguments(release, told)
    return [_build(target, release, arguments, folder, told) for target in targets]


def _build(target: str, release: Release, arguments: dict[str, str], folder: Path, told: Progress) -> Path:
    from planaria_cluster.sbom import write_sbom  # noqa: PLC0415  its library is heavy, and `up` has no use for it

    out = folder / f"{target}.tar"
    # The builder's store is one for all checkouts: two builds of the same tag would take each other's image.
    with locked(cache() / "images" / f"{target}.lock", told), build_secrets() as secrets:
        image = Image(ROOT, ROOT / "Dockerfile", release.tag(target), arguments, target, secrets)
        images.build(image, out, told)
    write_sbom(out, out.with_suffix(".cdx.json"))
    return out


def _arguments(release: Release, told: Progress) -> dict[str, str]:
    version = release.version or project_version()
    arguments = {"VERSION": version, "REVISION": revision(), "SOURCE": release.source or "unknown"}
    return {
        **arguments,
        **_bases(release.base or (LOCAL_BASE if images.builder() == "buildah" else ""), told),
    }


def _bases(base: str, told: Progress) -> dict[str, str]:
    """What runs, and what builds, where it is not what the Dockerfile says."""
    if base == LOCAL_BASE:
        return {"BASE": _reference(base_image(told, RUNS)), "BUILDER": _reference(base_image(told, BUILDS))}
    return {"BASE": base} if base else {"BUILDER": REGISTRY_BUILDER}


def _reference(archive: Path) -> str:
    """How the builder is told of an archive. Docker knows no files, and takes it into its store first."""
    if images.builder() == "docker":
        return run(["docker", "load", "--quiet", "--input", archive]).rpartition(" ")[2].strip()
    return f"docker-archive:{archive}"


def revision() -> str:
    """The last commit that changed what the images are made of, so that other commits do not make them anew."""
    inputs = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    try:
        commit = run(["git", "log", "-1", "--format=%H", "--", *inputs], cwd=ROOT).strip()
        changed = run(["git", "status", "--porcelain", "--", *inputs], cwd=ROOT).strip()
    except ClusterError:
        return "unknown"  # an unpacked source archive
    return f"{commit}-modified" if changed else commit
