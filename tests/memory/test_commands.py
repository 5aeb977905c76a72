"""`planaria memory stats`, `export` and `prune`, as a person uses them."""

import json
import subprocess
import sys

import pytest
from sqlalchemy import make_url

from planaria_policy.memory import Memory, cli
from tests.memory.samples import trajectory


@pytest.fixture
def filled(url):
    with Memory.open(url) as memory:
        memory.add([trajectory(f"{number}", fault="image_pull", reward=0.5) for number in range(9)])
        memory.add([trajectory("cluster", source="cluster", recovered=False, policy_version=7)])
    return url


def test_stats(filled, capsys):
    assert cli.stats(["--memory", filled]) == 0
    told = capsys.readouterr().out
    for words in ("10", "90.0%", "image_pull", "1 to 7", "MiB", "from the cluster"):
        assert words in told


def test_stats_do_not_tell_the_password(server, capsys):
    url = make_url(server.database("guarded")).set(password="s3cr3t").render_as_string(hide_password=False)
    Memory.open(url).close()
    assert cli.stats(["--memory", url]) == 0
    told = "".join(capsys.readouterr().out.split())
    assert "s3cr3t" not in told
    assert "planaria:***@/guarded" in told


def test_stats_name_the_file_as_it_is_called(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Memory.open("[bold]a.db").close()
    assert cli.stats(["--memory", "[bold]a.db"]) == 0
    assert "memory [bold]a.db" in capsys.readouterr().out


def test_export_to_a_file_and_to_standard_output(filled, capsys, tmp_path):
    assert cli.export(["--memory", filled]) == 0
    told = capsys.readouterr().out
    assert [json.loads(line)["incident"] for line in told.splitlines()] == [*"012345678", "cluster"]
    file = tmp_path / "[bold]out.jsonl"
    assert cli.export(["--memory", filled, "--output", str(file)]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"wrote {file}: 10 incidents\n")
    assert file.read_text() == told


def test_an_export_into_head_ends_quietly(tmp_path):
    file = tmp_path / "memory.db"
    with Memory.open(file) as memory:
        memory.add([trajectory(note="x" * 1000) for _ in range(200)])
    program = f"from planaria_policy.memory.cli import export; raise SystemExit(export(['--memory', {str(file)!r}]))"
    ran = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -n 1', sys.executable, program], capture_output=True, check=True
    )
    assert ran.stderr == b""
    assert ran.stdout.count(b"\n") == 1


def test_prune(filled, capsys):
    assert cli.prune(["--memory", filled, "--keep", "4"]) == 0
    assert capsys.readouterr().out == "removed 6 trajectories, 4 remain\n"


@pytest.mark.parametrize("command", [cli.stats, cli.export])
def test_a_memory_that_is_not_there(command, capsys, tmp_path):
    assert command(["--memory", str(tmp_path / "none.db")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "none.db" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["--keep", "-1"], ["--keep", "few"]])
def test_a_prune_that_does_not_say_how_many(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.prune(arguments)
    assert ended.value.code == 2
    assert "--keep" in capsys.readouterr().err


@pytest.mark.parametrize("command", [cli.stats, cli.export, cli.prune])
def test_help_has_the_default_and_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "planaria-memory.db" in told
    assert "example" in told
