"""The simulator's seconds are those of the real cluster: of the run whose extract is kept beside them."""

import json
from shutil import copy

import pytest
import yaml

from planaria_contract import Action
from planaria_policy.errors import BadData
from planaria_policy.simulator.calibrate import FACTOR, SCENARIO_SECONDS, apart, calibrate, fit
from planaria_policy.simulator.causes import shipped
from planaria_policy.simulator.recovery import KEPT, Recovery
from planaria_policy.simulator.rehearsal import CAUSES, simulate
from planaria_policy.simulator.rehearsal_plot import draw
from planaria_policy.simulator.times import MEASURED, read_times

ROWS = Recovery.read(KEPT).rows


@pytest.fixture
def times(tmp_path):
    return copy(MEASURED, tmp_path / "times.yaml")


def change(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def recovery(tmp_path, **changed):
    row = {"name": "lost-node", "actions": "migrate Node/n1", "applied": 4.0, "recovered": 9.0, "ok": True}
    body = {"time": "2026-11-23T19:50:09+00:00", "cores": 2, "rows": [row | changed]}
    path = tmp_path / "recovery.json"
    path.write_text(json.dumps(body))
    return path


def test_the_shipped_times_are_what_the_kept_run_gives():
    found, times = fit(ROWS), read_times()
    assert found.works == times.works
    assert found.notice == times.notice


def test_the_kept_run_has_every_scenario_that_the_simulator_has_a_cause_for():
    assert {row.name for row in ROWS if row.action} == set(CAUSES)
    assert set(CAUSES.values()) <= set(shipped().names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_scenario_takes_as_long_as_on_the_real_cluster(row):
    pair = simulate(row, read_times())
    assert not apart(row.recovered, pair.middle, SCENARIO_SECONDS), (row.recovered, pair)
    assert pair.low <= pair.middle <= pair.high
    assert pair.cured > 0.5


def test_the_bound_is_a_factor_or_seconds_whichever_is_more():
    assert not apart(1.0, 5.9, 5.0)
    assert apart(1.0, 6.1, 5.0)
    assert not apart(20.0, 20.0 * FACTOR, 5.0)
    assert apart(41.0, 20.0, 5.0)


def test_the_shipped_times_pass_the_check_and_nothing_is_written(times, capsys):
    before = times.read_text(), times.stat().st_mtime_ns
    assert calibrate(["--check", "--times", str(times)]) == 0
    assert (times.read_text(), times.stat().st_mtime_ns) == before
    assert "drifted" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  migrate: 1.3", "  migrate: 25.0", "migrate: measured 1.3 s"),
        ("  migrate: 1.3", "  migrate: 25.0", "migrate in lost-node"),
        ("  scale: 13.2", "  scale: 2.0", "scale: measured 13.2 s"),
        ("notice: 10.3", "notice: 40", "notice: measured 10.3 s"),
        ("  rollback: 0.1\n", "", None),
    ],
)
def test_a_changed_time_fails_the_check_and_is_named(times, capsys, old, new, named):
    change(times, old, new)
    assert calibrate(["--check", "--times", str(times)]) == (1 if named else 0)
    if named:
        assert named in capsys.readouterr().out


def test_a_fit_writes_only_what_was_measured(times, tmp_path):
    path = recovery(tmp_path)
    before = times.read_text()
    assert calibrate(["--recovery", str(path), "--times", str(times)]) == 0
    expected = before.replace("migrate: 1.3", "migrate: 5.0").replace("notice: 10.3", "notice: 4.0")
    assert times.read_text() == expected
    assert yaml.safe_load(expected)["works"]["restart"] == 2.8


def test_the_kept_times_come_from_the_kept_run_again(times):
    change(times, "  resize: 2.5", "  resize: 99.0")
    assert calibrate(["--times", str(times)]) == 0
    assert times.read_text() == MEASURED.read_text()


def test_several_runs_are_fitted_together(times, tmp_path):
    (tmp_path / "other").mkdir()
    slow, fast = recovery(tmp_path, recovered=24.0), recovery(tmp_path / "other", recovered=14.0)
    assert calibrate(["--recovery", str(slow), str(fast), "--times", str(times)]) == 0
    assert read_times(times).works[Action.MIGRATE] == 15.0


