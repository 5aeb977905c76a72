"""PodDisruptionBudgets, as the disruption controller last counted them."""

from dataclasses import dataclass

from planaria_operator.api.selector import LabelSelector
from planaria_operator.objects.meta import Body, Meta, parse_meta


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    meta: Meta
    selector: LabelSelector | None
    """None selects nothing; an empty one every pod of the namespace."""
    available: int
    """Evictions that it allows now; none while the controller has not looked at its newest version."""
    spares_unready: bool
    """True where evicting a pod that is not ready takes nothing from it."""


def parse_disruption_budget(body: Body) -> DisruptionBudget:
    """https://kubernetes.io/docs/tasks/run-application/configure-pdb/#unhealthy-pod-eviction-policy"""
    spec, status, meta = (
        body.get("spec") or {},
        body.get("status") or {},
        parse_meta("PodDisruptionBudget", body),
    )
    counted = (status.get("observedGeneration") or 0) >= meta.generation
    desired = status.get("desiredHealthy") or 0
    enough = desired > 0 and (status.get("currentHealthy") or 0) >= desired
    selector = spec.get("selector")
    return DisruptionBudget(
        meta=meta,
        selector=None if selector is None else LabelSelector.model_validate(selector),
        available=int(status.get("disruptionsAllowed") or 0) if counted else 0,
        spares_unready=spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow" or (counted and enough),
    )
