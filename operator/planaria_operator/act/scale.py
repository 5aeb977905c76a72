"""Change the replica count; where an autoscaler owns it, its bounds instead."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Final

from planaria_contract import Action, Scale
from planaria_operator.act import autoscale
from planaria_operator.act.autoscale import Scaler, scaler_of
from planaria_operator.act.bodies import most_replicas, target_of
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.ownership import not_ours, owner_of
from planaria_operator.api.plan import Operation, Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.autoscaler import SCALED_OBJECT
from planaria_operator.objects.workload import parse_workload

SCALED_TO_ZERO: Final = re.compile(r"Scaled down replica set \S+ from ([1-9]\d{0,4}) to 0")
"""What the Deployment controller says. It outlives a restart of the operator, which forgets what it has seen."""


def build(setting: Setting) -> Plan | Refusal:
    target = setting.decision.target
    if target.kind not in {"Deployment", "StatefulSet"}:
        return Refusal(Reason.UNSUPPORTED_TARGET, f"{target} has no replica count")
    if owner := owner_of(setting.target):
        return Refusal(Reason.FOREIGN_OWNER, f"{owner} controls {target} and would undo it")
    scaler = scaler_of(setting)
    if isinstance(scaler, Refusal):
        return scaler
    if scaler is None:
        return _by_hand(setting)
    if setting.target["spec"].get("replicas", 1) > 0:
        return autoscale.build(setting, scaler)
    return _from_zero(setting, scaler)


def _from_zero(setting: Setting, scaler: Scaler) -> Plan | Refusal:
    """A HorizontalPodAutoscaler is switched off by zero replicas, so whoever set them wanted that, or erred. KEDA, and an
    autoscaler whose minimum is zero, go to zero and come back by themselves.
    """
    if scaler.kind == SCALED_OBJECT or scaler.autoscaler.minimum == 0:
        message = f"{scaler} brings {setting.decision.target} up from 0 by itself"
        return Refusal(Reason.AUTOSCALER_HAS_ROOM, message)
    return _by_hand(setting, scaler)


def _by_hand(setting: Setting, scaler: Scaler | None = None) -> Plan | Refusal:
    if refusal := not_ours(setting, setting.decision.target.kind, setting.target, "replicas"):
        return refusal
    present = setting.target["spec"].get("replicas", 1)
    wanted = _wanted(setting, present)
    if isinstance(wanted, int) and scaler:
        wanted = min(wanted, scaler.autoscaler.maximum)
    if isinstance(wanted, Refusal):
        return wanted
    loses = _loses_volumes(setting)
    if loses and wanted < present:
        message = f"{setting.decision.target} deletes the volumes of the pods that it would have no more (whenScaled)"
        return Refusal(Reason.UNSUPPORTED_TARGET, message)
    target = target_of(setting)
    return Plan(
        action=Action.SCALE,
        target=target,
        summary=f"{present} -> {wanted} replicas",
        harm=_harm(present, wanted) + ("; not undone, which would delete their volumes" if loses else ""),
        operations=(_set(setting, present, wanted),),
        inverse=() if loses else (_set(setting, wanted, present),),
    )


def _loses_volumes(setting: Setting) -> bool:
    """A StatefulSet may be told to delete the claims of the pods that go when it is scaled down, and what they hold by then."""
    policy = setting.target["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    claims = setting.target["spec"].get("volumeClaimTemplates")
    return bool(claims) and policy.get("whenScaled") == "Delete"


def _wanted(setting: Setting, present: int) -> int | Refusal:
    assert isinstance(setting.decision.parameters, Scale)
    ratio = setting.decision.parameters.ratio
    most = most_replicas(setting)
    if present == 0:
        return min(_last_known(setting) or 1, most)
    wanted = max(1, math.ceil(present * ratio))
    if ratio > 1:
        wanted = min(wanted, most)
    if wanted == present or (ratio > 1 and wanted < present):
        message = f"{setting.decision.target} has {present} replicas; {ratio:.0%} of that is no more than {most} allow"
        return Refusal(Reason.BOUND_REACHED, message)
    return wanted


def _last_known(setting: Setting) -> int | None:
    """From the store; where the operator was restarted in between, from the observation or from who scaled it."""
    target = setting.decision.target
    seen = setting.store.last_known_replicas(parse_workload(target.kind, setting.target))
    if seen:
        return seen
    facts = [setting.observation.workload, *(each.workload for each in setting.observation.dependencies)]
    same = (fact for fact in facts if fact and (fact.ref.kind, fact.ref.name) == (target.kind, target.name))
    known = (fact.last_known_replicas for fact in same if fact.last_known_replicas)
    return next(known, None) or next(_told(setting.events), None)


def _told(events: Iterable[JsonBody]) -> Iterator[int]:
    """Replica counts before the target was scaled to zero, the latest first."""
    for event in events:
        if event.get("reason") == "ScalingReplicaSet":
            found = SCALED_TO_ZERO.match(str(event.get("note") or ""))
            if found:
                yield int(found[1])


def _harm(present: int, wanted: int) -> str:
    if wanted > present:
        return (
            f"{wanted - present} more pods take room on the nodes, and what they share carries more clients"
        )
    return f"{present - wanted} pods fewer carry the load"


def _set(setting: Setting, before: int, after: int) -> Operation:
    return Operation(verb=Verb.SCALE, object=target_of(setting), from_replicas=before, to_replicas=after)
