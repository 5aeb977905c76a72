"""What was really done after each consultation: the service's own steps beside the operator's report.

The policy's answer need not have been carried out. In shadow mode the rules acted; an answer can be refused when it is
planned, or held back by a guard. What was tried by the next consultation tells the difference: a wait that was decided is
counted there. Where neither an action nor a wait came of an answer nobody chose to do nothing, so such a step is no deed.
What it cost counts for the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from planaria_contract import Decider, Decision, Escalate, ObjectRef, Outcome, Wait
from planaria_contract.actions import Parameters
from planaria_policy.recording.step import Step

LONGEST_WAIT: Final = 3600


@dataclass(frozen=True, eq=False)
class Deed:
    """What followed one consultation."""

    step: Step
    parameters: Parameters
    target: ObjectRef
    by_network: bool
    """The network's own answer was carried out."""
    others: tuple[Parameters, ...]
    """What else was done before the next consultation, without asking the network."""
    lost_seconds: float
    """Of full outage until the next consultation or the end, and while answers before this one were held back."""


def deeds(steps: Sequence[Step], outcome: Outcome) -> list[Deed]:
    """In order of time; at least one where there is a step: of the last one it is not known whether it was held back."""
    ordered = sorted(steps, key=lambda step: step.about.at)
    first = ordered[0].about
    end = max(ordered[-1].about.at, first.visible + outcome.seconds)
    found, held = [], 0.0
    for number, step in enumerate(ordered):
        later = ordered[number + 1] if number + 1 < len(ordered) else None
        seconds = (later.about.at if later else end) - step.about.at
        lost = held + seconds * step.share
        done = _done(step, later, outcome)
        if later and not done and later.about.waits == step.about.waits:
            held = lost
            continue
        found.append(_deed(step, done, outcome, seconds, lost=lost, last=later is None))
        held = 0.0
    return found


def _done(step: Step, later: Step | None, outcome: Outcome) -> list[Decision]:
    """The actions between two consultations, or up to the end. The n-th that was tried is the n-th of the report."""
    upto = later.about.actions if later else len(outcome.attempts)
    return [attempt.decision for attempt in outcome.attempts[step.about.actions : upto]]


def _deed(
    step: Step, done: list[Decision], outcome: Outcome, seconds: float, *, lost: float, last: bool
) -> Deed:
    if done:
        others = tuple(decision.parameters for decision in done[1:])
        if last and outcome.escalated:  # handed over without asking once more
            others = (*others, Escalate(reason=""))
        by_network = done[0].decided_by is Decider.PPO
        return Deed(step, done[0].parameters, done[0].target, by_network, others, lost)
    # Nobody reports who decided to wait or to hand over; who acted in this incident did.
    by_network = any(each.decision.decided_by is Decider.PPO for each in outcome.attempts)
    if last and outcome.escalated:
        return Deed(step, Escalate(reason=""), step.about.own, by_network, (), lost)
    wait = Wait(wait_seconds=min(max(round(seconds), 1), LONGEST_WAIT))
    return Deed(step, wait, step.about.own, by_network, (), lost)
