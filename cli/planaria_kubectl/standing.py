"""How one Remediation stands, in words: what it waits for, and how it ended. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from planaria_kubectl.times import clock, since, span, until
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, Stage

OPERATOR: Final = "kubectl get pods -A -l app.kubernetes.io/name=planaria    (is the operator running?)"
"""The next step where it does not seem to be."""
OVERDUE: Final = timedelta(seconds=30)
"""An operator that runs looks again within a second or two of the time it named."""


def waits_for(remediation: Remediation, policy: HealingPolicy | None, now: datetime) -> str:
    """What has to happen before it goes on; empty once it is over. `policy` None where it was deleted."""
    status = remediation.status
    if status.finished:
        return ""
    if late := overdue(remediation, now):
        spec = remediation.spec
        also = "" if policy else f", and is {spec.policy_kind} {spec.policy} there"
        return f"the operator, which should have looked again {span(late.total_seconds())} ago: is it running{also}?"
    if _only_watched(remediation):
        return _to_stay_healthy(remediation, policy, now)
    if status.stage is Stage.VERIFYING:
        return _to_be_healthy(remediation, policy, now)
    looks = status.next_check_at if status.stage is not Stage.AWAITING else None  # an answer is heard at once
    again = f"; looks again in {until(looks, now)}" if looks else ""
    return f"{IN_STAGE[status.stage](remediation)}{again}"


def overdue(remediation: Remediation, now: datetime) -> timedelta | None:
    """How long ago it should have gone on, where that is too long ago for an operator that runs."""
    due = None if _only_watched(remediation) else remediation.status.next_check_at
    return now - due if due and not remediation.status.finished and now - due > OVERDUE else None


def _only_watched(remediation: Remediation) -> bool:
    """A target that is well: what was to be looked at again by then is not, for as long as it stays so."""
    status = remediation.status
    return status.healthy_since is not None and status.stage not in {Stage.ACTING, Stage.REVERTING}


def ending(remediation: Remediation) -> str:
    """The reason that closed it, such as Recovered; empty while it is open."""
    succeeded = remediation.status.condition("Succeeded")
    return succeeded.reason if succeeded and remediation.status.finished else ""


def action_of(remediation: Remediation) -> str:
    """What was done last, or what is meant to be done; empty before anything was decided."""
    status = remediation.status
    if status.attempt:
        return status.attempt.plan.action.value
    return status.decision.action.value if status.decision else ""


def awaits_approval(remediation: Remediation) -> bool:
    asked = remediation.status.open_proposal
    return asked is not None and asked.approved_at is None and not remediation.status.finished


def _to_stay_healthy(remediation: Remediation, policy: HealingPolicy | None, now: datetime) -> str:
    healthy = remediation.status.healthy_since
    assert healthy is not None, "only asked of what is healthy"
    if policy is None:
        return f"the target, healthy for {since(healthy, now)}, to stay so"
    settled = healthy + timedelta(seconds=policy.spec.verification.stable_for_seconds)
    return f"the target, healthy for {since(healthy, now)}, to stay so for {until(settled, now)} more"


def _to_be_healthy(remediation: Remediation, policy: HealingPolicy | None, now: datetime) -> str:
    attempt = remediation.status.attempt
    if policy is None or attempt is None or attempt.applied_at is None:
        return "the target to become healthy"
    then = "undone" if attempt.plan.inverse else "given up"  # nothing takes back a restart
    limit = attempt.applied_at + timedelta(seconds=policy.spec.verification.timeout_seconds)
    if limit < now:  # which a rollout, an autoscaler or `minReadySeconds` may put off, once
        return f"the target to become healthy; {then} soon where it does not"
    return f"the target to become healthy; {then} in {until(limit, now)} where it does not"


def _to_act(remediation: Remediation) -> str:
    executed = remediation.status.condition("Executed")
    if executed and executed.status != "True" and executed.reason != "AwaitingApproval":
        return f"{executed.reason}: {executed.message}"
    return "the API server to accept the plan"


def _to_pass(remediation: Remediation) -> str:
    executed = remediation.status.condition("Executed")
    return f"{executed.reason} to pass: {executed.message}" if executed else "what refuses to change its mind"


def _an_approval(remediation: Remediation) -> str:
    asked = remediation.status.proposal
    if asked is None:
        return "a person to approve"
    plan = asked.plan
    end = clock(asked.expires_at, asked.proposed_at)
    return f"a person to approve, until {end}, {plan.action.value} {plan.target}: {plan.summary}"


def _a_person(remediation: Remediation) -> str:
    succeeded = remediation.status.condition("Succeeded")
    return f"a person: {succeeded.message}" if succeeded else "a person"


def _explained(remediation: Remediation) -> str:
    decision = remediation.status.decision
    return decision.explanation if decision else "its time"


IN_STAGE: Final[Mapping[Stage, Callable[[Remediation], str]]] = {
    Stage.DETECTED: lambda _: "the evidence to be read",
    Stage.UNDERSTOOD: lambda _: "a decision",
    Stage.BLOCKED: _to_pass,
    Stage.WAITING: _explained,
    Stage.AWAITING: _an_approval,
    Stage.ACTING: _to_act,
    Stage.REVERTING: lambda _: "the action to be undone",
    Stage.ESCALATED: _a_person,
}
