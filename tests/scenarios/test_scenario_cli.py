import json
import os
import subprocess
import sys

import pytest

from planaria_scenarios.cli import main, write_json
from planaria_scenarios.result import Result


def test_list_names_every_scenario_and_what_heals_it(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert "memory-limit-too-low" in text
    assert "resize" in text


def test_show_tells_the_story_the_steps_and_the_judges(capsys):
    assert main(["show", "lost-node"]) == 0
    text = capsys.readouterr().out
    assert all(
        word in text for word in ("A node falls silent", "stop_node", "settle_seconds", "node_lost_first")
    )


def test_unknown_name_is_one_line_with_the_known_ones(capsys):
    assert main(["run", "no-such-thing"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: no scenario 'no-such-thing'; there are ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("module", ["planaria_scenarios", "bench"])
def test_help_shows_an_example(module: str):
    arguments = ["recovery", "--help"] if module == "bench" else ["--help"]
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=True, env=os.environ
    )
    assert f"python -m {module} r" in done.stdout


def test_json_can_be_read_back(tmp_path):
    result = Result("n", "t", "fault", operator=True, namespace="x", limit_seconds=60, recovered_after=3.5)
    write_json(tmp_path / "deep" / "out.json", [result])
    (body,) = json.loads((tmp_path / "deep" / "out.json").read_text())
    assert (body["recovered"], body["ok"], body["recovered_after"]) == (True, True, 3.5)
