"""Whatever happens to an incident, and whatever the clock does: a ladder is climbed upwards only, and has an end."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.conditions import Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.ladder import MOST_ATTEMPTS
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import RemediationStatus, Stage
from planaria_operator.reconcile import ladder
from tests.builders import NOW, policy
from tests.guard.proposals import FRONT, attempt

RUNGS = st.lists(
    st.fixed_dictionaries(
        {
            "actions": st.sampled_from([["restart"], ["resize", "scale"], ["rollback"]]),
            "attempts": st.integers(1, 5),
            "timeout_seconds": st.integers(30, 3600),
        }
    ),
    min_size=1,
    max_size=8,
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["act", "off", "wait", "held", "nothing"]), st.integers(-600, 1200)),
    max_size=60,
)


def made_of(rungs: list[dict[str, Any]]) -> HealingPolicy:
    """Without what the API server refuses: more attempts than a record holds."""
    named, left = list[dict[str, Any]](), MOST_ATTEMPTS
    for number, rung in enumerate(rungs):
        if left:
            named.append({**rung, "name": f"r{number}", "attempts": min(rung["attempts"], left)})
            left -= named[-1]["attempts"]
    return policy(escalation={"ladder": named})


class Climber:
    """What `propose` does with the ladder, without everything else."""

    def __init__(self, under: HealingPolicy) -> None:
        self.under, self.status, self.now = under, RemediationStatus(), NOW
        self.places: list[int] = []
        self.person = False

    def step(self, what: str, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        place = ladder.standing(self.under, self.status, self.now)
        # Written down and read again, as by an operator that was restarted in between.
        kept = RemediationStatus.model_validate(self.status.model_copy(update={"rung": place}).to_body())
        self.status = kept
        while ladder.over(self.under, self.status, self.now) or what == "nothing":
            higher = ladder.above(self.under, self.status, self.now)
            if higher is None:
                self.person = True
                return
            self.status = self.status.model_copy(update={"rung": higher})
            what = "wait" if what == "nothing" else what
        assert self.status.rung is not None
        self.places.append(self.status.rung.number)
        assert 1 <= ladder.attempts_left(self.under, self.status) <= MOST_ATTEMPTS
        self.begin(what)

    def begin(self, what: str) -> None:
        if what in {"act", "off"}:
            outcome = AttemptOutcome.SUPERSEDED if what == "off" else AttemptOutcome.INEFFECTIVE
            begun = attempt(FRONT, self.now, len(self.status.attempts) + 1)
            self.status = self.status.with_attempt(begun.model_copy(update={"outcome": outcome}))
        executed = (Status.FALSE, Reason.PAUSED) if what == "held" else (Status.TRUE, Reason.ACTION_APPLIED)
        self.status = self.status.with_condition("Executed", *executed, "", now=self.now)
        stage = Stage.BLOCKED if what == "held" else Stage.WAITING
        self.status = self.status.model_copy(update={"stage": stage})


@settings(max_examples=300)
@given(RUNGS, STEPS)
def test_it_is_climbed_upwards_only_and_no_rung_has_more_attempts_than_it_may(
    rungs: list[dict[str, Any]], steps: list[tuple[str, int]]
):
    climber = Climber(made_of(rungs))
    for what, seconds in steps:
        climber.step(what, seconds)
        if climber.person:
            break
    assert climber.places == sorted(climber.places)
    assert len(climber.status.attempts) <= MOST_ATTEMPTS
    allowed = climber.under.spec.escalation.ladder
    assert ladder.made(climber.status) <= sum(rung.attempts for rung in allowed)


@settings(max_examples=200)
@given(RUNGS, STEPS)
def test_a_person_is_reached_in_the_time_of_all_rungs(
    rungs: list[dict[str, Any]], steps: list[tuple[str, int]]
):
    climber = Climber(made_of(rungs))
    for what, seconds in steps:
        if climber.person:
            return
        climber.step(what, seconds)
    whole = sum(rung.timeout_seconds for rung in climber.under.spec.escalation.ladder)
    begun = climber.now
    while not climber.person:
        assert climber.now <= begun + timedelta(seconds=whole + 60 * len(rungs)), climber.places
        climber.step("wait", 30)


@settings(max_examples=200)
@given(RUNGS, st.integers(0, 7200), st.integers(-7200, 7200))
def test_no_wait_outlasts_a_rung_and_none_lies_in_the_past(
    rungs: list[dict[str, Any]], asked: int, moved: int
):
    climber = Climber(made_of(rungs))
    climber.step("wait", 0)
    now = climber.now + timedelta(seconds=moved)
    until = ladder.no_later(climber.under, climber.status, now + timedelta(seconds=asked), now)
    assert until <= now + timedelta(seconds=asked)
    assert until >= now + timedelta(seconds=min(asked, 1))
