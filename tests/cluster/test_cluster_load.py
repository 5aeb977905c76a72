"""When an archive has to be imported again: containerd keeps one image for each name."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from planaria_cluster.bare import containerd
from planaria_cluster.bare.settings import Settings
from planaria_cluster.processes import Process

HOLDER = Process(1, 0, "boot")


@pytest.fixture
def imported(monkeypatch) -> list[str]:
    """The archives that `ctr` was given."""
    calls: list[str] = []
    monkeypatch.setattr(containerd, "run", lambda words: calls.append(Path(words[-1]).name))
    return calls


@pytest.fixture
def node(monkeypatch, tmp_path):
    monkeypatch.setenv("PLANARIA_STATE", str(tmp_path / "state"))
    return Settings("demo", 90, 1, 0).node(1)


def archive(folder: Path, name: str, tag: str, content: str, *, oci: bool = False) -> Path:
    """A docker or an OCI archive, as far as its names go."""
    described = [{"RepoTags": [tag], "Layers": [content]}]
    index = {"manifests": [{"digest": content, "annotations": {"org.opencontainers.image.ref.name": tag}}]}
    text = json.dumps(index if oci else described).encode()
    with tarfile.open(folder / name, "w") as file:
        entry = tarfile.TarInfo("index.json" if oci else "manifest.json")
        entry.size = len(text)
        file.addfile(entry, io.BytesIO(text))
    return folder / name


def test_what_is_there_is_not_imported_again(imported, node, tmp_path):
    first = archive(tmp_path, "first.tar", "planaria.local/app:1", "a")
    assert containerd.load([(node, HOLDER)], first) == [node.name]
    assert containerd.load([(node, HOLDER)], first) == []
    assert imported == ["first.tar"]


def test_an_image_that_lost_its_name_is_imported_again(imported, node, tmp_path):
    """Else going back to an older build would leave the newer one under its name."""
    old = archive(tmp_path, "old.tar", "planaria.local/app:1", "a")
    new = archive(tmp_path, "new.tar", "planaria.local/app:1", "b")
    other = archive(tmp_path, "other.tar", "planaria.local/other:1", "c")
    for each in (old, other, new, old, other):
        containerd.load([(node, HOLDER)], each)
    assert imported == ["old.tar", "other.tar", "new.tar", "old.tar"]


def test_a_note_of_a_version_that_wrote_no_names_counts_for_nothing(imported, node, tmp_path):
    first = archive(tmp_path, "first.tar", "planaria.local/app:1", "a")
    containerd.load([(node, HOLDER)], first)
    (note,) = (node.folder / "containerd" / "planaria").iterdir()
    note.write_text("")
    containerd.load([(node, HOLDER)], first)
    assert imported == ["first.tar", "first.tar"]
    assert note.read_text() == json.dumps(["planaria.local/app:1"])


def test_an_oci_archive_has_its_names_in_its_index(imported, node, tmp_path):
    one = archive(tmp_path, "one.tar", "planaria.local/app:1", "a", oci=True)
    containerd.load([(node, HOLDER)], one)
    assert containerd.load([(node, HOLDER)], one) == []
