"""When are two decisions the same action? What was tried and did not help must not be tried again under another name."""

from planaria_contract import Action, Decision, ObjectRef

_INCIDENTAL = frozenset({"category", "delay_seconds", "wait_seconds", "pods", "reason"})
"""Parameters that do not make another action of it. Pods are among them: a replacement has a new name, and restarting it
again is the same cure for the same workload."""


def signature(decision: Decision) -> str:
    """Action, target and the parameters that matter, in a fixed order: `resize Deployment/shop/front ratio=2.0 ...`."""
    category = decision.category
    if category in {Action.NONE, Action.ESCALATE}:
        return category.value
    place = place_of(decision.target)
    parameters = decision.parameters.model_dump(mode="json", exclude_none=True, exclude=set(_INCIDENTAL))
    return " ".join((category.value, place, *(f"{name}={parameters[name]}" for name in sorted(parameters))))


def place_of(target: ObjectRef) -> str:
    """`Deployment/shop/front`, or `Node/node-1`."""
    return "/".join(part for part in (target.kind, target.namespace, target.name) if part)


def changes_template(signed: str) -> bool:
    """True where the action of this signature makes a new revision of a workload."""
    category = signed.split(" ", maxsplit=1)[0]
    return category in {Action.RESIZE, Action.ROLLBACK} or "scope=workload" in signed
