"""Equation 9: what stays where there are too many."""

import numpy as np
import pytest

from planaria_contract import Fault
from planaria_policy.memory import Rules
from planaria_policy.memory.index import KIND
from planaria_policy.memory.keeping import superfluous
from planaria_policy.memory.rules import USUAL


def rows(count, **columns):
    table = np.zeros(count, KIND)
    table["id"] = np.arange(1, count + 1)
    table["priority"] = 1
    table["total"] = np.linspace(0, 1, count)[::-1]  # the oldest did best: age alone would throw them out
    for name, values in columns.items():
        table[name] = values
    return table


def gone(table, keep, rules=USUAL):
    return set(superfluous(table, keep, rules).tolist())


def test_nothing_goes_while_there_is_room():
    assert gone(rows(10), 10) == set()


def test_the_best_returns_stay_and_the_oldest_of_the_rest_go():
    assert gone(rows(100), 75) == set(range(26, 51))


def test_failures_stay():
    failed = np.arange(100) % 2 == 1
    fine = [number for number in range(26, 101) if number % 2 == 1]  # neither failed nor in the top quarter
    assert gone(rows(100, failed=failed), 100 - len(fine)) == set(fine)


def test_high_priorities_stay_and_the_lowest_go_first():
    table = rows(100, total=0.0, priority=np.arange(100, 0, -1.0))
    assert gone(table, 90, Rules(reserve=0)) == set(range(91, 101))


def test_a_class_keeps_its_reserve_whatever_the_others_do():
    keep = len(Fault) * 50
    fault = np.zeros(keep + 100, np.int32)
    fault[:15] = 1  # the oldest
    table = rows(len(fault), fault=fault, total=0.0, priority=np.arange(len(fault)) + 1.0)
    assert int(USUAL.reserve * keep / len(Fault)) == 10
    left = gone(table, keep)
    assert len(left) == 100
    assert left & set(range(1, 16)) == set(range(1, 6))


def test_the_reserve_holds_the_newest_of_a_class_and_not_its_best():
    keep = len(Fault) * 50
    table = rows(keep + 100, total=0.0, failed=True)
    oldest = slice(20)
    table["fault"][oldest] = 1
    table["failed"][oldest] = False
    table["priority"][oldest] = np.linspace(0.9, 0.1, 20)  # the older, the better
    assert gone(table, keep) & set(range(1, 21)) == set(range(1, 11))


def test_a_class_within_its_reserve_still_gives_way_to_its_own():
    table = rows(200, fault=3, total=0.0, priority=np.arange(200) + 1.0)
    assert gone(table, 100) == set(range(1, 101))


def test_the_reserve_never_holds_more_than_there_is_room_for():
    table = rows(1000, fault=np.arange(1000) % 40)
    assert len(gone(table, 100, Rules(reserve=1.0))) == 900


@pytest.mark.parametrize("field", ["reserve", "quantile", "alpha"])
def test_rules_outside_their_range_are_refused(field):
    with pytest.raises(ValueError, match=field):
        Rules(**{field: 1.5})
    with pytest.raises(ValueError, match="floor"):
        Rules(floor=0)
