"""Cheap experiments are really run, and what is cut from their output carries their label."""

import pytest

from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Experiment
from planaria_policy.semantics.harvest.programs import python
from planaria_policy.semantics.harvest.redact import redact
from planaria_policy.semantics.harvest.windows import observations


def experiment(name):
    return next(one for one in python.PROGRAM.experiments if one.name == name)


def harvested(name, folder):
    one = experiment(name)
    with Bench(folder / "bench") as bench:
        return list(observations(one, redact(one.cause(bench), bench.folder, bench.shared)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("connect-refused-raw", "Connection refused"),
        ("environment-log", "DATABASE_URL"),
        ("receive-silent-short", "timed out"),
        ("memory-raw", "MemoryError"),
    ],
)
def test_a_fault_is_really_caused(tmp_path, name, said):
    texts = harvested(name, tmp_path)
    assert texts
    assert all(said in text for text in texts)
    assert not any(str(tmp_path) in text for text in texts)


def test_a_healthy_run_says_no_fault(tmp_path):
    texts = harvested("calm-jobs-log", tmp_path)
    assert any("failed=0" in text for text in texts)
    assert not any("Traceback" in text for text in texts)


def test_what_was_started_ends_with_the_bench(tmp_path):
    with Bench(tmp_path / "bench") as bench:
        running = bench.start(["sleep", "60"])
    assert running.process.poll() is not None
    assert not (tmp_path / "bench").exists()


def test_lines_that_differ_in_numbers_are_kept_once():
    one = Experiment("x", experiment("memory-raw").fault, 3, lambda _: "", signs="failed")
    output = "\n".join(f"job {number} failed after {number}0 ms" for number in range(50))
    texts = [text for text in observations(one, output) if "\n" not in text]
    assert len(texts) == 1


def test_an_output_without_the_sign_gives_nothing():
    assert list(observations(experiment("memory-raw"), "all is well\nstill well")) == []
