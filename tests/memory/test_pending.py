"""Decisions of incidents that are not over: kept in order, durable, and bounded in number and age."""

import pytest

from planaria_policy.memory import Memory
from planaria_policy.memory.pending import LONGEST_SECONDS, Pending


@pytest.fixture
def memory(url):
    with Memory.open(url) as opened:
        yield opened


def test_steps_come_back_in_order_and_per_incident(memory, url):
    for number in range(3):
        memory.pending.add("one", b"%d" % number)
    memory.pending.add("other", b"x")
    with Memory.open(url) as replica:
        assert replica.pending.of("one") == [b"0", b"1", b"2"]
        replica.pending.drop("one")
    assert memory.pending.of("one") == []
    assert memory.pending.of("other") == [b"x"]
    assert len(memory.pending) == 1


def test_an_incident_without_end_keeps_its_first_and_its_newest_steps(memory):
    pending = Pending(memory._session, most_of_one=4)
    for number in range(9):
        pending.add("endless", b"%d" % number)
    assert pending.of("endless") == [b"0", b"6", b"7", b"8"]


def test_beyond_the_bound_the_oldest_of_all_go(memory):
    pending = Pending(memory._session, most=3)
    for number in range(5):
        pending.add(f"{number}", b"")
    assert [bool(pending.of(f"{number}")) for number in range(5)] == [False, False, True, True, True]


def test_what_nobody_will_report_on_any_more_goes(memory):
    memory.pending.add("old", b"", now=1000.0)
    memory.pending.add("young", b"", now=2000.0)
    memory.pending.add("now", b"", now=1001.0 + LONGEST_SECONDS)
    assert (memory.pending.of("old"), memory.pending.of("young")) == ([], [b""])
