"""What did not help is remembered: against repetition, and until so much of it opens the breaker."""

from typing import Any

import pytest

from planaria_contract import Resize, Restart, Rollback
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.policy_status import BreakerStatus, Failure, HealingPolicyStatus
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.decide.signature import signature
from planaria_operator.guard.breaker import Breaker, turned
from planaria_operator.guard.ledger import failures, useless
from planaria_operator.guard.repeat import NoRepetition
from planaria_operator.record.convert import decision_record
from tests.builders import NOW, ago, decision, policy, store
from tests.guard.proposals import FRONT, attempt, proposal, remediation

RESTART = decision(Restart(pods=("front-0",)))
INEFFECTIVE, FAILED = AttemptOutcome.INEFFECTIVE, AttemptOutcome.FAILED


def tried(
    name: str = "front-0", outcome: AttemptOutcome = INEFFECTIVE, done: Any = RESTART, seconds: float = 600
) -> Remediation:
    over = attempt(FRONT, ago(seconds + 60)).model_copy(
        update={"decision": decision_record(done), "outcome": outcome, "finished_at": ago(seconds)}
    )
    return remediation(name=name, finished=True, attempts=(over,))


def world(*records: Remediation):
    filled = store(FRONT)
    for each in records:
        filled.put_remediation(each)
    return filled


def remembering(*records: Remediation, **spec: Any):
    """A policy that has written down what these records say, and outlives them."""
    made = policy(**spec)
    status = HealingPolicyStatus(failures=failures(world(*records), made, NOW))
    return made.model_copy(update={"status": status})


# --- the ledger


def test_each_failure_is_known_once_from_the_record_and_from_the_status():
    record = tried()
    under = remembering(record)
    assert len(failures(world(record), under, NOW)) == 1
    (known,) = failures(world(), under, NOW)
    assert (known.remediation, known.action) == ("front-0", signature(RESTART))


def test_what_failed_under_a_namesake_that_is_gone_is_not_the_policys():
    old = tried().model_copy(update={"policy_uid": "uid-before"})
    assert failures(world(old), policy(), NOW) == ()
    own = old.model_copy(update={"policy_uid": policy().uid})
    assert len(failures(world(own), policy(), NOW)) == 1


@pytest.mark.parametrize(
    "outcome", [AttemptOutcome.RECOVERED, AttemptOutcome.SUPERSEDED, AttemptOutcome.PENDING]
)
def test_what_helped_or_was_never_sent_is_no_failure(outcome: AttemptOutcome):
    assert failures(world(tried(outcome=outcome)), policy(), NOW) == ()


def test_what_no_window_looks_at_is_forgotten():
    rails = {"repeat_window_seconds": 60, "breaker": {"window_seconds": 3600}}
    old = tried(seconds=3601)
    assert failures(world(old), policy(guardrails=rails), NOW) == ()
    assert len(failures(world(old), policy(), NOW)) == 1, "four hours are the default"


def test_a_decision_that_cannot_be_read_any_more_still_counts():
    done = tried().status.attempts[0]
    odd = done.model_copy(update={"decision": done.decision.model_copy(update={"decided_by": "nobody"})})
    (known,) = failures(world(remediation(name="x", attempts=(odd,))), policy(), NOW)
    assert known.action == "scale Deployment/front", "by its plan"


# --- repetition


def repeated(done: Any = RESTART, *records: Remediation, **spec: Any):
    return NoRepetition().check(proposal(decision=done, world=world(*records), under=policy(**spec)))


def test_what_did_not_help_is_not_done_again_whatever_the_pods_are_called():
    again = decision(Restart(pods=("front-7",)))
    verdict = repeated(again, tried())
    assert (verdict.allowed, verdict.reason, verdict.retry_after) == (False, Reason.INEFFECTIVE_BEFORE, 300)
    assert verdict.message == "did not help in front-0: restart Deployment/shop/front scope=pod"


def test_another_action_or_the_same_with_other_parameters_may_be_done():
    more, most = (decision(Resize(resource="memory", ratio=ratio)) for ratio in (2.0, 3.0))
    assert repeated(decision(Rollback(revision="1")), tried()).allowed
    assert repeated(most, tried(done=more)).allowed
    assert not repeated(more, tried(done=more)).allowed


def test_an_action_that_could_not_be_carried_out_has_proved_nothing():
    assert repeated(RESTART, tried(outcome=FAILED)).allowed


def test_it_is_forgotten_after_the_window_and_never_remembered_without_one():
    rails = {"repeat_window_seconds": 600}
    assert repeated(RESTART, tried(seconds=600), guardrails=rails).allowed
    assert repeated(RESTART, tried(seconds=599), guardrails=rails).retry_after == 1
    assert repeated(RESTART, tried(), guardrails={"repeat_window_seconds": 0}).allowed


