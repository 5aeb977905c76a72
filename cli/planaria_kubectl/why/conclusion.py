"""The one sentence that `why` begins with: what is being done about the target now, or why nothing is. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from planaria_contract import ObjectRef
from planaria_kubectl.brakes import refusal
from planaria_kubectl.reach import candidates, opted_out_with
from planaria_kubectl.standing import OPERATOR, awaits_approval, overdue, waits_for
from planaria_kubectl.target import controller_of, meta_of, unmanaged
from planaria_kubectl.times import until
from planaria_kubectl.why.calm import but_for
from planaria_kubectl.world import PROTECTED, World
from planaria_operator.api.base import ApiModel
from planaria_operator.api.conditions import Status
from planaria_operator.api.decision import GuardRecord
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import unread
from planaria_operator.objects.meta import OPT_OUT_LABEL, Identity

OPEN: Final = {Stage.BLOCKED: "HeldBack", Stage.ESCALATED: "HandedOver", Stage.AWAITING: "AwaitsApproval"}


class Conclusion(ApiModel):
    code: str
    """Stable: BeingHealed, Overdue, HeldBack, HandedOver, AwaitsApproval, NoSuchObject, OptedOut, Unmanaged, NoPolicy, NotSelected, PolicyUnseen,
    PolicyUnreadable, Calm, NotRipe, NeverRipe, Due.
    """
    message: str
    next: str
    """What a person can do; a command where there is one."""


def concluded(
    world: World,
    target: ObjectRef,
    healer: HealingPolicy | None,
    incident: Incident | None,
    guards: tuple[GuardRecord, ...],
    now: datetime,
) -> Conclusion:
    """The first that applies, from what rules out everything else to what passes by itself."""
    if found := next(_open(world, target), None):
        own = next((each for each in _unread(world, found.namespace) if each[1:3] == found.policy_key), None)
        return _unreadable(world, own, target) if own else _being_healed(world, found, now)
    if healer is None or meta_of(world.store, target) is None:
        return _nobodys(world, target)
    if healer.namespace in PROTECTED:
        return _protected(healer)
    if healer.status.observed_generation != healer.generation:
        return Conclusion(
            code="PolicyUnseen",
            message=f"no operator has looked at {healer.kind} {healer.name} as it is now",
            next=OPERATOR,
        )
    if incident is None:
        return _calm(world, target, healer)
    return _of_incident(target, healer, incident, guards, now)


def _calm(world: World, target: ObjectRef, healer: HealingPolicy) -> Conclusion:
    lacking, absent = but_for(world.store, target)
    look = f"kubectl get {_get(healer)} -o yaml    (spec.triggers says what counts)"
    if absent:
        look = f"kubectl get events -n {target.namespace} --field-selector reason=FailedCreate"
    return Conclusion(
        code="Calm",
        message=f"{target} shows nothing that counts as a fault{lacking}",
        next=look,
    )


def _of_incident(
    target: ObjectRef,
    healer: HealingPolicy,
    incident: Incident,
    guards: tuple[GuardRecord, ...],
    now: datetime,
) -> Conclusion:
    shown = ", ".join(sorted({each.kind.value for each in incident.symptoms}))
    scope = f" -n {target.namespace or healer.namespace}" if target.namespace or healer.namespace else ""
    simulate = f"kubectl planaria simulate {str(target).lower()}{scope} --fault FAULT"
    if incident.ripe_at is None:
        message = f"{target} shows {shown}, which is watched but never opens an incident by itself"
        return Conclusion(code="NeverRipe", message=message, next=simulate)
    if not incident.ripe:
        left = until(incident.ripe_at, now)
        message = f"{target} shows {shown}, not yet for long enough: an incident opens in {left}"
        return Conclusion(code="NotRipe", message=message, next=simulate)
    held = refusal(guards)
    if held:
        message = f"{target} shows {shown}; the incident opens now, and {held.guard} would hold any action back: {held.message}"
        return Conclusion(code="HeldBack", message=message, next=simulate)
    return _due(f"{target} shows {shown} for long enough", healer)


def _due(shown: str, healer: HealingPolicy) -> Conclusion:
    ready = next((each for each in healer.status.conditions if each.type == "Ready"), None)
    if ready and ready.status is Status.FALSE:  # a record that cannot be written, or not be read, say
        message = f"{shown}, but {healer.kind} {healer.name} is not ready: {ready.message}"
        return Conclusion(code="HeldBack", message=message, next=f"kubectl describe {_get(healer)}")
    return Conclusion(
        code="Due",
        message=f"{shown}: the operator opens an incident within seconds",
        next="ask again; where nothing opens, the operator does not run, or does not watch this namespace",
    )


def _being_healed(world: World, remediation: Remediation, now: datetime) -> Conclusion:
    status = remediation.status
    policy = world.store.policies.get(remediation.policy_key)
    planned = bool(status.attempts) or status.stage is Stage.BLOCKED
    command = f"diff {remediation.name}" if planned else "status"
    if awaits_approval(remediation):
        command = f"approve {remediation.name}"
    late = overdue(remediation, now) is not None
    return Conclusion(
        code="Overdue" if late else OPEN.get(status.stage, "BeingHealed"),
        message=f"{remediation.name} is open, {status.stage.value}, and waits for {waits_for(remediation, policy, now)}",
        next=OPERATOR if late else f"kubectl planaria {command} -n {remediation.namespace}",
    )


def _nobodys(world: World, target: ObjectRef) -> Conclusion:
    where = f"in namespace {target.namespace}" if target.namespace else "in this cluster"
    if meta_of(world.store, target) is None:
        get = f"kubectl get {target.kind.lower()}" + (f" -n {target.namespace}" if target.namespace else "")
        return Conclusion(code="NoSuchObject", message=f"{target} does not exist {where}", next=get)
    if out := opted_out_with(world, target):
        scope = f" -n {out.namespace}" if out.namespace else ""
        return Conclusion(
            code="OptedOut",
            message=f"{target} has opted out: its label {OPT_OUT_LABEL} is {out.labels[OPT_OUT_LABEL]!r}",
            next=f"kubectl label {str(target).lower()}{scope} {OPT_OUT_LABEL}-    (to heal it again)",
        )
    if target.kind == "Pod":
        return _unmanaged(world, target)
    if found := next(iter(_unread(world, target.namespace or "")), None):
        return _unreadable(world, found, target)
    if not candidates(world, target):
        return Conclusion(
            code="NoPolicy",
            message=f"there is no policy {where}: nothing is ever done to {target}",
            next="see docs/samples for a policy to begin with (mode Observe changes nothing)",
        )
    return Conclusion(
        code="NotSelected",
        message=f"no policy selects {target}, each for the reason below",
        next=f"kubectl get hpol,chpol{f' -n {target.namespace}' if target.namespace else ' -A'} -o yaml",
    )


def _unread(world: World, namespace: str) -> list[Identity]:
    """Policies that may be about something in the namespace."""
    return unread(world.store, namespace, "")


def _unreadable(world: World, found: Identity, target: ObjectRef) -> Conclusion:
    why = f"{found.kind} {found.name} cannot be read by this version ({world.store.unreadable[found]})"
    return Conclusion(
        code="PolicyUnreadable",
        message=f"{why}: an operator of the same version does nothing about {target}, which may be the policy's",
        next=f"kubectl get {_get(found)} -o yaml    (take out what it names, or run the version that wrote it)",
    )


def _get(policy: HealingPolicy | Identity) -> str:
    return f"hpol {policy.name} -n {policy.namespace}" if policy.namespace else f"chpol {policy.name}"


def _unmanaged(world: World, target: ObjectRef) -> Conclusion:
    """A pod for which no workload stands that Planaria knows."""
    owner = controller_of(world.store, target) or target
    return Conclusion(
        code="Unmanaged",
        message=f"{unmanaged(world.store, target)}: it is left to whoever does, and nothing is done to it",
        next=f"kubectl describe {owner.kind.lower()} {owner.name} -n {target.namespace}",
    )


def _protected(healer: HealingPolicy) -> Conclusion:
    return Conclusion(
        code="HeldBack",
        message=f"namespace {healer.namespace} is protected: HealingPolicy {healer.name} has no effect there",
        next="move the workload and the policy to a namespace of their own",
    )


def _open(world: World, target: ObjectRef) -> Iterator[Remediation]:
    wanted = (target.kind, target.name, target.namespace)
    for each in world.remediations:
        own = each.spec.target
        if (own.kind, own.name, own.namespace) == wanted and not each.status.finished:
            yield each
