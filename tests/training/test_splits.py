"""What is held out is never trained on."""

import pytest
import yaml

from planaria_contract import Fault
from planaria_policy.semantics.corpus import CorpusError, Template, load
from planaria_policy.semantics.fill import masked
from planaria_policy.semantics.split import FILE, split


@pytest.fixture(scope="module")
def templates():
    return load()


@pytest.fixture(scope="module")
def parts(templates):
    return split(templates)


def sources(part):
    return {template.source for template in part}


def test_the_names_in_the_file_exist_and_stand_in_one_part_only(templates):
    held = yaml.safe_load(FILE.read_text())
    assert set(held) == {"calibration", "test"}
    assert set(held["calibration"]) | set(held["test"]) <= sources(templates)
    assert not set(held["calibration"]) & set(held["test"])
    assert all(len(names) == len(set(names)) for names in held.values())


def test_no_held_out_system_is_trained_on(parts):
    assert not sources(parts.train) & (sources(parts.calibration) | sources(parts.test))
    assert not sources(parts.calibration) & sources(parts.test)


def test_no_held_out_template_is_trained_on(parts):
    trained = {masked(template.text) for template in parts.train}
    for part in (parts.calibration, parts.test):
        assert not [t.text for t in part if masked(t.text) in trained]


def test_every_part_is_large_enough_to_be_measured(parts, templates):
    assert len(parts.train) > 0.6 * len(templates)
    for part in (parts.calibration, parts.test):
        assert len(part) > 200
        assert len({template.fault for template in part}) >= 14


def template(source, text):
    return Template(source, "f", "container_log", Fault.OVERLOAD, text, 2)


def test_a_template_that_training_has_too_is_dropped(tmp_path):
    file = tmp_path / "splits.yaml"
    file.write_text("calibration: [b]\ntest: [c]\n")
    found = split(
        [
            template("a", "full 1 <ip>"),
            template("b", "FULL 2 <host>"),
            template("b", "else"),
            template("c", "new"),
        ],
        file,
    )
    assert [t.text for t in found.train] == ["full 1 <ip>"]
    assert [t.text for t in found.calibration] == ["else"]
    assert [t.text for t in found.test] == ["new"]


def test_a_name_that_no_file_has_is_refused(tmp_path):
    file = tmp_path / "splits.yaml"
    file.write_text("calibration: [a]\ntest: [gone]\n")
    with pytest.raises(CorpusError, match="test names gone"):
        split([template("a", "x")], file)