def test_it_is_remembered_where_the_record_is_gone():
    verdict = NoRepetition().check(proposal(decision=RESTART, under=remembering(tried())))
    assert verdict.reason is Reason.INEFFECTIVE_BEFORE


def test_the_tries_of_the_incident_itself_are_its_own_affair():
    own = tried("front-1")
    known = useless(world(own, tried("front-0")), policy(), NOW, besides=own)
    assert [each.remediation for each in known.values()] == ["front-0"]


# --- the breaker


def failed(count: int, **fields: Any) -> list[Remediation]:
    return [tried(f"front-{index}x", **fields) for index in range(count)]


def broken(*records: Remediation, status: BreakerStatus | None = None):
    made = policy()
    if status:
        made = made.model_copy(update={"status": HealingPolicyStatus(breaker=status)})
    return Breaker().check(proposal(world=world(*records), under=made))


def test_so_many_failures_open_it():
    assert broken(*failed(4)).allowed
    verdict = broken(*failed(5))
    assert (verdict.allowed, verdict.reason) == (False, Reason.BREAKER_OPEN)
    assert broken(*failed(5, seconds=3600)).allowed, "they are too long ago"


def test_several_rungs_of_one_remediation_are_one_failure():
    one = tried()
    rungs = tuple(one.status.attempts[0].model_copy(update={"number": n}) for n in range(1, 8))
    assert broken(remediation(name="front-0", attempts=rungs)).allowed


def helped_later(name: str) -> Remediation:
    first = tried(name).status.attempts[0]
    second = first.model_copy(update={"number": 2, "outcome": AttemptOutcome.RECOVERED})
    return remediation(name=name, finished=True, attempts=(first, second))


def test_a_remediation_that_a_later_attempt_healed_is_no_failure_of_healing():
    assert broken(*failed(4), *(helped_later(f"later-{n}") for n in range(9))).allowed
    assert not broken(*failed(5), helped_later("later")).allowed


def test_that_it_was_healed_is_known_where_the_record_is_gone():
    under = remembering(*(helped_later(f"later-{n}") for n in range(9)))
    assert Breaker().check(proposal(under=under)).allowed


def test_until_then_it_counts_and_what_was_written_down_is_put_right():
    under = remembering(*failed(5))
    healed = tuple(helped_later(f"front-{index}x") for index in range(5))
    assert not Breaker().check(proposal(under=under)).allowed
    assert Breaker().check(proposal(world=world(*healed), under=under)).allowed


def test_what_did_not_help_is_not_repeated_though_something_else_did():
    assert repeated(RESTART, helped_later("front-0")).reason is Reason.INEFFECTIVE_BEFORE


def test_once_open_it_stays_open_though_the_failures_grow_old():
    assert not broken(status=BreakerStatus(opened_at=ago(99999), observed_reset="")).allowed


def moved(known: BreakerStatus, reset: str, count: int = 0) -> BreakerStatus:
    made = policy(guardrails={"breaker": {"reset": reset}})
    made = made.model_copy(update={"status": HealingPolicyStatus(breaker=known)})
    return turned(made, failures(world(*failed(count)), made, NOW), NOW)


def test_it_opens_by_itself_and_is_closed_by_a_new_word_only():
    opened = moved(BreakerStatus(observed_reset="a"), "a", 5)
    assert opened.opened_at == NOW
    assert moved(opened, "a", 5) == opened
    closed = moved(opened, "b", 5)
    assert (closed.opened_at, closed.closed_at, closed.observed_reset) == (None, NOW, "b")
    assert moved(closed, "b", 5) == closed, "what failed before is behind it"


def test_a_policy_that_is_seen_for_the_first_time_closes_nothing():
    assert moved(BreakerStatus(opened_at=ago(60)), "a").opened_at == ago(60)


def test_a_new_word_for_a_closed_breaker_is_only_noted():
    assert moved(BreakerStatus(observed_reset="a"), "b") == BreakerStatus(observed_reset="b")


def test_a_failure_stamped_by_a_clock_ahead_of_ours_is_behind_it_too():
    made = policy(guardrails={"breaker": {"reset": "b", "failures": 1}})
    late = Failure(remediation="x", attempt=1, action="restart", outcome=FAILED, time=ago(-500))
    known = BreakerStatus(opened_at=ago(1), observed_reset="a")
    made = made.model_copy(update={"status": HealingPolicyStatus(failures=(late,), breaker=known)})
    assert turned(made, (late,), NOW).closed_at == ago(-500)
