from datetime import UTC, datetime, timedelta

from planaria_operator.telemetry.checks import in_contact, synced, ticked

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_a_reconcile_loop_that_comes_round_is_alive_and_a_stuck_one_is_not():
    assert ticked(ago(29), ago(999), NOW).ok
    stuck = ticked(ago(31), ago(999), NOW)
    assert not stuck.ok
    assert stuck.message == "last tick 31 s ago, at most 30 s allowed"


def test_before_its_first_tick_the_loop_has_as_long_since_the_start():
    assert ticked(None, ago(10), NOW).ok
    assert not ticked(None, ago(31), NOW).ok


def test_the_youngest_sign_of_life_counts():
    assert in_contact(ago(500), ago(3), now=NOW).ok
    assert in_contact(None, ago(44), now=NOW).ok
    assert not in_contact(ago(46), None, now=NOW).ok
    silent = in_contact(None, None, now=NOW)
    assert (silent.ok, silent.message) == (False, "the API server has not answered yet")


def test_an_incomplete_store_says_so():
    assert synced(store_is_complete=True).ok
    assert not synced(store_is_complete=False).ok
