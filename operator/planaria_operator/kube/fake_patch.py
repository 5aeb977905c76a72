"""The patch flavours that FakeKube understands, over plain JSON trees."""

import copy
from typing import Any, Final

from planaria_operator.kube.errors import Invalid
from planaria_operator.kube.interface import PatchType

_MERGE_KEYS: Final = ("name", "type", "containerPort")
"""By which of them the items of a list belong together in a strategic merge; the API knows it per list."""


def patched(body: Any, patch: Any, patch_type: PatchType) -> Any:
    """A new tree. Raises Invalid as the API server would."""
    if patch_type is PatchType.JSON:
        return _json_patched(copy.deepcopy(body), patch)
    return _merged(copy.deepcopy(body), copy.deepcopy(patch), by_key=patch_type is not PatchType.MERGE)


def _merged(body: Any, patch: Any, *, by_key: bool) -> Any:
    if by_key and isinstance(patch, list) and isinstance(body, list):
        return _merged_list(body, patch)
    if not isinstance(patch, dict):
        return patch
    merged = body if isinstance(body, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value, by_key=by_key)
    return merged


def _merged_list(body: list[Any], patch: list[Any]) -> list[Any]:
    key = next(
        (key for key in _MERGE_KEYS if all(isinstance(i, dict) and key in i for i in (*body, *patch))), None
    )
    if key is None:
        return patch
    merged = {item[key]: item for item in body}
    for item in patch:
        if item.get("$patch") == "delete":
            merged.pop(item[key], None)
        else:
            merged[item[key]] = _merged(merged.get(item[key]), item, by_key=True)
    return list(merged.values())


def _json_patched(body: Any, operations: Any) -> Any:
    for operation in operations:
        path = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        try:
            _apply(body, path, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Invalid(
                f"the server rejected our request due to an error in our request: {operation}"
            ) from error
    return body


def _apply(body: Any, path: list[str], operation: dict[str, Any]) -> None:
    parent = body
    for part in path[:-1]:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    last: Any = path[-1]
    if isinstance(parent, list):
        last = len(parent) if last == "-" else int(last)
    match operation["op"]:
        case "test":
            # As in the server's own library, what is missing equals null.
            have = parent.get(last) if isinstance(parent, dict) else parent[last]
            if have != operation["value"]:
                raise ValueError("test failed")
        case "add" if isinstance(parent, list):
            parent.insert(last, operation["value"])
        case "add":
            parent[last] = operation["value"]
        case "replace":
            parent[last]
            parent[last] = operation["value"]
        case "remove":
            del parent[last]
        case other:
            raise ValueError(f"op {other!r}")
