"""`kubectl explain` prints descriptions only, so the default and the bounds of a setting are said there too."""

from planaria_operator.api.schema import INT_OR_STRING, Schema


def explained(node: Schema) -> Schema:
    """The schema with a last sentence such as `Default 30, from 5 to 3600.` at each plain value."""
    node = dict(node)
    if "properties" in node:
        node["properties"] = {name: explained(child) for name, child in node["properties"].items()}
    if "items" in node:
        node["items"] = explained(node["items"])
    if "description" in node and (sentence := _sentence(node)):
        node["description"] = f"{node['description']} {sentence}"
    return node


def _sentence(node: Schema) -> str:
    parts = [f"default {node['default']}"] if _plain(node) and "default" in node else []
    parts += [bounds] if (bounds := bounds_of(node)) else []
    return f"{', '.join(parts).capitalize()}." if parts else ""


def _plain(node: Schema) -> bool:
    return INT_OR_STRING in node or node.get("type") in {"string", "integer", "boolean"}


def bounds_of(node: Schema) -> str:
    """What a person has to keep to, as in `from 5 to 3600` or `1 to 4 entries`; empty where nothing is bounded."""
    if "minimum" in node and "maximum" in node:
        return f"from {node['minimum']} to {node['maximum']}"
    if "minimum" in node:
        return f"at least {node['minimum']}"
    if INT_OR_STRING in node:
        return ""  # its rule is written out in the description
    for upper, unit in (("maxItems", "entries"), ("maxProperties", "entries"), ("maxLength", "characters")):
        if upper in node:
            lower = node.get(upper.replace("max", "min"), 0)
            return f"{lower} to {node[upper]} {unit}" if lower else f"at most {node[upper]} {unit}"
    return ""