def test_what_is_kept_of_a_bench_result_reads_the_same(times, tmp_path):
    whole: dict[str, object] = {
        "table": "recovery",
        "time": "2026-11-23T19:50:09+00:00",
        "machine": {"cores": 2, "system": "x"},
    }
    rows = [row.model_dump(exclude={"ok"}) | {"alone": None, "harm": 0} for row in ROWS]
    whole |= {"rows": rows, "with_operator": [{"name": row.name, "ok": row.ok} for row in ROWS]}
    path, kept = tmp_path / "whole.json", tmp_path / "kept.json"
    path.write_text(json.dumps(whole))
    assert calibrate(["--recovery", str(path), "--times", str(times), "--keep", str(kept)]) == 0
    assert kept.read_text() == KEPT.read_text()


@pytest.mark.parametrize(
    "changed",
    [
        {"ok": False},
        {"applied": None},
        {"recovered": None},
        {"recovered": 3.0},
        {"actions": "none"},
        {"actions": "restart Deployment/a, migrate Node/n1"},
    ],
)
def test_a_row_that_tells_nothing_of_one_action_is_left_out(tmp_path, changed):
    with pytest.raises(BadData, match="nothing to fit"):
        fit(Recovery.read(recovery(tmp_path, **changed)).rows)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"applied": "soon"}, "rows.0.applied"),
        ({"recovered": -1}, "rows.0.recovered"),
        ({"recovered": float("nan")}, "rows.0.recovered"),
        ({"ok": None}, "rows.0.ok"),
        ({"actions": "dance Deployment/a"}, "rows.0.actions"),
        ({"actions": ""}, "rows.0.actions"),
        ({"ok": False}, "nothing to fit"),
    ],
)
def test_an_odd_row_is_refused_in_words(times, tmp_path, capsys, changed, told):
    path, before = recovery(tmp_path, **changed), times.read_text()
    assert calibrate(["--recovery", str(path), "--times", str(times)]) == 2
    said = capsys.readouterr().err.replace("\n", "")
    assert str(path) in said
    assert told in said
    assert times.read_text() == before


@pytest.mark.parametrize(
    "text",
    ["", "[", "[]", "{}", '{"time": "now", "cores": 2, "rows": []}', '{"with_operator": 1}', '{"with_operator": [1]}'],
)  # fmt: skip
def test_an_odd_file_is_refused_in_words(times, tmp_path, capsys, text):
    path = tmp_path / "odd.json"
    path.write_text(text)
    assert calibrate(["--recovery", str(path), "--times", str(times)]) == 2
    said = capsys.readouterr().err.replace("\n", "")
    assert str(path) in said
    assert "python -m bench recovery" in said


def test_a_missing_file_is_named(times, tmp_path, capsys):
    assert calibrate(["--recovery", str(tmp_path / "no.json"), "--times", str(times)]) == 2
    assert "no.json: cannot be read" in capsys.readouterr().err.replace("\n", "")
    assert calibrate(["--times", str(tmp_path / "no.yaml")]) == 2
    assert "no.yaml" in capsys.readouterr().err.replace("\n", "")


def test_times_that_are_not_written_as_a_block_are_left_alone(tmp_path, capsys):
    path = tmp_path / "times.yaml"
    path.write_text("works: {restart: 2}\nnotice: 1\nverify: 180\nperson: 900\n")
    assert calibrate(["--times", str(path)]) == 2
    assert "works" in capsys.readouterr().err
    assert path.read_text().startswith("works: {restart: 2}\n")


def test_one_run_is_kept_not_two():
    with pytest.raises(SystemExit) as ended:
        calibrate(["--recovery", str(KEPT), str(KEPT), "--keep"])
    assert ended.value.code == 2


def test_the_picture_is_drawn(tmp_path):
    out = tmp_path / "new" / "calibration.png"
    draw([simulate(ROWS[0], read_times(), incidents=50)], out, "measured here")
    assert out.read_bytes().startswith(b"\x89PNG")
