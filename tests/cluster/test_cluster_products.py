"""Which image is built, on what, and when again."""

import io
import subprocess
from pathlib import Path

import pytest

from planaria_cluster import base, cli, images, products
from planaria_cluster.errors import CommandError, PrerequisiteError, UsageError
from planaria_cluster.image import Image
from planaria_cluster.products import Release
from planaria_cluster.progress import Progress


@pytest.fixture
def root(monkeypatch, tmp_path):
    folder = tmp_path / "repository"
    (folder / "code" / "__pycache__").mkdir(parents=True)
    (folder / ".dockerignore").write_text("*\n!code\n!LICENSE\n**/__pycache__\n")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "LICENSE").write_text("free")
    (folder / "code" / "main.py").write_text("1")
    return folder


def key(root, **fields):
    return Image(root, root / "Dockerfile", "x/y:1", **fields).key()


def test_only_what_the_builder_is_sent_counts(root):
    before = key(root)
    (root / "other.py").write_text("x")
    (root / "code" / "__pycache__" / "main.pyc").write_text("x")
    assert key(root) == before
    (root / "code" / "main.py").write_text("2")
    assert key(root) != before


def test_the_target_counts_and_a_secret_does_not(root):
    assert key(root, target="a") != key(root, target="b")
    assert key(root, secrets={"pip": root / "LICENSE"}) == key(root)


def test_options_are_those_that_every_builder_has(root):
    image = Image(root, root / "Dockerfile", "x/y:1", {"A": "b"}, "operator", {"pip": root / "LICENSE"})
    words = " ".join(image.options())
    assert "--build-arg A=b" in words
    assert f"--secret id=pip,src={root / 'LICENSE'}" in words
    assert words.endswith(f"--target operator {root}")


def test_the_repositorys_own_list_names_what_the_dockerfile_copies():
    lines = (products.ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    allowed = {
        line[1:] for line in (products.ROOT / ".dockerignore").read_text().split() if line.startswith("!")
    }
    assert {word for word in copied if word not in allowed and not word.startswith("locks/")} == set()
    assert all((products.ROOT / word).exists() for word in copied)


@pytest.mark.parametrize(
    ("builder", "asked", "runs", "builds"),
    [
        ("docker", "", None, "python:3.11"),
        ("podman", "", None, "python:3.11"),
        ("buildah", "", "docker-archive:/cache/python-base.tar", "docker-archive:/cache/python-builder.tar"),
        (
            "podman",
            "local",
            "docker-archive:/cache/python-base.tar",
            "docker-archive:/cache/python-builder.tar",
        ),
        ("docker", "local", "sha256:python-base", "sha256:python-builder"),
        ("buildah", "debian:13", "debian:13", None),
    ],
)
def test_the_bases_are_the_registrys_where_they_can_be_had(monkeypatch, builder, asked, runs, builds):
    """Where one is not told, the Dockerfile says it: a builder that is another Python than the base's would break the image."""
    monkeypatch.setattr(images, "builder", lambda: builder)
    monkeypatch.setattr(products, "base_image", lambda _, kind: f"/cache/{kind.name}.tar")
    monkeypatch.setattr(
        products,
        "run",
        lambda argv, **_: f"Loaded image ID: sha256:{Path(argv[-1]).stem}\n" if "load" in argv else "",
    )
    found = products._arguments(Release(base=asked), Progress(io.StringIO()))
    assert (found.get("BASE"), found.get("BUILDER")) == (runs, builds)


def test_what_runs_has_no_installer():
    assert "python3-venv" in base.BUILDS.packages
    assert "python3-venv" not in base.RUNS.packages
    assert base.RUNS.words() != base.BUILDS.words()


def test_the_revision_is_of_what_ships(monkeypatch, root):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *words],
            cwd=root, check=True, capture_output=True,
        )  # fmt: skip

    monkeypatch.setattr(products, "ROOT", root)
    assert products.revision() == "unknown"
    git("init")
    git("add", "-A")
    git("commit", "-m", "one")
    first = products.revision()
    assert len(first) == 40
    (root / "other.py").write_text("x")
    git("add", "-A")
    git("commit", "-m", "not of the image")
    assert products.revision() == first
    (root / "LICENSE").write_text("freer")
    assert products.revision() == f"{first}-modified"


def test_an_unknown_image_is_named(capsys):
    with pytest.raises(UsageError, match="there is no image 'worker': use one of operator, policy, trainer"):
        products.build_products(["worker"])
    assert cli.main(["images", "worker"]) == 2


def test_a_failed_build_is_told_once(root, monkeypatch, tmp_path):
    """A wrong Dockerfile is not built a second time with the slower storage."""
    tried = []

    def run(argv, **_):
        tried.append(argv)
        raise CommandError(argv, 1, "No matching distribution found")

    monkeypatch.setattr(images, "run", run)
    monkeypatch.setattr(images, "builder", lambda: "buildah")
    with pytest.raises(CommandError, match="No matching distribution"):
        images.build(Image(root, root / "Dockerfile", "x/y:1"), tmp_path / "x.tar", Progress(io.StringIO()))
    assert len(tried) == 1


TARGETS = """\
mirror://deb/ubuntu/ noble main
mirror://deb/ubuntu/ noble-security main
mirror://deb/ubuntu/ noble-security main
mirror://other/ stable contrib
"""


def test_the_base_is_made_of_the_distributions_own_suites(monkeypatch):
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"VERSION_CODENAME": "noble"})
    monkeypatch.setattr(base, "run", lambda _: TARGETS)
    assert base._sources() == [
        "deb mirror://deb/ubuntu/ noble main",
        "deb mirror://deb/ubuntu/ noble-security main",
    ]
    monkeypatch.setattr(base, "run", lambda _: "")
    with pytest.raises(PrerequisiteError, match="no source of noble; give --base"):
        base._sources()


def test_a_system_without_a_code_name_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"PRETTY_NAME": "Alpine"})
    with pytest.raises(PrerequisiteError, match="Alpine has no code name; give --base"):
        base._suite()
