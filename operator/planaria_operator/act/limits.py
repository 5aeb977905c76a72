"""Which limits a resize raises, of which containers, and how far. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from planaria_contract import Action, Resize
from planaria_operator.act.amounts import Name, raised, to_quantity, to_units
from planaria_operator.act.bodies import going, meta, target_of, template_of
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.killed import killed_for_memory
from planaria_operator.act.patches import pointer
from planaria_operator.act.revisions import is_of, others
from planaria_operator.api.reasons import Reason

DEFAULT_MAX_PERCENT: Final = 300
SERVING: Final = "containers"
STARTING: Final = "initContainers"
"""Sidecars among them."""


@dataclass(frozen=True, slots=True)
class Raise:
    """One limit of one container."""

    path: str
    """Where the container's resources stand in the workload."""
    container: str
    name: Name
    before: int
    after: int
    largest: int = 0
    """What a pod of the present template has, where somebody resized it in place."""

    def __str__(self) -> str:
        old, new = to_quantity(self.name, self.before), to_quantity(self.name, self.after)
        return f"{self.container} {self.name} {old} -> {new}"


def raises_of(setting: Setting) -> list[Raise] | Refusal:
    present = _present(setting)
    limited = [each for name in _resources(setting) for each in _limited(setting, name, present)]
    target = setting.decision.target
    if not limited:
        return Refusal(Reason.NO_LIMIT_TO_RAISE, _no_limit(setting))
    raises = [each for each in limited if each.after > each.before]
    if not raises:
        now = ", ".join(
            f"{each.container} {to_quantity(each.name, max(each.before, each.largest))}" for each in limited
        )
        return Refusal(
            Reason.BOUND_REACHED, f"{target} is at its bound of {_percent(setting)}% already: {now}"
        )
    return raises


def _present(setting: Setting) -> list[Mapping[str, Any]]:
    """Pods of another template say nothing: a rollout may be there to make them smaller."""
    former = others(setting)
    return [pod for pod in setting.pods.values() if not going(pod) and not is_of(pod, former)]


def _limited(setting: Setting, name: Name, present: Sequence[Mapping[str, Any]]) -> Iterator[Raise]:
    """Also those that have no room any more."""
    wanted = _wanted(setting, name)
    for field, path, container in _containers(setting):
        limits = (container.get("resources") or {}).get("limits") or {}
        meant = container["name"] in wanted if wanted else field == SERVING
        if meant and name in limits:
            before = to_units(name, limits[name])
            original = _original(setting, path, name) or before
            largest = _largest(present, container["name"], name)
            after = _after(setting, name, before, original, largest)
            yield Raise(path, container["name"], name, before, after, largest)


def _after(setting: Setting, name: Name, before: int, original: int, largest: int) -> int:
    """`before` where it cannot be raised. The new template replaces every pod, so it must not be below what one of them has."""
    ratio, most = _parameters(setting).ratio, _percent(setting)
    after = raised(name, before, original, ratio=ratio, max_percent=most)
    if after >= largest:
        return after
    after = raised(name, largest, original, ratio=ratio, max_percent=most)
    return after if after > largest else before


def _largest(pods: Sequence[Mapping[str, Any]], container: str, name: Name) -> int:
    """0 where no pod has a limit."""
    containers = (
        each for pod in pods for field in (SERVING, STARTING) for each in pod["spec"].get(field) or ()
    )
    own = (
        (each.get("resources") or {}).get("limits") or {} for each in containers if each["name"] == container
    )
    return max((to_units(name, limits[name]) for limits in own if name in limits), default=0)


def _wanted(setting: Setting, name: Name) -> frozenset[str]:
    """The container that the decision names; of memory those that were killed. Empty: all that serve.

    A larger limit of a container that was not killed would replace every pod for nothing.
    """
    if chosen := _parameters(setting).container:
        return frozenset({chosen})
    return killed_for_memory(setting) if name == "memory" else frozenset()


def _containers(setting: Setting) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Of the template: in which list, at which path its resources stand, and the container."""
    spec = template_of(setting.target)["spec"]
    for field in (SERVING, STARTING):
        for index, container in enumerate(spec.get(field) or ()):
            yield field, pointer("spec", "template", "spec", field, index, "resources"), container


def _no_limit(setting: Setting) -> str:
    parameters = _parameters(setting)
    wanted = sorted({each for name in _resources(setting) for each in _wanted(setting, name)})
    named = f" named {' or '.join(wanted)}" if wanted else ""
    why = ", killed for memory," if wanted and not parameters.container else ""
    where = f"in the template of {setting.decision.target}"
    return f"no container{named}{why} {where} has a limit for {parameters.resource}"


def _original(setting: Setting, path: str, name: Name) -> int | None:
    """The limit that the container had when the incident opened, where an earlier attempt raised it and still stands."""
    namespace = meta(setting.target).get("namespace") or ""
    incident = setting.store.remediations.get((namespace, setting.remediation.rpartition("/")[0]))
    for attempt in incident.status.attempts if incident else ():
        plan = attempt.plan
        standing = attempt.applied_at is not None and attempt.reverted_at is None
        if plan.action is Action.RESIZE and standing and plan.target == target_of(setting):
            steps = (step for undo in plan.inverse for step in json.loads(undo.body))
            old: Mapping[str, Any] = next(
                (s["value"] for s in steps if s["op"] == "replace" and s["path"] == path), {}
            )
            limits = old.get("limits") or {}
            return to_units(name, limits[name]) if name in limits else None
    return None


def _parameters(setting: Setting) -> Resize:
    assert isinstance(setting.decision.parameters, Resize)
    return setting.decision.parameters


def _resources(setting: Setting) -> tuple[Name, ...]:
    resource = _parameters(setting).resource
    return ("memory", "cpu") if resource == "both" else (resource,)


def _percent(setting: Setting) -> int:
    return setting.bounds.max_ratio_percent or DEFAULT_MAX_PERCENT
