"""`planaria AREA COMMAND`."""

import subprocess
import sys

import pytest

from planaria_cli.main import COMMANDS, Command, main


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"], ["semantics", "--help"]])
def test_help_lists_every_command(arguments, capsys):
    assert main(arguments) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert all(f"planaria {area} {name}" in shown.out for area, name in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [["semantics"], ["semantics", "guess"], ["gremlins", "--help"], ["--version"], ["classify", "x"]],
)
def test_what_is_no_command_is_named_with_the_usage(arguments, capsys):
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"no command {' '.join(arguments)!r}" in shown.err
    assert "usage: planaria AREA COMMAND" in shown.err


def test_a_missing_package_is_named_with_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(
        COMMANDS, ("semantics", "x"), Command("package_that_is_missing.cli:main", "train", "x")
    )
    assert main(["semantics", "x"]) == 2
    told = capsys.readouterr().err
    assert "package_that_is_missing" in told
    assert "from a checkout: pip install '.[train]'" in told


def test_a_package_that_is_missed_only_once_it_is_needed_is_named_the_same_way(monkeypatch, capsys):
    """As in the image of the policy service, which holds no tokenizer."""

    def needs(_):
        raise ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers")

    monkeypatch.setattr("planaria_semantics.classify.main", needs)
    assert main(["semantics", "classify"]) == 2
    assert "this command needs tokenizers" in capsys.readouterr().err


def test_the_rest_of_the_line_and_the_status_are_the_commands_own(monkeypatch):
    given = []

    class Loaded:
        @staticmethod
        def run(arguments):
            given.append(arguments)
            return 7

    monkeypatch.setitem(COMMANDS, ("a", "b"), Command("somewhere:run", "train", "x"))
    monkeypatch.setattr("planaria_cli.main.importlib.import_module", lambda _: Loaded)
    assert main(["a", "b", "--flag", "value"]) == 7
    assert given == [["--flag", "value"]]


def test_every_place_names_a_module_that_exists():
    from importlib.util import find_spec

    for command in COMMANDS.values():
        assert find_spec(command.place.partition(":")[0]) is not None, command.place


@pytest.mark.parametrize("arguments", [["--help"], ["semantics", "--help"], ["semantics", "guess"]])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys\nfrom planaria_cli.main import main\n"
        f"main({arguments})\n"
        "print(sorted({'numpy', 'torch', 'onnxruntime', 'openai', 'kopf', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_can_be_run():
    done = subprocess.run(
        [sys.executable, "-m", "planaria_cli", "semantics", "guess"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
