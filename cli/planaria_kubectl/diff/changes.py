"""What one operation of a plan changes, read from the plan itself: it carries the values before as well as after. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from planaria_operator.act.patches import JsonPatch, value_at
from planaria_operator.act.running import words_of
from planaria_operator.act.taints import AVOID
from planaria_operator.api.base import ApiModel
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.objects.cordon import is_closed, marks

Body = Mapping[str, Any]
IDENTITY: Final = "/metadata/uid"


class Change(ApiModel):
    """One value, before and after."""

    path: str
    """A JSON pointer into the object; empty for the object itself."""
    before: Any = None
    after: Any = None
    """Unset where the value is taken away."""


def changes_of(operation: Operation, live: Body | None) -> tuple[Change, ...]:
    """`live` fills in what a plan does not say; None where the object could not be read."""
    read = READERS.get(operation.verb)
    return tuple(read(operation, live)) if read else (Change(path="", after=operation.body),)


def _scale(operation: Operation, _: Body | None) -> Iterator[Change]:
    yield Change(path="/spec/replicas", before=operation.from_replicas, after=operation.to_replicas)


def _evict(operation: Operation, _: Body | None) -> Iterator[Change]:
    yield Change(path="", before=f"{operation.object} uid {operation.object.uid}")


def _avoid(_: Operation, __: Body | None) -> Iterator[Change]:
    yield Change(path="/spec/taints", after=AVOID)


def _unavoid(_: Operation, __: Body | None) -> Iterator[Change]:
    yield Change(path="/spec/taints", before=AVOID)


def _cordon(operation: Operation, live: Body | None) -> Iterator[Change]:
    yield Change(path="/spec/unschedulable", before=is_closed(live or {}) or None, after=True)
    yield Change(
        path="/metadata/annotations", before=marks(live or {}) or None, after=json.loads(operation.body)
    )


def _uncordon(operation: Operation, _: Body | None) -> Iterator[Change]:
    yield Change(path="/spec/unschedulable", before=True)
    yield Change(path="/metadata/annotations", before=json.loads(operation.body))


def _exec(operation: Operation, _: Body | None) -> Iterator[Change]:
    container, command = words_of(operation)
    yield Change(path=f"/container {container}", after=list(command))


def _patch(operation: Operation, live: Body | None) -> Iterator[Change]:
    patch: JsonPatch = json.loads(operation.body)
    tests = (step for step in patch if step["op"] == "test" and step["path"] != IDENTITY)
    known = {step["path"]: step["value"] for step in tests}
    for step in patch:
        path = step["path"]
        if step["op"] != "test":
            before = known[path] if path in known else value_at(live, path)
            yield Change(path=path, before=before, after=step.get("value"))


def _resize(operation: Operation, live: Body | None) -> Iterator[Change]:
    yield from _merged(json.loads(operation.body), live or {}, "")


def _merged(tree: Any, live: Any, path: str) -> Iterator[Change]:
    """The leaves of a strategic merge patch. Items of a list are matched by name, as the API server does."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if f"{path}/{key}" == IDENTITY:
                continue  # a precondition, not a change
            yield from _merged(value, live.get(key) if isinstance(live, Mapping) else None, f"{path}/{key}")
    elif isinstance(tree, list) and all(isinstance(item, Mapping) and "name" in item for item in tree):
        items = {item.get("name"): item for item in live or () if isinstance(item, Mapping)}
        for item in tree:
            rest = {key: value for key, value in item.items() if key != "name"}
            yield from _merged(rest, items.get(item["name"]), f"{path}/{item['name']}")
    elif tree != live:
        yield Change(path=path, before=live, after=tree)


READERS: Final[Mapping[Verb, Callable[[Operation, Body | None], Iterator[Change]]]] = {
    Verb.PATCH: _patch,
    Verb.SCALE: _scale,
    Verb.RESIZE: _resize,
    Verb.EVICT: _evict,
    Verb.AVOID: _avoid,
    Verb.UNAVOID: _unavoid,
    Verb.CORDON: _cordon,
    Verb.UNCORDON: _uncordon,
    Verb.EXEC: _exec,
}
"""A verb that is not here is shown as it is sent."""
