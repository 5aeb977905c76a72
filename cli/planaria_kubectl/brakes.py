"""The guards, asked about something that nobody is about to do."""

from datetime import datetime
from typing import Final

from planaria_contract import Action, Decision, Fault, ObjectRef
from planaria_operator.api.actions import AllowedAction, Mode
from planaria_operator.api.decision import DecisionRecord, GuardRecord, ParametersRecord, SemanticRecord
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus, Stage
from planaria_operator.detect.detector import detect
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.verdict import Proposal
from planaria_operator.guard.weather import Weather, weather
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.convert import decision as read_decision
from planaria_operator.record.convert import object_reference
from planaria_operator.settings import Settings

NAME: Final = "simulated"
"""Of the Remediation that does not exist. No real one is called so: theirs end in a hash."""
OF_ONE_ACTION: Final = frozenset({"repeat"})
"""Guards whose refusal is about what was done before, and not about something else on the same target."""


def supposed_state(target: ObjectRef, fault: Fault, confidence: int) -> SemanticRecord:
    """What would stand in the record; `confidence` in percent."""
    return SemanticRecord(
        fault=fault,
        component=str(target)[:253],
        severity=2,
        confidence_percent=confidence,
        summary=f"supposed to be {fault.value}",
        source="rules",
        model=f"{NAME}@1",
    )


def imagined(
    policy: HealingPolicy,
    target: ObjectRef,
    now: datetime,
    *,
    state: SemanticRecord,
    decision: DecisionRecord,
) -> Remediation:
    """The Remediation of a fault that has just begun, as it stands when the guards are asked."""
    spec = RemediationSpec(
        policy=policy.name,
        policy_kind=policy.kind,
        target=object_reference(target),
        incident=NAME,
        visible_at=now,
    )
    status = RemediationStatus(
        stage=Stage.UNDERSTOOD, semantic_state=state, decision=decision, understood_at=now
    )
    namespace = target.namespace or policy.namespace or Settings().own_namespace
    return Remediation(name=NAME, namespace=namespace, spec=spec, status=status)


def decided(remediation: Remediation) -> Decision:
    """As the guards read it. Raises LookupError where nothing was decided."""
    if remediation.status.decision is None:
        raise LookupError(f"{remediation.name} has no decision")
    return read_decision(remediation.status.decision)


def verdicts(
    store: ClusterStore,
    policy: HealingPolicy,
    remediation: Remediation,
    plan: Plan,
    now: datetime,
    sky: Weather,
) -> tuple[GuardRecord, ...]:
    """Of every guard, in order."""
    proposal = Proposal(
        remediation=remediation,
        decision=decided(remediation),
        plan=plan,
        policy=policy,
        store=store,
        now=now,
        protected_namespaces=store.protected,
        weather=sky,
    )
    return tuple(
        GuardRecord(
            guard=each.guard, allowed=each.allowed, reason=each.reason.value, message=each.message[:1024]
        )
        for each in check_all(proposal)
    )


def verdicts_on_anything(
    store: ClusterStore, policy: HealingPolicy, target: ObjectRef, now: datetime
) -> tuple[GuardRecord, ...]:
    """What the guards would say to an action on the target itself, were its fault as sure as can be.

    Some could say otherwise of a real plan, which may be larger or act on something else.
    """
    about = object_reference(target)
    decision = DecisionRecord(
        action=Action.RESTART,
        target=about,
        parameters=ParametersRecord(scope="workload"),
        decided_by="rules",
        model=f"{NAME}@1",
    )
    remediation = imagined(
        policy, target, now, state=supposed_state(target, Fault.UNKNOWN, 100), decision=decision
    )
    freest = _freest(policy)
    plan = Plan(action=freest, target=about, summary="any action", operations=())
    sky = weather(store, policy, detect(store, policy, now), now)
    found = verdicts(store, _with_restart(policy, freest), remediation, plan, now, sky)
    return tuple(each for each in found if each.allowed or each.guard not in OF_ONE_ACTION)


def _freest(policy: HealingPolicy) -> Action:
    """The listed action with the mode that lets it do most: that another one is only observed holds nothing else back."""
    spec, modes = policy.spec, list(Mode)
    listed = [Action(each.type) for each in spec.actions if each.type != Action.ISOLATE.value]
    return max(
        listed,
        key=lambda each: (modes.index(spec.mode_of(each)), each is Action.RESTART),
        default=Action.RESTART,
    )


def _with_restart(policy: HealingPolicy, freest: Action) -> HealingPolicy:
    """With something to ask about, where nothing is listed."""
    if policy.spec.allows(freest) is not None:
        return policy
    listed = (*policy.spec.actions, AllowedAction(type="restart"))
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"actions": listed})})


def refusal(found: tuple[GuardRecord, ...]) -> GuardRecord | None:
    """The first one, which is the one that is told."""
    return next((each for each in found if not each.allowed), None)
