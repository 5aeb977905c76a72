"""From real records to a report: through the service's own recorder, a memory, and the shipped policy."""

from dataclasses import replace

import numpy as np
import pytest

from planaria_contract import Action, Decider, Escalate, Wait
from planaria_policy.evaluation.candidate import Candidate
from planaria_policy.evaluation.evaluate import evaluate
from planaria_policy.evaluation.verdict import Reason, passes
from planaria_policy.memory import Memory
from planaria_policy.serving.selftest import cases
from tests.policy_evaluation.recorded import drawn_incidents, record, shipped

COUNT = 68
"""Four times through the self-test's incidents."""


@pytest.fixture(scope="module")
def brain():
    return shipped()


def remembered(url):
    with Memory.open(url, create=False) as memory:
        return list(memory.trajectories())


@pytest.fixture
def url(tmp_path):
    return str(tmp_path / "memory.db")


@pytest.mark.parametrize("by", Decider)
async def test_a_policy_that_would_have_done_the_same_returns_what_was_recorded(url, brain, by):
    await record(url, brain, COUNT, by=by)
    known = remembered(url)
    report = evaluate(known, Candidate(brain), "rules" if by is Decider.RULES else "recorded")
    mean = float(np.mean([one.total for one in known]))
    (one,) = report.judged
    assert report.incidents == report.decisions == len(known) == COUNT
    assert (one.effective, one.weight.low, one.weight.high, one.cut) == (COUNT, 1, 1, 0)
    assert [each.value for each in (report.returns, one.wpdis)] == pytest.approx([mean, mean])
    assert [report.gain.wpdis.low, report.gain.wpdis.high] == pytest.approx([0, 0], abs=1e-9)
    assert one.wdr.value == pytest.approx(mean)
    assert report.verdict.reason is Reason.NO_CLEAR_DIFFERENCE
    assert passes(report.verdict, report.gain, 0.01)


async def test_what_nobody_tried_cannot_be_told(url, brain):
    await record(
        url,
        brain,
        COUNT,
        by=Decider.RULES,
        instead=lambda number: Escalate(reason="") if number % 4 == 0 else None,
    )
    report = evaluate(remembered(url), Candidate(brain))
    asked_a_person = sum(
        brain.decide([cases()[number % len(cases())].asked])[0].category is Action.ESCALATE
        for number in range(0, COUNT, 4)
    )
    assert report.judged[0].missing == pytest.approx((COUNT / 4 - asked_a_person) / COUNT)
    assert report.verdict.reason is Reason.SUPPORT_MISSING
    assert not report.verdict.enough
    assert not passes(report.verdict, report.gain, 1000)


async def test_the_length_of_a_wait_counts_only_where_the_fault_outlived_it(url, brain):
    """The record knows when the fault passed, not how long the wait was to last."""
    waits = [
        number for number, case in enumerate(cases()) if brain.decide([case.asked])[0].category is Action.NONE
    ]
    await record(
        url,
        brain,
        len(cases()),
        by=Decider.RULES,
        instead=lambda number: Wait(wait_seconds=1) if number in waits else None,
    )
    known = [one for one in remembered(url) if int(one.incident.rpartition("-")[2]) in waits]
    assert known
    longer = [_with_wait(one, 2) for one in known]
    assert evaluate(longer, Candidate(brain)).judged[0].missing == 0
    still_ill = [replace(one, recovered=False, terminated=False) for one in longer]
    assert evaluate(still_ill, Candidate(brain)).judged[0].missing == 1


def _with_wait(one, choice):
    rows = one.rows.copy()
    rows[-1, 1] = choice
    return replace(one, rows=rows)


def test_what_was_drawn_from_the_candidate_itself_returns_what_was_recorded(brain):
    known = drawn_incidents(brain, 300)
    report = evaluate(known, Candidate(brain, draws=True), source="simulator")
    assert report.judged[0].effective == pytest.approx(300, abs=0.01)
    assert report.judged[0].wpdis.value == pytest.approx(report.returns.value, abs=1e-4)
    assert report.verdict.enough


def test_the_likeliest_action_is_judged_by_the_draws_that_fell_on_it(brain):
    """Every incident's return is that of its category, so the truth is known: that of the likeliest."""
    known = drawn_incidents(brain, 1200)
    right = np.mean([-1 - list(Action).index(brain.decide([case.asked])[0].category) for case in cases()])
    report = evaluate(known, Candidate(brain), source="simulator")
    (one,) = report.judged
    assert one.wpdis.low <= right <= one.wpdis.high
    assert one.wdr.low <= right <= one.wdr.high
    assert one.effective < 1200
    assert one.weight.low <= 1 <= one.weight.high


def test_two_policies_are_compared_on_the_same_incidents(brain):
    known = drawn_incidents(brain, 300)
    served = Candidate(brain)
    report = evaluate(known, served, Candidate(brain), source="simulator")
    assert len(report.judged) == 2
    assert (report.gain.wdr.low, report.gain.wdr.high) == (0, 0)
    assert report.against == served.name


def test_what_the_policy_would_not_have_been_offered_it_does_not_choose(brain):
    """Joining makes legal what was done; the facts still say that it was not allowed."""
    (one,) = drawn_incidents(brain, 1)
    facts, legal = one.facts.copy(), {part: mask.copy() for part, mask in one.legal.items()}
    liked = list(Action).index(brain.decide([cases()[0].asked])[0].category)
    facts[:, -len(Action) + liked] = 0
    row = one.rows.copy()
    row[:] = 0
    row[0, 0] = liked
    (opinion,) = Candidate(brain).judge([replace(one, facts=facts, legal=legal, rows=row)])
    assert np.isneginf(opinion.log_probability).all()
