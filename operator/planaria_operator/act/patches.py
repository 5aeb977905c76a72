"""JSON Patches that can be sent twice: each tests whose object it is and what stood there, and leaves a marker.

The marker is an annotation that is set in the same request as the change, so "the marker is there" and "the change was
applied" are one fact. It is what makes a plan exactly-once: a restarted operator, or one whose answer was lost, reads
the object and sees whether its own attempt has arrived (see `actor.py`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_operator.act.bodies import meta, reference, target_of
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.workload import REVISION

ATTEMPT: Final = "planaria.dev/attempt"
"""On a patched workload: which attempt of which Remediation changed it last, by its name (`naming.py`)[/revert]."""

REVERT: Final = "/revert"
LARGEST_BODY: Final = 65536
"""Characters of one operation that the record holds."""

JsonPatch = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One value of an object, before and after; None where it is not set."""

    path: str
    before: Any
    after: Any


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


TEMPLATE_CALLED: Final[Mapping[str, str]] = {
    "Deployment": pointer("metadata", "annotations", REVISION),
    "StatefulSet": pointer("status", "updateRevision"),
    "DaemonSet": pointer("metadata", "annotations", "deprecated.daemonset.template.generation"),
}
"""Where each kind says which template is its newest."""


def reversible(
    setting: Setting, changes: Iterable[Change], *, of: tuple[str, JsonBody] | None = None
) -> tuple[Operation, Operation] | Refusal:
    """The patch that replaces each value where it still is what it was, and the patch that puts it back likewise.

    `of`: kind and fresh body of what is patched, where that is not the target.
    """
    forth = tuple(changes)
    about, body = (reference(*of), of[1]) if of else (target_of(setting), setting.target)
    back = (Change(change.path, change.after, change.before) for change in forth)
    do = _operation(about, _swap(body, forth, setting.remediation))
    undo = _operation(about, _swap(body, back, f"{setting.remediation}{REVERT}", annotated=True))
    if isinstance(do, Refusal):
        return do
    return undo if isinstance(undo, Refusal) else (do, undo)


def adding(setting: Setting, path: tuple[str | int, ...], key: str, value: str) -> Operation | Refusal:
    """A patch that sets one key of a map that may not be there yet."""
    parent: Any = setting.target
    for part in path:
        parent = parent.get(part) if isinstance(parent, Mapping) else parent[part]
    body = setting.target
    patch = [
        _identity(body),
        *_of_template(setting),
        *_set_key(path, parent, key, value),
        *_marked(body, setting.remediation),
    ]
    return _operation(target_of(setting), patch)


def _of_template(setting: Setting) -> JsonPatch:
    """That the template is still the one it was, by what its controller calls it: short, and without what stands in it."""
    path = TEMPLATE_CALLED[setting.decision.target.kind]
    called = value_at(setting.target, path)
    return [] if called is None else [{"op": "test", "path": path, "value": called}]


def _swap(body: JsonBody, changes: Iterable[Change], marker: str, *, annotated: bool = False) -> JsonPatch:
    patch = [_identity(body)]
    for change in changes:
        patch.append({"op": "test", "path": change.path, "value": change.before})
        patch.append(_step(change))
    return [*patch, *_marked(body, marker, annotated=annotated)]


def _step(change: Change) -> dict[str, Any]:
    if change.after is None:
        return {"op": "remove", "path": change.path}
    op = "add" if change.before is None else "replace"
    return {"op": op, "path": change.path, "value": change.after}


def _identity(body: JsonBody) -> dict[str, Any]:
    return {"op": "test", "path": "/metadata/uid", "value": meta(body)["uid"]}


def _marked(body: JsonBody, marker: str, *, annotated: bool = False) -> JsonPatch:
    present = annotated or meta(body).get("annotations")
    return _set_key(("metadata", "annotations"), present, ATTEMPT, marker)


def _set_key(path: tuple[str | int, ...], present: Any, key: str, value: str) -> JsonPatch:
    """`add` cannot reach into a map that is missing. Making the map tests first that it still is missing."""
    if present:
        return [{"op": "add", "path": pointer(*path, key), "value": value}]
    return [
        {"op": "test", "path": pointer(*path), "value": None},
        {"op": "add", "path": pointer(*path), "value": {key: value}},
    ]


def _operation(about: ObjectReference, patch: JsonPatch) -> Operation | Refusal:
    body = json.dumps(patch, separators=(",", ":"), sort_keys=True)
    if len(body) > LARGEST_BODY:
        size = f"{len(body)} of at most {LARGEST_BODY} characters"
        return Refusal(Reason.PLAN_TOO_LARGE, f"the patch of {about} would take {size}")
    return Operation(verb=Verb.PATCH, object=about, body=body)


# --- reading a patch


def value_at(body: Any, path: str) -> Any:
    """What stands at a JSON Pointer; None where nothing does, as in a `test` for null."""
    for part in path.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(body, Mapping):
            body = body.get(key)
        elif isinstance(body, list) and key.isdigit() and int(key) < len(body):
            body = body[int(key)]
        else:
            return None
    return body


def still_fits(patch: JsonPatch, body: Mapping[str, Any]) -> bool:
    return all(
        without_nulls(value_at(body, step["path"])) == without_nulls(step["value"])
        for step in patch
        if step["op"] == "test"
    )


def stands(patch: JsonPatch, body: Mapping[str, Any]) -> bool:
    """Whether every value that the patch sets stands there already, whoever set it; its marker aside."""
    return all(
        without_nulls(value_at(body, step["path"])) == without_nulls(step.get("value"))
        for step in patch
        if step["op"] != "test" and step["path"] != pointer("metadata", "annotations", ATTEMPT)
    )


def as_served(patch: JsonPatch, body: Mapping[str, Any]) -> JsonPatch:
    """The tests in the words of this server, of a patch that still fits: it compares by the letter, and what one version
    writes as null the next one leaves out.
    """
    return [
        {**step, "value": value_at(body, step["path"])} if step["op"] == "test" else step for step in patch
    ]


def without_nulls(tree: Any) -> Any:
    """The tree as the API means it: a field set to null is a field that is not set (`creationTimestamp: null`)."""
    if isinstance(tree, Mapping):
        return {key: without_nulls(value) for key, value in tree.items() if value is not None}
    if isinstance(tree, list):
        return [without_nulls(item) for item in tree]
    return tree
