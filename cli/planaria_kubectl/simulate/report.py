"""`simulate`, as data. Pure."""

from planaria_contract import Action, Decision
from planaria_kubectl.brakes import refusal
from planaria_kubectl.diff.report import OperationView
from planaria_kubectl.report import Report
from planaria_operator.api.base import ApiModel
from planaria_operator.api.decision import DecisionRecord, GuardRecord


class DryRun(ApiModel):
    accepted: bool | None = None
    """Unset where you may not ask."""
    message: str


class Rung(ApiModel):
    action: str
    target: str
    rule: str
    explanation: str


class SimulateReport(Report):
    target: str
    namespace: str = ""
    fault: str
    confidence_percent: int
    code: str
    """Stable: WouldAct, HeldBack, WouldBeRejected, WouldWait, WouldEscalate, NotSelected, NoSuchObject."""
    message: str
    policy: str = ""
    mode: str = ""
    affected: tuple[str, ...] = ()
    """Pods that show it."""
    supposed: bool = True
    """False where these pods really show something now."""
    decision: DecisionRecord | None = None
    summary: str = ""
    harm: str = ""
    digest: str = ""
    operations: tuple[OperationView, ...] = ()
    dry_run: DryRun | None = None
    guards: tuple[GuardRecord, ...] = ()
    ladder: tuple[Rung, ...] = ()
    """What would come next where each action did not help."""
    missing: tuple[str, ...] = ()
    """Evidence that could not be read."""
    notes: tuple[str, ...] = ()


def rung(decision: Decision) -> Rung:
    return Rung(
        action=decision.category.value,
        target=str(decision.target),
        rule=decision.rule,
        explanation=decision.explanation,
    )


def outcome(
    decision: Decision, summary: str, guards: tuple[GuardRecord, ...], dry_run: DryRun | None
) -> tuple[str, str]:
    """Code and sentence, as the operator would settle it: the API server speaks before the guards do."""
    does = f"{decision.category.value} {decision.target}: {summary}"
    if decision.category is Action.NONE:
        return "WouldWait", f"would look again later: {decision.explanation}"
    if decision.category is Action.ESCALATE:
        return "WouldEscalate", f"would hand over to a person: {decision.explanation}"
    if dry_run and dry_run.accepted is False:
        return "WouldBeRejected", f"would {does}, but {dry_run.message}"
    if held := refusal(guards):
        return "HeldBack", f"would {does}, but {held.guard} holds it back: {held.message}"
    return "WouldAct", f"would {does}"
