"""values.schema.json: what `helm install` and `helm upgrade` refuse, with the path of the wrong value."""

import json
from typing import Any

from charts.generate.values import Value

TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}


def schema_text(values: list[Value]) -> str:
    return json.dumps(schema(values), indent=2, ensure_ascii=False) + "\n"


def schema(values: list[Value]) -> dict[str, Any]:
    """Closed: a name that is not in values.yaml is refused, so that a misspelt one does not go unnoticed."""
    root = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of planaria", **_closed()}
    for value in values:
        place = root
        for name in value.path[:-1]:
            place = place["properties"].setdefault(name, _closed())
        place["properties"][value.path[-1]] = _leaf(value)
    return root


def _closed() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _leaf(value: Value) -> dict[str, Any]:
    kind = TYPES.get(type(value.default), "object")
    return {"description": value.description, "type": kind, "default": value.default, **value.constraints}
