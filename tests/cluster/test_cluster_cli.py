"""Exit statuses, one-line errors, tables."""

import argparse
import json

import pytest

from planaria_cluster import cli, opening, packages, tables
from planaria_cluster.arguments import parser
from planaria_cluster.errors import ClusterError, CommandError
from planaria_cluster.packages import Package
from planaria_cluster.progress import Progress
from planaria_cluster.provider import ClusterStatus, Finding, Row


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.setenv("PLANARIA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("PLANARIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(opening, "engine_answers", lambda: False)

    def refuse(*_):
        raise AssertionError("a unit test must not start a cluster")

    monkeypatch.setattr("planaria_cluster.bare.bring_up.bring_up", refuse)


def said(capsys):
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["kubeconfig"], 1, "there is no cluster planaria"),
        (["node", "stop", "x"], 1, "there is no cluster planaria"),
        (["node", "lose", "x"], 1, "there is no cluster planaria"),
        (["part", "stop", "etcd"], 1, "there is no cluster planaria"),
        (["part", "start", "kubelet"], 2, "there is no part 'kubelet': use one of etcd, kube-apiserver"),
        (["kubectl", "--", "get", "pods"], 1, "there is no cluster planaria"),
        (["load", "missing.tar"], 2, "missing.tar does not exist"),
        (["up", "--name", "No Good"], 2, "cluster name 'No Good'"),
        (["up", "--nodes", "0"], 2, "nodes: 1 to"),
        (["up", "--nodes", "99"], 2, "nodes: 1 to"),
        (["build", "missing", "--tag", "a/b:1", "-o", "x.tar"], 2, "missing does not exist"),
        (["build", ".", "--tag", "a/b:1", "-o", "x.tar", "--build-arg", "A"], 2, "write KEY=VALUE"),
    ],
)
def test_expected_failures_are_one_line(words, code, text, capsys, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert cli.main(words) == code
    assert text in said(capsys)


def test_without_root_the_error_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cli.main(["up"]) == 2
    assert "sudo -E" in said(capsys)


def test_usage_errors_exit_2(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["sideways"])
    assert stop.value.code == 2


def test_status_of_nothing_is_absent(capsys):
    assert cli.main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "absent"


def test_taking_down_nothing_is_fine(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert cli.main(["down"]) == 0


def test_a_folder_that_cannot_be_made_is_told(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "file").touch()
    monkeypatch.setenv("PLANARIA_STATE", str(tmp_path / "file" / "state"))
    assert cli.main(["up"]) == 2
    assert "PLANARIA_STATE" in said(capsys)


def test_every_command_has_an_example():
    commands = subcommands(parser())
    assert len(commands) == 15
    nested = [subcommands(commands.pop(name)).values() for name in ("node", "part")]
    leaves = [*(leaf for each in nested for leaf in each), *commands.values()]
    assert all("example: python -m planaria_cluster" in (each.epilog or "") for each in leaves)


def subcommands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (commands,) = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    return commands.choices


def test_the_name_of_the_cluster_may_come_last_and_is_never_taken_for_a_word():
    arguments = parser().parse_args(["node", "stop", "2", "--name", "other"])
    assert (arguments.node, arguments.name) == ("2", "other")
    assert cli.split(["node", "exec", "2", "--name", "x", "--", "ls", "--", "-l"]) == (
        ["node", "exec", "2", "--name", "x"],
        ["ls", "--", "-l"],
    )


def test_a_command_error_tells_the_last_words():
    error = CommandError(["ip", "link", "add"], 2, "noise\nRTNETLINK answers: File exists\n\n")
    assert str(error) == "ip link add failed with exit status 2: RTNETLINK answers: File exists"
    assert isinstance(error, ClusterError)


def test_the_status_table():
    rows = [Row("etcd", "running", 7, 0.0), Row("x-node-1", "NotReady")]
    text = tables.status(ClusterStatus("x", "bare", "degraded", rows, "/k", "/b/kubectl"))
    lines = text.splitlines()
    assert lines[0] == "cluster x (bare): degraded"
    assert lines[1].split() == ["COMPONENT", "PID", "STATE", "SINCE"]
    assert lines[2].split()[:3] == ["etcd", "7", "running"]
    assert lines[3].split() == ["x-node-1", "-", "NotReady", "-"]


def test_doctor_names_the_command_that_helps(monkeypatch, capsys):
    findings = [Finding("root", True, "yes"), Finding("runc", False, "starts", "apt-get install runc")]
    monkeypatch.setattr("planaria_cluster.bare.doctor.findings", lambda: findings)
    assert cli.main(["doctor"]) == 2
    out = capsys.readouterr().out
    assert "runc" in out
    assert "-> apt-get install runc" in out


def test_missing_packages_without_apt_are_named(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", (Package("runc", "", lambda: False),))
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(
        ClusterError, match="missing: runc; install them, on Debian or Ubuntu with `apt-get install"
    ):
        packages.ensure(Progress())


def test_auto_keeps_a_bare_cluster_that_is_there(monkeypatch):
    monkeypatch.setattr(opening, "engine_answers", lambda: True)
    assert type(opening.open_cluster("demo")).__name__ == "KindProvider"
    monkeypatch.setattr("planaria_cluster.bare.settings.load", lambda _: object())
    assert type(opening.open_cluster("demo")).__name__ == "BareProvider"


@pytest.mark.parametrize("name", ["helm", "promtool", "prometheus"])
def test_a_tool_gets_its_words_as_they_are_and_needs_no_cluster(name, monkeypatch, tmp_path):
    became = []
    monkeypatch.setattr("planaria_cluster.build.built", lambda recipe, _: tmp_path / recipe.name)
    monkeypatch.setattr("os.execve", lambda program, argv, env: became.append((program, argv[1:], env)))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    cli.main([name, "--", "test", "--name", "x"])
    ((program, words, environment),) = became
    assert (program.name, words) == (name, ["test", "--name", "x"])
    assert "KUBECONFIG" not in environment


def test_a_lost_engine_does_not_hide_the_environment(monkeypatch):
    monkeypatch.delenv("PLANARIA_STATE")
    monkeypatch.delenv("PLANARIA_CACHE")
    from planaria_cluster import paths

    assert str(paths.state_root()) == "/var/lib/planaria"
    assert str(paths.cache()).endswith(".cache/planaria")
    assert paths.cache().is_absolute()
