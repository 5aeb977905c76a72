"""Give an autoscaler other bounds, so that it scales; never set a count against it.

A HorizontalPodAutoscaler that is held by its maximum gets a higher one. One that cannot read its metrics holds the count as
it is, whatever the load; a higher minimum is the one order that it still follows. Everything else it does by itself.

KEDA writes the HorizontalPodAutoscaler of a ScaledObject anew from it, so there the ScaledObject is changed.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from planaria_contract import Action, Scale
from planaria_operator.act.bodies import meta, most_replicas, target_of
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.ownership import not_ours
from planaria_operator.act.patches import Change, reversible
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.autoscaler import (
    SCALED_OBJECT,
    Autoscaler,
    ScaledObject,
    parse_autoscaler,
    parse_scaled_object,
)
from planaria_operator.objects.meta import HEAL, parse_meta

AUTOSCALER: Final = "HorizontalPodAutoscaler"
FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    AUTOSCALER: ("minReplicas", "maxReplicas"),
    SCALED_OBJECT: ("minReplicaCount", "maxReplicaCount"),
}
"""How the object that a person edits calls its bounds."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """What scales the target: the autoscaler, and the object that its bounds come from."""

    autoscaler: Autoscaler
    kind: str
    body: JsonBody
    bounds: tuple[int | None, int | None]
    """Minimum and maximum as they are written there."""

    def __str__(self) -> str:
        return f"{self.kind}/{meta(self.body)['name']}"


def scaler_of(setting: Setting) -> Scaler | Refusal | None:
    """None where nothing but a person sets the replica count."""
    bodies = {meta(body)["name"]: body for body in setting.autoscalers}
    found = [parse_autoscaler(body) for body in bodies.values()]
    scaled = [(parse_scaled_object(body), body) for body in setting.scaled_objects]
    if refusal := _paused(each for each, _ in scaled):
        return refusal
    if len(found) > 1:
        names = ", ".join(sorted(map(str, found)))
        return Refusal(Reason.AUTOSCALED, f"{names} all scale {setting.decision.target}, none of them works")
    if not found:
        return _without_autoscaler(setting, scaled)
    (autoscaler,) = found
    if not autoscaler.made_by_keda:
        bounds = (autoscaler.minimum, autoscaler.maximum)
        return Scaler(autoscaler, AUTOSCALER, bodies[autoscaler.meta.name], bounds)
    owner = autoscaler.meta.owner
    mine = [(each, body) for each, body in scaled if owner and each.meta.uid == owner.uid]
    if not mine:
        return Refusal(Reason.WORLD_CHANGED, f"{owner}, which made {autoscaler.meta}, is gone")
    ((one, body),) = mine
    return Scaler(autoscaler, SCALED_OBJECT, body, (one.minimum, one.maximum))


def build(setting: Setting, scaler: Scaler) -> Plan | Refusal:
    if refusal := _not_to_be_raised(setting, scaler):
        return refusal
    fields = FIELDS[scaler.kind]
    if refusal := not_ours(setting, scaler.kind, scaler.body, *fields):
        return refusal
    changes = _raised(setting, scaler)
    if isinstance(changes, Refusal):
        return changes
    patches = reversible(setting, changes, of=(scaler.kind, scaler.body))
    if isinstance(patches, Refusal):
        return patches
    return Plan(
        action=Action.SCALE,
        target=target_of(setting),
        summary=f"{_in_words(scaler, changes)}: {_because(scaler)}",
        harm=_harm(scaler, changes),
        operations=patches[:1],
        inverse=patches[1:],
    )


def _not_to_be_raised(setting: Setting, scaler: Scaler) -> Refusal | None:
    assert isinstance(setting.decision.parameters, Scale)
    target, autoscaler = setting.decision.target, scaler.autoscaler
    if parse_meta(scaler.kind, scaler.body).heal_disabled:
        return Refusal(Reason.OPTED_OUT, f"{scaler} says {HEAL}: disabled")
    if not setting.bounds.raises_bounds:
        message = f"{scaler} owns the replica count of {target}, and raiseAutoscalerBounds is false"
        return Refusal(Reason.AUTOSCALED, message)
    if setting.decision.parameters.ratio <= 1:
        return Refusal(Reason.AUTOSCALED, f"{scaler} scales {target} down by itself")
    if not autoscaler.stuck:
        message = f"{scaler} scales {target} by itself: its metrics ask for no more than its maximum of {autoscaler.maximum}"
        return Refusal(Reason.AUTOSCALER_HAS_ROOM, message)
    return None


def _raised(setting: Setting, scaler: Scaler) -> list[Change] | Refusal:
    """The higher maximum; for one that cannot read its metrics the higher minimum, and a maximum that holds it."""
    assert isinstance(setting.decision.parameters, Scale)
    ratio, most = setting.decision.parameters.ratio, most_replicas(setting)
    (least, top), autoscaler = scaler.bounds, scaler.autoscaler
    replicas = setting.target["spec"].get("replicas", 1)
    base = max(replicas, autoscaler.minimum) if autoscaler.blind else autoscaler.maximum
    wanted = min(math.ceil(base * ratio), most)
    if wanted <= base:
        message = f"{scaler} stands at {base} replicas; {ratio:.0%} of that is no more than {most} allow"
        return Refusal(Reason.BOUND_REACHED, message)
    paths = [f"/spec/{field}" for field in FIELDS[scaler.kind]]
    lower = [Change(paths[0], least, wanted)] if autoscaler.blind else []
    upper = [Change(paths[1], top, wanted)] if wanted > autoscaler.maximum else []
    return [*lower, *upper]


def _in_words(scaler: Scaler, changes: list[Change]) -> str:
    """With the values that hold, also where they are not written out."""
    held = dict(zip(FIELDS[scaler.kind], (scaler.autoscaler.minimum, scaler.autoscaler.maximum), strict=True))
    named = ((each.path.rpartition("/")[2], each) for each in changes)
    words = (f"{field} {held[field]} -> {each.after}" for field, each in named)
    return f"{scaler} {', '.join(words)}"


def _because(scaler: Scaler) -> str:
    blind = scaler.autoscaler.blind
    return (
        f"it cannot read its metrics ({blind})"
        if blind
        else "its metrics ask for more than its maximum allows"
    )


def _harm(scaler: Scaler, changes: list[Change]) -> str:
    lasting = "until somebody lowers it" if scaler.autoscaler.blind else "whenever its metrics ask for them"
    return f"up to {changes[-1].after} pods take room on the nodes, {lasting}; what they share carries more clients"


def _paused(found: Iterable[ScaledObject]) -> Refusal | None:
    for each in found:
        if each.pause:
            return Refusal(Reason.AUTOSCALER_PAUSED, f"{each.meta} is paused by a person: {each.pause}")
    return None


def _without_autoscaler(setting: Setting, scaled: list[tuple[ScaledObject, JsonBody]]) -> Refusal | None:
    """KEDA makes the autoscaler of a ScaledObject; until it has, nobody knows what it will ask for."""
    if not scaled:
        return None
    names = ", ".join(sorted(str(each.meta) for each, _ in scaled))
    message = f"{names} owns the replica count of {setting.decision.target} and has no autoscaler yet"
    return Refusal(Reason.AUTOSCALED, message)
