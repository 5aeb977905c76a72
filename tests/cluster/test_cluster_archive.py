"""What a container would see of an archive's layers."""

import io
import json
import tarfile

import pytest

from planaria_cluster.archive import Archive
from planaria_cluster.errors import UsageError


def tar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def archive(tmp_path):
    lower = tar({"./a": b"one", "b/c": b"two", "b/d": b"three", "e/f": b"four", "e2/g": b"five"})
    upper = tar({"a": b"ONE!", "b/.wh.c": b"", "e/.wh..wh..opq": b"", "e/new": b"six"})
    manifest = [{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["0.tar", "1.tar"]}]
    files = {"manifest.json": json.dumps(manifest).encode(), "c.json": b'{"config": {"User": "1"}}'}
    (tmp_path / "x.tar").write_bytes(tar({**files, "0.tar": lower, "1.tar": upper}))
    return Archive(tmp_path / "x.tar")


def test_a_higher_layer_replaces_and_hides(archive):
    seen = {name: (entry.size, entry.layer) for name, entry in archive.entries.items()}
    assert seen == {"a": (4, 1), "b/d": (5, 0), "e/new": (3, 1), "e2/g": (4, 0)}
    assert archive.read(lambda name: name in ("a", "b/c")) == {"a": b"ONE!"}


def test_what_is_hidden_still_weighs(archive):
    assert archive.sizes() == [19, 7]


def test_the_configuration(archive):
    assert archive.configuration["config"]["User"] == "1"


def test_another_file_is_refused_by_name(tmp_path):
    (tmp_path / "no.tar").write_text("no")
    with pytest.raises(UsageError, match=r"no\.tar is no image archive"):
        _ = Archive(tmp_path / "no.tar").entries
