import math
from collections.abc import Iterator
from datetime import datetime

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.policy_status import Reservation
from planaria_operator.api.reasons import Reason
from planaria_operator.guard.budget import counted_in
from planaria_operator.guard.verdict import Proposal, Verdict
from planaria_operator.objects.store import ClusterStore


class Cooldown:
    """After one incident's action on a target, another incident leaves it alone for a while.

    The rungs of one incident do not wait for each other: verification already spaces them.
    """

    name = "cooldown"

    def check(self, proposal: Proposal) -> Verdict:
        wanted = proposal.policy.spec.guardrails.cooldown_seconds
        target = proposal.plan.target
        last = max(_actions_of_others(proposal), default=None)
        if last is None:
            return Verdict(self.name, True, Reason.ALLOWED, f"no other incident has acted on {target} lately")
        # An action stamped by a clock ahead of ours has only just happened.
        elapsed = max((proposal.now - last).total_seconds(), 0)
        message = f"{target} was acted on {elapsed:.0f} s ago for another incident; cooldown is {wanted} s"
        if elapsed >= wanted:
            return Verdict(self.name, True, Reason.ALLOWED, message)
        return Verdict(self.name, False, Reason.COOLDOWN, message, math.ceil(wanted - elapsed))


def _actions_of_others(proposal: Proposal) -> Iterator[datetime]:
    """From the budget's reservations, which survive a deleted record, and from the records, which outlast its window."""
    target, own = proposal.plan.target, proposal.remediation
    for reservation in proposal.policy.status.reservations:
        here = target.kind == "Node" or counted_in(reservation, proposal.policy) == proposal.namespace
        others = not reservation.is_of(own.name, own.uid)
        same = here and others and reservation.target == str(target)
        if same and not _called_off(proposal.store, reservation):
            yield reservation.time
    for other in proposal.store.remediations.values():
        if (other.namespace, other.name) == (own.namespace, own.name):
            continue
        for attempt in other.status.attempts:
            if attempt.applied_at and _same(attempt.plan.target, target):
                yield attempt.applied_at


def _called_off(store: ClusterStore, reservation: Reservation) -> bool:
    """Nothing of its attempt was sent, and nothing will be."""
    return any(
        attempt.queued and attempt.outcome is AttemptOutcome.SUPERSEDED
        for each in store.remediations.values()
        if (each.name, each.uid) == (reservation.remediation, reservation.uid)
        for attempt in each.status.attempts
        if attempt.number == reservation.attempt
    )


def _same(one: ObjectReference, other: ObjectReference) -> bool:
    """By name, not by uid: a target that was deleted and made anew is no safer to act on."""
    return (one.kind, one.namespace, one.name) == (other.kind, other.namespace, other.name)
