"""`planaria policy evaluate`, as a person and as a pipeline use it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from planaria_cli.main import main
from planaria_contract import Decider, Escalate
from planaria_policy.memory import Memory
from planaria_policy.serving.file import PolicyFile
from tests.memory.samples import trajectory
from tests.policy_evaluation.recorded import drawn_incidents, record, shipped


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    file = tmp_path_factory.mktemp("drawn") / "memory.db"
    with Memory.open(file) as memory:
        memory.add(drawn_incidents(shipped(), 200))
    return str(file)


@pytest.fixture
def told(capsys):
    """(exit status, standard output, standard error) of a command line."""

    def run(*arguments):
        status = main(["policy", "evaluate", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_a_table_a_verdict_and_the_same_as_json(drawn, told, tmp_path):
    file = tmp_path / "new" / "report.json"
    status, out, err = told("--recorded", drawn, "--source", "simulator", "--drawn", "--json", file)
    assert (status, err) == (0, "")
    for words in (
        "importance sampling",
        "doubly robust",
        "200 incidents",
        "0% of what it would do was not seen",
        "weights are cut at 14.1",
    ):
        assert words in out
    found = json.loads(file.read_text())
    assert out.rstrip().endswith(found["verdict"]["text"])
    assert found["verdict"]["reason"] == "NoClearDifference"
    assert (found["incidents"], found["seed"]) == (200, 0)
    assert found["judged"][0]["missing"] == pytest.approx(0, abs=1e-5)
    assert found["returns"]["low"] < found["returns"]["value"] < found["returns"]["high"]
    assert found["judged"][0]["wpdis"]["value"] == pytest.approx(found["returns"]["value"], abs=1e-4)


def test_a_plot(drawn, told, tmp_path):
    file = tmp_path / "new" / "plot.png"
    assert told("--recorded", drawn, "--source", "simulator", "--plot", file)[0] == 0
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_plot_without_matplotlib(drawn, told, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    status, out, err = told("--recorded", drawn, "--plot", tmp_path / "plot.png")
    assert (status, out) == (2, "")
    assert "pip install matplotlib" in err


def test_the_gate(drawn, told):
    same = ("--recorded", drawn, "--source", "simulator", "--drawn", "--check")
    status, out, _ = told(*same, "--tolerance", "0.01")
    assert status == 0, out
    assert "check passed" in out


async def test_the_gate_stays_shut_on_thin_evidence(tmp_path, capsys):
    file = str(tmp_path / "memory.db")
    await record(file, shipped(), 51, by=Decider.RULES, instead=lambda number: Escalate(reason=""))
    assert (
        main(["policy", "evaluate", "--recorded", file, "--against", "rules", "--check", "--tolerance", "99"])
        == 1
    )
    out = capsys.readouterr().out
    assert "SupportMissing: not enough to tell" in out
    assert "check failed: SupportMissing" in out
    assert "against the rules" in out


def test_two_policies(drawn, told, tmp_path):
    file = tmp_path / "other.zip"
    PolicyFile.load().save(file)
    status, out, _ = told(
        "--recorded", drawn, "--source", "simulator", "--drawn", "--against", file, "--check"
    )
    assert status == 0
    assert "+0.00 min" in out


def test_a_memory_without_incidents_that_count(drawn, told, tmp_path):
    empty = tmp_path / "empty.db"
    Memory.open(empty).close()
    assert told("--recorded", empty) == (
        2,
        "",
        "error: no recorded incident of the cluster counts (it is empty)\n",
    )
    assert "(200 other source)" in told("--recorded", drawn)[2]
    assert (
        "(200 not by the rules alone)"
        in told("--recorded", drawn, "--source", "simulator", "--against", "rules")[2]
    )


def test_incidents_of_another_planaria_are_left_out_and_told(told, tmp_path):
    file = tmp_path / "mixed.db"
    older = trajectory("older")
    with Memory.open(file) as memory:
        memory.add([replace(older, facts=older.facts[:, :-1]), *drawn_incidents(shipped(), 40)])
    status, out, _ = told("--recorded", file, "--source", "simulator")
    assert status == 0
    assert "left out: 1 (other facts or choices)" in out


def test_a_policy_of_another_space(drawn, told, tmp_path):
    file, shipped_ = tmp_path / "old.zip", PolicyFile.load()
    fewer = shipped_.manifest.model_copy(update={"sights": shipped_.manifest.sights[:-1]})
    replace(shipped_, manifest=fewer).save(file)
    status, out, err = told("--recorded", drawn, "--source", "simulator", "--policy", file)
    assert (status, out) == (2, "")
    assert "old.zip: sights: differ from this version's" in err


@pytest.mark.parametrize("name", ["--policy", "--against"])
def test_a_policy_that_is_not_there(drawn, told, tmp_path, name):
    status, _, err = told("--recorded", drawn, "--source", "simulator", name, tmp_path / "none.zip")
    assert status == 2
    assert "none.zip: not a policy file" in err


def test_a_memory_that_is_not_there_or_is_none(told, tmp_path):
    assert "none.db: there is no such file" in told("--recorded", tmp_path / "none.db")[2]
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to be taken for one\n" * 30)
    status, out, err = told("--recorded", text)
    assert (status, out) == (2, "")
    assert "text.db" in err
    assert list(tmp_path.iterdir()) == [text]


@pytest.mark.parametrize("wrong", ["-1", "nan", "much"])
def test_a_tolerance_that_is_none(wrong, drawn, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["policy", "evaluate", "--recorded", drawn, "--tolerance", wrong])
    assert ended.value.code == 2
    assert "--tolerance" in capsys.readouterr().err


def test_it_loads_neither_torch_nor_matplotlib(drawn):
    program = (
        "import sys; from planaria_policy.evaluation.cli import evaluate_command as run;"
        f"assert run(['--recorded', {drawn!r}, '--source', 'simulator']) == 0;"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=300)
