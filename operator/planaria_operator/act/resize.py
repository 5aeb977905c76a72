"""Raise limits: in the running pods at once, and in the template so that it lasts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_contract import Action, Resize
from planaria_operator.act.amounts import Name, raised, to_quantity, to_units, with_limit
from planaria_operator.act.bodies import (
    MOST_OPERATIONS,
    meta,
    no_rollout,
    reference,
    same_pods,
    target_of,
    template_of,
    unblocking,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.ownership import not_ours
from planaria_operator.act.patches import Change, pointer, reversible
from planaria_operator.api.plan import Operation, Plan, Verb
from planaria_operator.api.reasons import Reason

DEFAULT_MAX_PERCENT: Final = 300
MOST_PODS: Final = MOST_OPERATIONS // 2


@dataclass(frozen=True, slots=True)
class Raise:
    """One limit of one container."""

    index: int
    container: str
    name: Name
    before: int
    after: int

    def __str__(self) -> str:
        old, new = to_quantity(self.name, self.before), to_quantity(self.name, self.after)
        return f"{self.container} {self.name} {old} -> {new}"


def build(setting: Setting) -> Plan | Refusal:
    if refusal := no_rollout(setting):
        return refusal
    if refusal := not_ours(setting, setting.decision.target.kind, setting.target, "template"):
        return refusal
    raises = _raises(setting)
    if isinstance(raises, Refusal):
        return raises
    changes = _template_changes(setting, raises)
    patches = reversible(setting, changes)
    if isinstance(patches, Refusal):
        return patches
    patch, undo = patches
    in_place = tuple(_in_place(setting, raises))
    return Plan(
        action=Action.RESIZE,
        target=target_of(setting),
        summary=f"{', '.join(map(str, raises))}; in place in {len(in_place)} pods, then in the template"[
            :512
        ],
        harm="the template change replaces every pod, and larger pods may find no room on a full node",
        operations=(*in_place, patch, *unblocking(setting)),
        inverse=(undo,),
    )


def _raises(setting: Setting) -> list[Raise] | Refusal:
    limited = list(_limited(setting))
    target = setting.decision.target
    if not limited:
        assert isinstance(setting.decision.parameters, Resize)
        resource = setting.decision.parameters.resource
        message = f"no container in the template of {target} has a limit for {resource}"
        return Refusal(Reason.NO_LIMIT_TO_RAISE, message)
    raises = [each for each in limited if each.after > each.before]
    if not raises:
        percent = setting.bounds.max_ratio_percent or DEFAULT_MAX_PERCENT
        now = ", ".join(f"{each.container} {to_quantity(each.name, each.before)}" for each in limited)
        return Refusal(Reason.BOUND_REACHED, f"{target} is at its bound of {percent}% already: {now}")
    return raises


def _limited(setting: Setting) -> Iterator[Raise]:
    parameters = setting.decision.parameters
    assert isinstance(parameters, Resize)
    names: tuple[Name, ...] = ("memory", "cpu") if parameters.resource == "both" else (parameters.resource,)
    percent = setting.bounds.max_ratio_percent or DEFAULT_MAX_PERCENT
    for index, container in enumerate(template_of(setting.target)["spec"]["containers"]):
        if parameters.container not in {None, container["name"]}:
            continue
        limits = (container.get("resources") or {}).get("limits") or {}
        for name in names:
            if name in limits:
                before = to_units(name, limits[name])
                original = _original(setting, index, name) or before
                after = raised(name, before, original, ratio=parameters.ratio, max_percent=percent)
                yield Raise(index, container["name"], name, before, after)


def _original(setting: Setting, index: int, name: Name) -> int | None:
    """The limit that the container had when the incident opened, where an earlier attempt raised it and still stands."""
    namespace = meta(setting.target).get("namespace") or ""
    incident = setting.store.remediations.get((namespace, setting.remediation.rpartition("/")[0]))
    for attempt in incident.status.attempts if incident else ():
        plan = attempt.plan
        standing = attempt.applied_at is not None and attempt.reverted_at is None
        if plan.action is Action.RESIZE and standing and plan.target == target_of(setting):
            steps = (step for undo in plan.inverse for step in json.loads(undo.body))
            old: Mapping[str, Any] = next(
                (s["value"] for s in steps if s["op"] == "replace" and s["path"] == _path(index)), {}
            )
            limits = old.get("limits") or {}
            return to_units(name, limits[name]) if name in limits else None
    return None


def _path(index: int) -> str:
    return pointer("spec", "template", "spec", "containers", index, "resources")


def _template_changes(setting: Setting, raises: list[Raise]) -> list[Change]:
    containers = template_of(setting.target)["spec"]["containers"]
    changes = []
    for index in sorted({each.index for each in raises}):
        before = containers[index]["resources"]
        changes.append(Change(_path(index), before, _raise_all(before, raises, containers[index]["name"])))
    return changes


def _in_place(setting: Setting, raises: list[Raise]) -> Iterator[Operation]:
    """For every affected running pod. Best effort: a node without room refuses it, and the new template still helps."""
    affected = same_pods(setting, (pod.name for pod in setting.observation.affected))
    running = [pod for pod in affected if (pod.get("status") or {}).get("phase") == "Running"]
    for pod in running[:MOST_PODS]:
        containers = list(_grown(pod, raises))
        if containers:
            # The uid in a patch is a precondition: a namesake made since is not resized.
            body = {"metadata": {"uid": meta(pod)["uid"]}, "spec": {"containers": containers}}
            text = json.dumps(body, separators=(",", ":"), sort_keys=True)
            yield Operation(verb=Verb.RESIZE, object=reference("Pod", pod), body=text, best_effort=True)


def _grown(pod: Mapping[str, Any], raises: list[Raise]) -> Iterator[dict[str, Any]]:
    for container in pod["spec"]["containers"]:
        present = container.get("resources") or {}
        larger = _raise_all(present, raises, container["name"])
        if larger != present:
            parts = {key: larger[key] for key in ("limits", "requests") if key in larger}
            yield {"name": container["name"], "resources": parts}


def _raise_all(resources: dict[str, Any], raises: list[Raise], container: str) -> dict[str, Any]:
    """Only upwards: a pod that was resized further by someone else keeps what it has."""
    for each in raises:
        limit = (resources.get("limits") or {}).get(each.name)
        if each.container == container and limit is not None and to_units(each.name, limit) < each.after:
            resources = with_limit(resources, each.name, each.after)
    return resources
