"""Raise limits: in the running pods at once, and in the template so that it lasts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from planaria_contract import Action
from planaria_operator.act.amounts import to_units, with_limit
from planaria_operator.act.bodies import (
    MOST_OPERATIONS,
    affected_pods,
    meta,
    reference,
    target_of,
    unblocking,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.limits import Raise, raises_of
from planaria_operator.act.ownership import no_new_template, rollout_of_another
from planaria_operator.act.patches import Change, reversible, value_at
from planaria_operator.act.replaced import gives_up
from planaria_operator.api.plan import Operation, Plan, Verb

MOST_PODS: Final = MOST_OPERATIONS // 2


def build(setting: Setting) -> Plan | Refusal:
    if refusal := no_new_template(setting) or rollout_of_another(setting):
        return refusal
    raises = raises_of(setting)
    if isinstance(raises, Refusal):
        return raises
    if refusal := gives_up(setting):
        return refusal
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


def _template_changes(setting: Setting, raises: list[Raise]) -> list[Change]:
    changes = []
    for path, container in {each.path: each.container for each in raises}.items():
        before = value_at(setting.target, path)
        changes.append(Change(path, before, _raise_all(before, raises, container)))
    return changes


def _in_place(setting: Setting, raises: list[Raise]) -> Iterator[Operation]:
    """For every affected running pod. Best effort: a node without room refuses it, and the new template still helps."""
    running = [pod for pod in affected_pods(setting) if (pod.get("status") or {}).get("phase") == "Running"]
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
