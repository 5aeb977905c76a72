"""Detected -> Understood: read the evidence and say what it means."""

from planaria_contract import Action, Observation, SemanticState
from planaria_operator.api.actions import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus, Stage
from planaria_operator.reconcile.case import Case, Parts, Telling, commit
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.ladder import standing
from planaria_operator.record.convert import semantic_record
from planaria_operator.telemetry import metrics


async def understand(parts: Parts, case: Case) -> Remediation:
    observation = await observe(parts, case)
    state = await parts.extractor.extract(observation)
    parts.journal.passed(Station.SEMANTICS, case.key, fault=state.fault.value, source=state.source.value)
    metrics.count_reading(state)
    record = semantic_record(state, observation)
    status = _without_recommendation(parts, case).model_copy(
        update={
            "stage": Stage.UNDERSTOOD,
            "semantic_state": record,
            "understood_at": parts.clock(),
            "rung": standing(case.policy, case.status, parts.clock()),
            "next_check_at": None,
        }
    )
    before = case.status.semantic_state
    tellings = opened(case)
    if before is None or (before.fault, before.component) != (record.fault, record.component):
        tellings.append(Telling("semantics", Reason.FAULT_UNDERSTOOD, _sentence(state)))
    remediation = await commit(parts, case, status, *tellings)
    parts.journal.passed(Station.UNDERSTOOD, case.key)
    return remediation


async def observe(parts: Parts, case: Case) -> Observation:
    """A fresh observation, remembered for the decision."""
    observation = await parts.collector.observe(
        case.policy, case.target, case.symptoms, case.remediation.name, case.now
    )
    parts.observations[case.key] = observation
    parts.journal.passed(
        Station.EVIDENCE, case.key, lines=len(observation.logs), missing=list(observation.missing)
    )
    return observation


def _without_recommendation(parts: Parts, case: Case) -> RemediationStatus:
    """Where the policy recommends nothing any more, what was recommended is withdrawn."""
    spec = case.policy.spec
    recommends = any(spec.mode_of(Action(entry.type)) is Mode.RECOMMEND for entry in spec.actions)
    return case.status if recommends else case.status.not_recommended(now=parts.clock())


def opened(case: Case) -> list[Telling]:
    """What opened the record, where nothing is said in it yet."""
    if case.status.timeline:
        return []
    first = case.remediation.spec.symptoms[0]
    message = f"{first.kind} on {first.subject}: {first.message}".rstrip(": ")
    return [Telling("detect", Reason.INCIDENT_OPENED, message, warning=True)]


def _sentence(state: SemanticState) -> str:
    sure = f"{state.confidence:.0%} sure, by {state.source.value}"
    return f"{state.fault.value} in {state.component} ({sure}): {state.summary}"
