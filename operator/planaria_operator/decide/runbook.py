"""The rules decider. It needs no model, explains itself in words, and is what is left when everything cleverer is away."""

from collections.abc import Iterator
from typing import Final

from planaria_contract import Action, Decider, Decision, Escalate, Fault, Mask, ModelVersion, WorkloadFact
from planaria_contract.actions import Parameters
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.facts import Facts
from planaria_operator.decide.masks import merged, situation_masks
from planaria_operator.decide.ownership import masked, ownership_masks
from planaria_operator.decide.rungs import (
    HESITATE,
    ISOLATE,
    MIGRATE,
    RAISE_CPU,
    RELOAD,
    RESTART_AFFECTED,
    RESTART_ALL,
    RESTART_LEAKING,
    RESTART_ONLY_ONE,
    RESTORE_DEPENDENCY,
    ROLLBACK,
    ROLLBACK_COMPARED,
    ROLLBACK_STUCK,
    SCALE_UP,
    WAIT_FOR_NODE,
    Rung,
    raise_memory,
    wait,
    wait_for_dependency,
)
from planaria_operator.decide.signature import signature

MODEL: Final = ModelVersion(id="runbook", version="1")

RUNBOOK: Final[dict[Fault, tuple[Rung, ...]]] = {
    Fault.MEMORY_EXHAUSTION: (ROLLBACK_COMPARED, RESTART_LEAKING, raise_memory(2.0), raise_memory(3.0)),
    Fault.APPLICATION_CRASH: (ROLLBACK, RESTART_AFFECTED, RESTART_ALL),
    Fault.BAD_CONFIGURATION: (ROLLBACK, RELOAD),
    Fault.IMAGE_PULL: (ROLLBACK, wait(60, "the registry may come back", times=2)),
    Fault.HANG_OR_PROBE_FAILURE: (ROLLBACK_STUCK, RESTART_AFFECTED, ROLLBACK, RESTART_ALL),
    Fault.DEPENDENCY_UNAVAILABLE: (
        RESTORE_DEPENDENCY,
        wait_for_dependency(60, times=2),
        wait_for_dependency(180, times=3),
    ),
    Fault.OVERLOAD: (SCALE_UP, RAISE_CPU),
    Fault.CPU_SATURATION: (SCALE_UP, RAISE_CPU),
    Fault.NODE_FAULT: (MIGRATE, ISOLATE, WAIT_FOR_NODE),
    Fault.SCHEDULING_BLOCKED: (
        wait(60, "room may come free", times=1),
        wait(180, "a node may be added", times=2),
    ),
    Fault.STORAGE_FAULT: (wait(60, "the volume may be attached late", times=2),),
    Fault.NETWORK_FAULT: (
        wait(30, "the network may recover", times=1),
        wait(60, "the network may recover", times=3),
    ),
    Fault.ACCELERATOR_FAULT: (wait(60, "the device plugin may recover the device", times=1), ISOLATE),
    Fault.ACCELERATOR_MEMORY: (RESTART_ONLY_ONE, ISOLATE),
    Fault.AUTH_OR_CERTIFICATE: (RELOAD,),  # a restart presents the same expired certificate once more
    Fault.UNKNOWN: (wait(60, "the fault is not recognised", times=1), RESTART_ONLY_ONE),
    Fault.HEALTHY: (wait(60, "nothing is wrong that could be named", times=10_000),),
}
"""For each fault its rungs, in the order in which they are tried. After the last one a person takes over."""


NEVER_IN_QUESTION: Final = frozenset(
    {
        Reason.UNSUPPORTED_TARGET,
        Reason.CLUSTER_POLICY_ONLY,
        Reason.NO_COMMAND_DECLARED,
        Reason.WORKLOAD_SYMPTOM,
    }
)
"""Masks that nobody would have expected otherwise; they are in the record, but not in the sentence."""


class Runbook:
    """The first rung that fits, is not masked, and has not been tried in this incident; else a person."""

    async def decide(self, situation: Situation) -> Decision:
        facts = Facts(situation)
        if situation.attempts_left <= 0:
            return _escalation(facts, f"all {facts.actions} allowed attempts are used up")
        for rung in ladder(situation.state.fault):
            if rung.when(facts) and (decision := _usable(facts, rung)):
                return decision
        return _escalation(facts, _why_nothing_is_left(facts))


def ladder(fault: Fault) -> tuple[Rung, ...]:
    return (HESITATE, *RUNBOOK[fault])


def _usable(facts: Facts, rung: Rung) -> Decision | None:
    parameters = rung.parameters(facts)
    masks = _masks(facts, rung.workload(facts))
    hard = (mask for mask in masks if mask.reason != Reason.ALREADY_TRIED)
    if any(mask.category is parameters.category for mask in hard):
        return None
    state = facts.situation.state
    decision = _decision(
        facts,
        rung=rung,
        parameters=parameters,
        masks=masks,
        explanation=f"{state.fault.value} ({state.confidence:.0%} sure): {rung.because(facts)}",
    )
    waiting = parameters.category is Action.NONE  # waiting is bounded by its count, not by having been tried
    tried = {each.signature for each in facts.situation.tried}
    return decision if waiting or signature(decision) not in tried else None


def _escalation(facts: Facts, why: str) -> Decision:
    reason = f"{facts.situation.state.fault.value}: {why}"[:280]
    masks = _masks(facts, facts.workload)
    return _decision(facts, rung=None, parameters=Escalate(reason=reason), masks=masks, explanation=reason)


def _masks(facts: Facts, workload: WorkloadFact | None) -> tuple[Mask, ...]:
    situation = facts.situation
    of_situation = situation_masks(situation.observation, workload, situation.liberties)
    return merged(situation.masks, of_situation, _tried_masks(facts))


def _decision(
    facts: Facts, *, rung: Rung | None, parameters: Parameters, masks: tuple[Mask, ...], explanation: str
) -> Decision:
    chosen = parameters.category
    return Decision(
        parameters=parameters,
        target=rung.on(facts) if rung else facts.target,
        rule=rung.name if rung else "escalate",
        explanation=explanation[:280],
        # A rule does not weigh: what it chooses has all the probability.
        probabilities={action: float(action is chosen) for action in Action},
        masks=tuple(mask for mask in masks if mask.category is not chosen),
        decided_by=Decider.RULES,
        model=MODEL,
    )


def _tried_masks(facts: Facts) -> Iterator[Mask]:
    for tried in facts.situation.tried:
        if tried.action != Action.NONE.value:
            yield masked(Action(tried.action), Reason.ALREADY_TRIED, f"did not help: {tried.signature}")


def _why_nothing_is_left(facts: Facts) -> str:
    tried = [
        each.signature.split(" ", maxsplit=1)[0] for each in facts.situation.tried if each.action != "none"
    ]
    workload, liberties = facts.workload, facts.situation.liberties
    owned = ownership_masks(workload, liberties) if workload else ()
    refused = [
        f"{mask.category.value} ({mask.reason})"
        for mask in merged(facts.situation.masks, owned)
        if mask.reason not in NEVER_IN_QUESTION
    ]
    parts = ["no rule fits that was not tried or ruled out"]
    if tried:
        parts.append(f"tried {', '.join(tried)}")
    if facts.waits:
        parts.append(f"waited {facts.waits} times")
    if refused:
        parts.append(f"ruled out {', '.join(refused)}")
    return "; ".join(parts)
