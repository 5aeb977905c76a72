"""What is committed as harvested parses, is labelled with known classes, and says nothing about the machine it came from."""

import ipaddress
import json
import re
import socket
from collections import defaultdict

import pytest

from planaria_contract import CLASSES
from planaria_policy.semantics.harvest.__main__ import LARGEST, OUTPUT
from planaria_policy.semantics.harvest.catalogue import PROGRAMS
from planaria_policy.semantics.harvest.windows import LONGEST

FILES = sorted(OUTPUT.glob("*.jsonl"))
KEYS = {"id", "source", "kind", "fault", "severity", "text"}
ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
PRIVATE_PATHS = re.compile(r"/tmp/|(?<!internal)/work/|/root\b|/home/|planaria|harvest")


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_there_are_files():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_are_well_formed(path):
    assert path.stat().st_size <= LARGEST
    found = rows(path)
    assert len({row["id"] for row in found}) == len(found)
    for row in found:
        assert set(row) == KEYS
        assert row["source"] == path.stem
        assert row["fault"] in set(CLASSES)
        assert (row["severity"] == 0) == (row["fault"] == "healthy")
        assert 1 <= len(row["text"].split("\n")) <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_this_machine_is_not_named(path):
    host = re.compile(rf"(?<![\w./-]){re.escape(socket.gethostname())}(?![\w/:-])")
    for row in rows(path):
        assert not PRIVATE_PATHS.search(row["text"]), row["id"]
        assert not host.search(row["text"]), row["id"]
        for text in ADDRESS.findall(row["text"]):
            address = ipaddress.ip_address(text) if all(int(part) < 256 for part in text.split(".")) else None
            assert address is None or not address.is_global, row["id"]


def test_no_text_has_two_labels():
    labels = defaultdict(set)
    for path in FILES:
        for row in rows(path):
            labels[row["text"]].add(row["fault"])
    assert [text for text, found in labels.items() if len(found) > 1] == []


def test_a_third_is_healthy():
    found = [row["fault"] for path in FILES for row in rows(path)]
    assert found.count("healthy") * 3 >= len(found)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.source)
def test_experiments_are_well_formed(program):
    names = [experiment.name for experiment in program.experiments]
    assert len(set(names)) == len(names)
    for experiment in program.experiments:
        assert experiment.fault in CLASSES
        assert (experiment.severity == 0) == (experiment.fault == "healthy")
        assert bool(experiment.signs) == (experiment.fault != "healthy"), experiment.name
        re.compile(experiment.signs)
