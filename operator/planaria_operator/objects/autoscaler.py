"""Who else sets the replica count: HorizontalPodAutoscalers, and KEDA's ScaledObjects behind some of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from planaria_operator.objects.keeper import Keeper, parse_keeper
from planaria_operator.objects.meta import Body, Meta, find_condition, parse_meta, parse_time

BOUNDS: Final = ("minReplicas", "maxReplicas")
SCALED_OBJECT: Final = "ScaledObject"
PAUSED_AT: Final = "autoscaling.keda.sh/paused-replicas"
PAUSES: Final = (PAUSED_AT, "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-scale-out")
"""Annotations by which a person pauses a ScaledObject. With the first two, KEDA deletes its HorizontalPodAutoscaler."""


@dataclass(frozen=True, slots=True)
class Autoscaler:
    meta: Meta
    target_kind: str
    target_name: str
    minimum: int = 1
    maximum: int = 0
    limited: bool = False
    """Its metrics ask for more replicas than its maximum allows."""
    blind: str = ""
    """Why it cannot read its metrics, so that it holds the count as it is; empty where it can."""
    scaled_at: datetime | None = None
    """When it last changed the count, up or down; None where it never has."""
    keeper: Keeper | None = None
    """None also where KEDA made it, which copies the labels of its ScaledObject: that one is asked."""

    @property
    def stuck(self) -> bool:
        """It would not help by itself; with other bounds it would."""
        return self.limited or bool(self.blind)

    @property
    def made_by_keda(self) -> bool:
        return self.meta.owner is not None and self.meta.owner.kind == SCALED_OBJECT

    def __str__(self) -> str:
        """By the object that a person edits."""
        return str(self.meta.owner if self.made_by_keda else self.meta)


@dataclass(frozen=True, slots=True)
class ScaledObject:
    meta: Meta
    target_kind: str
    target_name: str
    minimum: int | None
    maximum: int | None
    """As they are written; None where KEDA's own default holds."""
    pause: str = ""
    """The annotation that pauses it, with its value; empty where it runs."""


def parse_autoscaler(body: Body) -> Autoscaler:
    spec = body.get("spec") or {}
    target = spec.get("scaleTargetRef") or {}
    meta = parse_meta("HorizontalPodAutoscaler", body)
    return Autoscaler(
        meta=meta,
        target_kind=target.get("kind", ""),
        target_name=target.get("name", ""),
        minimum=spec.get("minReplicas", 1),
        maximum=spec.get("maxReplicas") or 0,
        limited=_says(body, "ScalingLimited", "True", "TooManyReplicas"),
        blind=_blind(find_condition(body, "ScalingActive") or {}),
        scaled_at=parse_time((body.get("status") or {}).get("lastScaleTime")),
        keeper=None if meta.owner and meta.owner.kind == SCALED_OBJECT else parse_keeper(body),
    )


def parse_scaled_object(body: Body) -> ScaledObject:
    spec = body.get("spec") or {}
    target = spec.get("scaleTargetRef") or {}
    meta = parse_meta(SCALED_OBJECT, body)
    return ScaledObject(
        meta=meta,
        target_kind=target.get("kind") or "Deployment",
        target_name=target.get("name", ""),
        minimum=spec.get("minReplicaCount"),
        maximum=spec.get("maxReplicaCount"),
        pause=_pause(meta),
    )


def _says(body: Body, condition: str, status: str, reason: str) -> bool:
    found = find_condition(body, condition) or {}
    return (found.get("status"), found.get("reason")) == (status, reason)


def _blind(active: Mapping[str, Any]) -> str:
    """At zero replicas an autoscaler is switched off (ScalingDisabled), which says nothing of its metrics."""
    reason = str(active.get("reason") or "")
    return reason if active.get("status") == "False" and reason != "ScalingDisabled" else ""


def _pause(meta: Meta) -> str:
    """`paused-replicas` pauses at whatever count it names; the others do unless they say false."""
    for name in PAUSES:
        value = meta.annotations.get(name)
        if value is not None and (name == PAUSED_AT or value.lower() != "false"):
            return f"{name}={value}"
    return ""
