"""A plan that is carried out in rounds: close the node, move some pods, wait until they are ready elsewhere, move the next.

Each round is in the record before anything of it is sent. A process that dies in the midst of one sends the same round again,
and the actor leaves alone what is gone or going already.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.attempt import Attempt
from planaria_operator.api.conditions import Status
from planaria_operator.api.drain import MOST_SAID, DrainRecord, HeldPod
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.guard.verdict import first_refusal
from planaria_operator.kube.errors import (
    Conflict,
    KubeError,
    Permanent,
    Temporary,
    TooManyRequests,
    throttled,
)
from planaria_operator.reconcile import rounds
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.cordons import STEADY
from planaria_operator.reconcile.delay import asked_again
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.sent import RETRY_SECONDS, applied, failed, not_sent, token
from planaria_operator.telemetry import metrics

ASK_AGAIN: Final = timedelta(seconds=15)
"""Until a budget, or a guard, that holds the next round is asked again."""


@dataclass(frozen=True, slots=True)
class _Held:
    """Why the next round does not begin now."""

    reason: Reason
    message: str
    until: datetime | None = None
    """When to look again; None for at once."""


async def drain(parts: Parts, case: Case, attempt: Attempt) -> Remediation:
    """One step of it. Every step begins from what the record says."""
    record = attempt.drain
    if record is None:
        return await _close(parts, case, attempt)
    if record.round and record.sent_at is None:
        return await _send(parts, case, attempt, record)
    if not rounds.following(attempt.plan, record):
        return await _ended(parts, case, attempt, record)
    if rounds.is_over(attempt.plan, parts.store, _steady(case), parts.clock()):
        return await _ended(parts, case, attempt, record, "the node is well again", calm=True)
    return await _next_round(parts, case, attempt, record)


async def _next_round(parts: Parts, case: Case, attempt: Attempt, record: DrainRecord) -> Remediation:
    """Begin it, or say what it waits for, or that it has waited long enough."""
    begun = rounds.next_round(parts.store, attempt.plan, record, parts.clock())
    held = _waits(parts, attempt, record) or _refused(parts, case, attempt, begun)
    if held is None:
        return await _begin(parts, case, attempt, begun)
    if parts.clock() < _limit(case, record):
        return await _hold(parts, case, record, held)
    # Of what a budget holds the pods that are left say so themselves.
    why = "" if held.reason is Reason.DISRUPTION_BUDGET else held.message
    return await _ended(parts, case, attempt, record, why)


def _waits(parts: Parts, attempt: Attempt, record: DrainRecord) -> _Held | None:
    """The pods of the last round are not ready elsewhere yet, or it is too soon to ask a budget again."""
    if short := rounds.not_ready(parts.store, record):
        return _Held(Reason.DRAINING, f"waits for {', '.join(short[:4])}")
    again = record.sent_at + ASK_AGAIN if record.sent_at and rounds.only_retries(record) else None
    if again is None or parts.clock() >= again:
        return None
    return _Held(Reason.DISRUPTION_BUDGET, f"left: {rounds.left(attempt.plan, record)}", again)


def _limit(case: Case, record: DrainRecord) -> datetime:
    """A drain goes on for as long as it gets on."""
    return record.progress_at + timedelta(seconds=case.policy.spec.verification.timeout_seconds)


def _steady(case: Case) -> timedelta:
    """No longer than it takes until the node is opened again, which would look like somebody else's doing."""
    return min(timedelta(seconds=case.policy.spec.verification.stable_for_seconds), STEADY)


# --- the steps


async def _close(parts: Parts, case: Case, attempt: Attempt) -> Remediation:
    """The cordon, before any pod is moved: else one could come back to the node."""
    try:
        await parts.actor.apply((rounds.cordon(attempt.plan),), token(case, attempt))
    except KubeError as error:
        return await not_sent(parts, case, attempt, error)
    record = rounds.closed(attempt.plan, parts.clock())
    status = case.status.with_attempt(attempt.model_copy(update={"drain": record}))
    message = f"{attempt.plan.target} is closed; {rounds.progress(record)}"
    status = status.with_condition("Executed", Status.UNKNOWN, Reason.DRAINING, message, now=parts.clock())
    return await commit(parts, case, status.model_copy(update={"next_check_at": None}))


async def _begin(parts: Parts, case: Case, attempt: Attempt, record: DrainRecord) -> Remediation:
    """Write the round down, then send it. One that only tries again what was held is not told."""
    again = attempt.drain is not None and rounds.only_retries(attempt.drain)
    attempt = attempt.model_copy(update={"drain": record})
    about = f"{attempt.plan.target}: {rounds.progress(record)}; evicts {rounds.names(record.pods)}"
    status = case.status.with_attempt(attempt).model_copy(update={"next_check_at": None})
    if again:
        remediation = await commit(parts, case, status)
    else:
        status = status.with_condition("Executed", Status.UNKNOWN, Reason.DRAINING, about, now=parts.clock())
        remediation = await commit(parts, case, status, Telling("act", Reason.DRAIN_ROUND, about))
    return await _send(parts, replace(case, remediation=remediation), attempt, record)


