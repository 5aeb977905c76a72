"""Building container images without a registry, with whatever the machine has: Docker, podman or buildah."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from planaria_cluster import pins
from planaria_cluster.errors import CommandError, PrerequisiteError, UsageError
from planaria_cluster.image import Image
from planaria_cluster.locks import locked
from planaria_cluster.paths import IMAGES_SOURCE, cache, make_folder
from planaria_cluster.progress import Progress
from planaria_cluster.run import run, succeeds


def build_image(
    context: Path,
    dockerfile: Path,
    tag: str,
    out: Path,
    build_args: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Build `dockerfile` over the folder `context` and write it to `out` as a docker archive named `tag`.

    Does nothing where `out` was made from the very same files, tag and arguments. `tag` should carry a registry
    part, such as `planaria.local/app:1`: without one every runtime adds its own. Returns `out`.
    Raises UsageError for paths that are not there, PrerequisiteError without a builder, CommandError when the build fails.
    """
    return build(Image(context, dockerfile, tag, dict(build_args or {})), out, progress)


def build(image: Image, out: Path, progress: Progress | None = None) -> Path:
    """As `build_image`, for an image with a target or secrets."""
    if not image.context.is_dir() or not image.dockerfile.is_file():
        missing = image.dockerfile if image.context.is_dir() else image.context
        raise UsageError(f"{missing} does not exist")
    key = image.key()
    note = out.with_name(f"{out.name}.key")
    if out.exists() and note.exists() and note.read_text() == key:
        return out
    make_folder(out.parent)
    note.unlink(missing_ok=True)
    fresh = out.with_name(f"{out.name}.new")
    fresh.unlink(missing_ok=True)
    with (progress or Progress()).step(f"building image {image.tag}"):
        _build(image, fresh)
    fresh.rename(out)
    note.write_text(key)
    return out


def builder() -> str | None:
    """The first of docker, podman and buildah that works. A Docker client without an engine does not."""
    if engine_answers():
        return "docker"
    return next((name for name in ("podman", "buildah") if shutil.which(name)), None)


def engine_answers() -> bool:
    """Whether a Docker engine is there, not only its client."""
    return shutil.which("docker") is not None and succeeds(
        ["docker", "version", "--format", "{{.Server.Version}}"]
    )


def _build(image: Image, out: Path) -> None:
    name = builder()
    if name == "docker":
        _with_docker(image, out)
    elif name == "podman":
        run(["podman", "build", *image.options()])
        run(["podman", "save", "--format", "docker-archive", "--output", out, image.tag])
    elif name == "buildah":
        _with_buildah(image, out)
    else:
        raise PrerequisiteError("no image builder: install one with `apt-get install buildah`")


def _with_docker(image: Image, out: Path) -> None:
    # Secrets need BuildKit; an attestation would make of the image an index, which the nodes' importer does not expect.
    environment = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    try:
        run(["docker", "build", *image.options()], env=environment)
    except CommandError as error:
        if "buildx component is missing" not in error.output:
            raise
        raise PrerequisiteError(
            "this Docker client builds only with its plugin buildx: install it (docker-buildx-plugin of Docker's packages, "
            "docker-buildx of Debian's and Ubuntu's)"
        ) from error
    run(["docker", "save", "--output", out, image.tag])


def _with_buildah(image: Image, out: Path) -> None:
    environment = {
        "BUILDAH_ISOLATION": "chroot",
        "STORAGE_DRIVER": os.environ.get("STORAGE_DRIVER", "overlay"),
    }
    try:
        run(["buildah", "bud", "--layers", *image.options()], env=environment)
    except CommandError as error:
        if "overlay" not in error.output:
            raise
        # Overlay does not work on top of overlay, which is what a container's disk is; copying always works.
        environment["STORAGE_DRIVER"] = "vfs"
        run(["buildah", "bud", "--layers", *image.options()], env=environment)
    run(["buildah", "push", image.tag, f"docker-archive:{out}:{image.tag}"], env=environment)


def base_images(progress: Progress) -> list[Path]:
    """Archives of the two images that every node holds: pause, and busybox for tests and demos."""
    folder = make_folder(cache() / "images")
    archives = []
    with locked(folder / "base.lock", progress):
        for name, tag in (("pause", pins.PAUSE_IMAGE), ("busybox", pins.BUSYBOX_IMAGE)):
            context = _busybox_context(folder / f"{name}.context", tools=name == "busybox")
            out = folder / f"{name}.tar"
            archives.append(
                build_image(context, IMAGES_SOURCE / name / "Dockerfile", tag, out, progress=progress)
            )
    return archives


def static_busybox() -> Path | None:
    """Debian's busybox-static, or any busybox that needs no libraries."""
    for candidate in ("/bin/busybox", "/usr/bin/busybox"):
        path = Path(candidate)
        if (
            path.exists()
            and b"/lib64/ld-linux" not in path.read_bytes()
            and b"ld-linux-aarch64" not in path.read_bytes()
        ):
            return path
    return None


def _busybox_context(folder: Path, *, tools: bool) -> Path:
    busybox = static_busybox()
    if busybox is None:
        raise PrerequisiteError("no static busybox: install it with `apt-get install busybox-static`")
    root = folder / "rootfs"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "etc", "tmp"):
        make_folder(root / name)
    (root / "tmp").chmod(0o1777)
    shutil.copy(busybox, root / "bin" / "busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nnobody:x:65534:\n")
    for tool in run([busybox, "--list"]).split() if tools else []:
        if tool != "busybox":
            (root / "bin" / tool).symlink_to("busybox")
    return folder
