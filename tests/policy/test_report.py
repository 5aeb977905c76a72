"""The card says what the files say, and a run that was killed is drawn as one."""

import json

import numpy as np
import pytest
from torch.utils.tensorboard import SummaryWriter

from planaria_policy.errors import BadData
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.simulator.causes import read_causes
from planaria_policy.training.curves import Curve, read_curves
from planaria_policy.training.report import report

PLAYER = {"score": [0.9731, 0.0012], "return": -2.241, "recovered": 0.782, "harmed": 0.0002, "seconds": 234.4}
BENCH = {
    "table": "policy", "time": "2026-11-24T17:00:00+00:00", "machine": {"cores": 2},
    "families": {"players": {"policy": PLAYER}, "by_fault": {"overload": {"policy": -1.744, "rules": -2.561}}},
    "forgetting": {"with memory": [{"before": 0.95, "after": 0.931, "second": 0.94, "lost": 0.02}]},
    "goals": [{"name": "harmed incidents", "met": False, "measured": "0.200%", "wanted": "<= 0.1%"}],
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """A run that was killed at step 300 and went on from 200."""
    for first, last, value in ((0, 400, 1.0), (200, 1000, 2.0)):
        logs = SummaryWriter(str(tmp_path / "logs"))
        for step in range(first, last, 100):
            logs.add_scalar("play/return", value, step)
        logs.close()
    return tmp_path


def test_what_was_logged_twice_counts_once(run):
    (curve,) = read_curves(run).values()
    assert curve.steps.tolist() == list(range(0, 1000, 100))
    assert curve.values.tolist() == [1.0, 1.0] + [2.0] * 8
    assert curve.end == 2.0


def test_the_smooth_line_does_not_lag_behind_a_run():
    steps = np.arange(250.0)
    climbing = Curve(steps, 2 * steps - 7)
    assert climbing.smooth[5:-5] == pytest.approx(climbing.values[5:-5])
    assert Curve(steps, np.full(250, 3.0)).smooth == pytest.approx(np.full(250, 3.0))


def test_the_card_holds_what_was_measured(run, tmp_path):
    bench, output, image = tmp_path / "bench.json", tmp_path / "card.md", tmp_path / "images" / "curves.png"
    bench.write_text(json.dumps(BENCH))
    done = report([f"--run={run}", f"--bench={bench}", f"--output={output}", f"--image={image}"])
    assert done == 0
    told = output.read_text()
    assert PolicyFile.load(SHIPPED).manifest.checksum in told
    assert "| policy | 0.973 ± 0.001 | -2.24 | 78.2% | 0.020% | 234 |" in told
    assert "| overload | -1.74 | -2.56 |" in told
    assert "| with memory | 0.950 | 0.931 | 2.0% | 0.940 |" in told
    assert "| harmed incidents | 0.200% | <= 0.1% | **no** |" in told
    assert "![training curves](images/curves.png)" in told
    assert all(cause.name in told for cause in read_causes())
    assert image.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_logs_and_a_file_that_is_no_result_are_told(run, tmp_path, capsys):
    with pytest.raises(BadData, match="no logs of a training run"):
        read_curves(tmp_path / "elsewhere")
    (tmp_path / "other.json").write_text("{}")
    assert report([f"--run={run}", f"--bench={tmp_path / 'other.json'}"]) == 2
    assert "is not a result of `python -m bench policy`" in capsys.readouterr().err