async def _send(parts: Parts, case: Case, attempt: Attempt, record: DrainRecord) -> Remediation:
    """The evictions of the round. Sending one again does nothing to a pod that is gone or going."""
    try:
        if not await parts.actor.keeps_cordon(rounds.cordon(attempt.plan)):
            return await _taken(parts, case, attempt, record)
        held = [each async for each in _evicted(parts, case, attempt, record)]
    except KubeError as error:
        # In the first round nothing is moved yet, so that the action may still be given up.
        if record.round == 1 or isinstance(error, Conflict) or not isinstance(error, Temporary):
            return await not_sent(parts, case, attempt, error)
        return await _not_now(parts, case, attempt, record, error)
    after = rounds.answered(record, held, parts.clock())
    status = case.status.with_attempt(attempt.model_copy(update={"drain": after}))
    return await commit(parts, case, status)


async def _evicted(parts: Parts, case: Case, attempt: Attempt, record: DrainRecord) -> AsyncIterator[HeldPod]:
    """Send them all; yields those that were refused. Raises for one that the whole action depends on."""
    for call in rounds.calls(attempt.plan, record):
        try:
            await parts.actor.apply((call.model_copy(update={"best_effort": False}),), token(case, attempt))
        except (Permanent, Conflict, TooManyRequests) as error:
            if throttled(error) or (record.round == 1 and not call.best_effort):
                raise
            yield HeldPod(
                pod=call.object, message=str(error)[:MOST_SAID], retried=isinstance(error, TooManyRequests)
            )


async def _not_now(
    parts: Parts, case: Case, attempt: Attempt, record: DrainRecord, error: Temporary
) -> Remediation:
    """The same round again soon, for as long as the drain has time."""
    now = parts.clock()
    if now >= _limit(case, record):
        return await _ended(parts, case, attempt, rounds.unsent(record), str(error))
    until = now + timedelta(seconds=RETRY_SECONDS)
    return await _hold(parts, case, record, _Held(Reason.API_UNAVAILABLE, str(error), until))


async def _taken(parts: Parts, case: Case, attempt: Attempt, record: DrainRecord) -> Remediation:
    """A person, or another tool, has the node now. Nothing more is moved, and the cordon is not set again."""
    why = f"{attempt.plan.target} was opened, or closed anew, by somebody else"
    if record.moved:
        return await _ended(parts, case, attempt, rounds.unsent(record), why)
    return await failed(parts, case, attempt, Reason.WORLD_CHANGED, Conflict(why))


async def _hold(parts: Parts, case: Case, record: DrainRecord, held: _Held) -> Remediation:
    """Nothing is sent now; the condition says why, and the timeline where it is more than the usual wait."""
    before, message = case.status.condition("Executed"), f"{rounds.progress(record)}; {held.message}"
    status = case.status.model_copy(update={"next_check_at": held.until})
    status = status.with_condition("Executed", Status.UNKNOWN, held.reason, message, now=parts.clock())
    usual = held.reason is Reason.DRAINING or (before and before.reason == held.reason.value)
    told = () if usual else (Telling("act", held.reason, message, warning=True),)
    return await commit(parts, case, status, *told)


async def _ended(
    parts: Parts, case: Case, attempt: Attempt, record: DrainRecord, why: str = "", *, calm: bool = False
) -> Remediation:
    """No more rounds. `why`: what ended it early; `calm` where that is nothing to worry about."""
    left = rounds.left(attempt.plan, record)
    # What the next round would have waited for is of no use any more, and a record has only so much room.
    attempt = attempt.model_copy(update={"drain": record.model_copy(update={"pods": (), "beside": ()})})
    rest = "; ".join(part for part in (left and f"left: {left}", why) if part)
    said = f"{rounds.progress(record)} in {record.round} rounds" + (f"; {rest}" if rest else "")
    parts.journal.passed(Station.ACT, case.key, action=attempt.plan.action.value)
    also = (Telling("act", Reason.DRAIN_STOPPED, said, warning=not calm),) if left else ()
    return await applied(parts, case, attempt, [said], also=also)


# --- the brakes


def _refused(parts: Parts, case: Case, attempt: Attempt, begun: DrainRecord) -> _Held | None:
    """Before every round but the first, for which they were asked a moment ago."""
    if begun.round == 1:
        return None
    calls = (rounds.cordon(attempt.plan), *rounds.calls(attempt.plan, begun))
    now = attempt.model_copy(update={"plan": attempt.plan.model_copy(update={"operations": calls})})
    refusal = first_refusal(asked_again(parts, case, now))
    if refusal is None:
        return None
    metrics.REFUSALS.labels(guard=refusal.guard, reason=refusal.reason.value).inc()
    wait = min(timedelta(seconds=refusal.retry_after), ASK_AGAIN)
    return _Held(refusal.reason, refusal.message, parts.clock() + wait)
