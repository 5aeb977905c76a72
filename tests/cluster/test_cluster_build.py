"""A build is taken for finished only when it is."""

import io
import threading

import pytest

from planaria_cluster import build
from planaria_cluster.errors import ClusterError
from planaria_cluster.progress import Progress


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PLANARIA_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "go", lambda _: tmp_path / "go")
    return tmp_path


def test_a_failed_build_leaves_nothing_that_looks_complete():
    def fail(_, folder):
        (folder / "half").touch()
        raise ClusterError("no")

    recipe = build.Recipe("x", "1", "building x", fail)
    with pytest.raises(ClusterError):
        build.built(recipe, Progress(io.StringIO()))
    assert not recipe.folder.exists()
    good = build.Recipe("x", "1", "building x", lambda _, folder: (folder / "whole").touch())
    assert [path.name for path in build.built(good, Progress(io.StringIO())).iterdir()] == ["whole"]


def test_two_runs_at_once_build_once():
    built = []
    recipe = build.Recipe("x", "1", "building x", lambda _, folder: built.append(folder))
    threads = [threading.Thread(target=build.built, args=(recipe, Progress(io.StringIO()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
