"""How far a limit is raised, for every limit and ratio."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.act.amounts import MIB, Name, raised, to_quantity, to_units, with_limit
from planaria_operator.objects.quantity import parse_quantity

names = st.sampled_from(["memory", "cpu"])
ratios = st.floats(1.0, 3.0)
percents = st.integers(100, 1000)


@given(names, st.integers(1, 2**42), ratios, percents)
def test_a_raise_stays_between_what_is_and_the_bound(name: Name, present: int, ratio: float, percent: int):
    after = raised(name, present, present, ratio=ratio, max_percent=percent)
    assert present <= after <= max(present, present * percent // 100)


@given(names, st.integers(1, 2**40), st.integers(1, 2**40), ratios, percents)
def test_the_bound_is_of_the_original_whatever_is_there_now(
    name: Name, present: int, original: int, ratio: float, percent: int
):
    after = raised(name, present, original, ratio=ratio, max_percent=percent)
    assert after == present or after * 100 <= original * percent


@given(st.integers(1, 2**40), ratios)
def test_raised_memory_is_in_whole_mebibytes(present: int, ratio: float):
    after = raised("memory", present, present, ratio=ratio, max_percent=1000)
    assert after == present or after % MIB == 0


@given(names, st.integers(1, 2**20))
def test_a_quantity_reads_back_as_what_was_written(name: Name, count: int):
    units = count * (MIB if name == "memory" else 1)
    assert to_units(name, to_quantity(name, units)) == units


@pytest.mark.parametrize(
    ("name", "units", "text"),
    [
        ("memory", 128 * MIB, "128Mi"),
        ("memory", 1024 * MIB, "1Gi"),
        ("memory", 1536 * MIB, "1536Mi"),
        ("cpu", 1000, "1"),
        ("cpu", 1500, "1500m"),
    ],
)
def test_quantities_are_written_as_the_api_server_stores_them(name: Name, units: int, text: str):
    assert to_quantity(name, units) == text


def test_a_request_that_equals_the_limit_moves_with_it_and_no_other_does():
    equal = {"limits": {"memory": "1Gi"}, "requests": {"memory": "1024Mi", "cpu": "10m"}}
    assert with_limit(equal, "memory", 2048 * MIB) == {
        "limits": {"memory": "2Gi"},
        "requests": {"memory": "2Gi", "cpu": "10m"},
    }
    lower = {"limits": {"memory": "1Gi"}, "requests": {"memory": "512Mi"}}
    assert with_limit(lower, "memory", 2048 * MIB)["requests"] == {"memory": "512Mi"}
    assert "requests" not in with_limit({"limits": {"memory": "1Gi"}}, "memory", 2048 * MIB)


@given(st.integers(1, 4096), st.integers(1, 4096), ratios)
def test_a_request_never_ends_above_its_limit(limit: int, request: int, ratio: float):
    low, high = sorted((limit, request))
    before = {"limits": {"memory": f"{high}Mi"}, "requests": {"memory": f"{low}Mi"}}
    after = with_limit(
        before, "memory", raised("memory", high * MIB, high * MIB, ratio=ratio, max_percent=300)
    )
    assert parse_quantity(after["requests"]["memory"]) <= parse_quantity(after["limits"]["memory"])
