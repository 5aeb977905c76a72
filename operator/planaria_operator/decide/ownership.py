"""What must not be done to a workload because another controller has the last word on it."""

from collections.abc import Iterator

from planaria_contract import Action, Mask, WorkloadFact
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.liberties import Liberties

OF_TEMPLATE = (Action.ROLLBACK, Action.RESIZE)


def ownership_masks(workload: WorkloadFact, liberties: Liberties) -> Iterator[Mask]:
    """A controlling owner takes back any change of the spec; a GitOps controller what it writes. Pods are nobody's."""
    name, owner = workload.ref, workload.controlled_by
    if owner:
        for action in (*OF_TEMPLATE, Action.SCALE):
            yield masked(action, Reason.FOREIGN_OWNER, f"{owner} controls {name} and would undo it")
    for action, keeper in _kept(workload):
        if keeper and action not in liberties.over_git:
            yield masked(action, Reason.OWNED_BY_GIT_OPS, f"{keeper} keeps {name} as Git has it")


def autoscaler_mask(workload: WorkloadFact, liberties: Liberties) -> Mask | None:
    """None where there is no autoscaler, or its bounds are what stands in the way. At zero replicas it is switched off."""
    scaler, name = workload.autoscaled_by, workload.ref
    if scaler is None or workload.desired == 0:
        return None
    if not liberties.raise_bounds:
        message = f"{scaler} owns the replica count of {name}, and raiseAutoscalerBounds is false"
        return masked(Action.SCALE, Reason.AUTOSCALED, message)
    if workload.autoscaler_stuck:
        return None
    return masked(Action.SCALE, Reason.AUTOSCALER_HAS_ROOM, f"{scaler} scales {name} by itself: it has room")


def _kept(workload: WorkloadFact) -> Iterator[tuple[Action, str | None]]:
    yield from ((action, workload.template_kept_by) for action in OF_TEMPLATE)
    yield Action.SCALE, workload.replicas_kept_by


def masked(action: Action, reason: Reason, message: str) -> Mask:
    return Mask(category=action, reason=reason.value, message=message[:280])
