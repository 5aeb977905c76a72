"""The kernel's limit is raised where it is too low, left where it is not, and never a reason to fail."""

import io

import pytest

from planaria_cluster.bare import limits
from planaria_cluster.progress import Progress


@pytest.fixture
def said():
    return io.StringIO()


@pytest.mark.parametrize(("before", "after"), [("128\n", "512"), ("512\n", "512\n"), ("8192\n", "8192\n")])
def test_only_a_lower_limit_is_raised(tmp_path, said, before, after):
    file = tmp_path / "max_user_instances"
    file.write_text(before)
    limits.ensure(Progress(said), file)
    assert file.read_text() == after
    assert ("raised fs.inotify.max_user_instances to 512" in said.getvalue()) == (before != after)


@pytest.mark.parametrize("content", [None, "no number"])
def test_a_machine_that_does_not_tell_is_left_alone(tmp_path, said, content):
    file = tmp_path / "max_user_instances"
    if content:
        file.write_text(content)
    limits.ensure(Progress(said), file)
    assert said.getvalue() == ""
    assert file.exists() == (content is not None)
