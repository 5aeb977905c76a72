"""When an image is built, and with what."""

import io
from pathlib import Path

import pytest

from planaria_cluster import images
from planaria_cluster.errors import CommandError, PrerequisiteError, UsageError
from planaria_cluster.progress import Progress


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "main").write_text("one")
    return folder


@pytest.fixture
def calls(monkeypatch):
    made = []

    def run(argv, env=None, **_):
        made.append(([str(word) for word in argv], env))
        for word in argv:
            target = str(word).removeprefix("docker-archive:").partition(":")[0]
            if target.endswith(".tar.new"):
                Path(target).touch()
        return ""

    monkeypatch.setattr(images, "run", run)
    monkeypatch.setattr(images, "builder", lambda: "buildah")
    return made


def build(context, out, **arguments):
    return images.build_image(
        context, context / "Dockerfile", "planaria.local/app:1", out, arguments, Progress(io.StringIO())
    )


def test_an_unchanged_context_is_not_built_again(context, calls, tmp_path):
    out = tmp_path / "out" / "app.tar"
    assert build(context, out) == out
    count = len(calls)
    build(context, out)
    assert len(calls) == count
    (context / "main").write_text("two")
    build(context, out)
    assert len(calls) == 2 * count
    build(context, out, BASE="x")
    assert len(calls) == 3 * count
    (context / "main").chmod(0o755)
    build(context, out, BASE="x")
    assert len(calls) == 4 * count


def test_buildah_works_without_privileges_of_its_own(context, calls, tmp_path):
    build(context, tmp_path / "app.tar", BASE="x")
    (bud, environment), (push, _) = calls
    assert bud[:2] == ["buildah", "bud"]
    assert bud[bud.index("--build-arg") :][:2] == ["--build-arg", "BASE=x"]
    assert environment["BUILDAH_ISOLATION"] == "chroot"
    assert push[-1] == f"docker-archive:{tmp_path / 'app.tar.new'}:planaria.local/app:1"


def test_buildah_copies_where_overlay_does_not_work(context, tmp_path, monkeypatch):
    drivers = []

    def run(argv, env=None, **_):
        drivers.append(env["STORAGE_DRIVER"])
        if env["STORAGE_DRIVER"] == "overlay":
            raise CommandError(["buildah"], 125, "overlay is not supported over overlayfs")
        if argv[1] == "push":
            (tmp_path / "app.tar.new").touch()
        return ""

    monkeypatch.setattr(images, "run", run)
    monkeypatch.setattr(images, "builder", lambda: "buildah")
    monkeypatch.delenv("STORAGE_DRIVER", raising=False)
    build(context, tmp_path / "app.tar")
    assert drivers == ["overlay", "vfs", "vfs"]


@pytest.mark.parametrize(("name", "save"), [("docker", ["docker", "save"]), ("podman", ["podman", "save"])])
def test_other_builders_save_the_same_kind_of_archive(context, calls, tmp_path, monkeypatch, name, save):
    monkeypatch.setattr(images, "builder", lambda: name)
    build(context, tmp_path / "app.tar")
    assert calls[-1][0][:2] == save


def test_a_docker_client_without_its_plugin_is_told_what_it_lacks(context, tmp_path, monkeypatch):
    said = "ERROR: BuildKit is enabled but the buildx component is missing or broken.\n  https://docs.docker.com/go/buildx/"

    def run(argv, **_):
        raise CommandError(argv, 1, said)

    monkeypatch.setattr(images, "run", run)
    monkeypatch.setattr(images, "builder", lambda: "docker")
    with pytest.raises(PrerequisiteError, match="docker-buildx"):
        build(context, tmp_path / "app.tar")


def test_a_failed_build_leaves_no_archive(context, tmp_path, monkeypatch):
    def run(argv, **_):
        raise CommandError(argv, 1, "COPY failed")

    monkeypatch.setattr(images, "run", run)
    monkeypatch.setattr(images, "builder", lambda: "docker")
    with pytest.raises(CommandError, match="COPY failed"):
        build(context, tmp_path / "app.tar")
    assert not (tmp_path / "app.tar").exists()


def test_no_builder_and_no_files(context, tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="does not exist"):
        build(tmp_path / "missing", tmp_path / "app.tar")
    monkeypatch.setattr(images, "builder", lambda: None)
    with pytest.raises(PrerequisiteError, match="buildah"):
        build(context, tmp_path / "app.tar")
