"""What did not help, in this incident and before it: nobody proposes it again."""

from planaria_contract import Action, Decision
from planaria_operator.act.builder import Refusal
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.decider import Tried
from planaria_operator.decide.signature import place_of, signature
from planaria_operator.guard.ledger import useless
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.record.convert import decision as stored_decision


def tried(case: Case) -> tuple[Tried, ...]:
    """What did not help in this incident, and how often it was waited."""
    useless = {AttemptOutcome.INEFFECTIVE, AttemptOutcome.FAILED}
    actions = tuple(
        Tried(done.category.value, signature(done), done.parameters)
        for done in (
            stored_decision(attempt.decision)
            for attempt in case.status.attempts
            if attempt.outcome in useless
        )
    )
    return actions + (Tried(Action.NONE.value, Action.NONE.value),) * case.status.waits


def tried_before(parts: Parts, case: Case) -> tuple[Tried, ...]:
    """What did not help on the same target in earlier incidents: the guard would refuse it, so something else is sought."""
    place = place_of(case.target)
    known = useless(parts.store, case.policy, parts.clock(), besides=case.remediation)
    parts_of = (signed.split(" ") for signed in sorted(known))
    return tuple(Tried(words[0], " ".join(words)) for words in parts_of if words[1:2] == [place])


def tried_in_vain(parts: Parts, case: Case, decision: Decision) -> Refusal | None:
    """A decider that proposes again what did not help is asked for something else; in one incident for good."""
    wanted = signature(decision)
    if wanted in _ineffective_here(case):
        return Refusal(Reason.ALREADY_TRIED, f"did not help in {case.remediation.name}: {wanted}")
    known = useless(parts.store, case.policy, parts.clock()).get(wanted)
    if known is None:
        return None
    return Refusal(Reason.INEFFECTIVE_BEFORE, f"did not help in {known.remediation}: {known.action}")


def _ineffective_here(case: Case) -> set[str]:
    """By signature, from the record itself: guardrails.repeatWindowSeconds is about other incidents."""
    return {
        signature(stored_decision(attempt.decision))
        for attempt in case.status.attempts
        if attempt.outcome is AttemptOutcome.INEFFECTIVE
    }
