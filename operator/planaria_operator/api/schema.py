"""From pydantic models to the structural OpenAPI v3 schema that a CustomResourceDefinition must have.

Deny by default: whatever is not known to survive the API server is an error here, at generation, and never a surprise
in somebody's cluster. Beyond what the server asks for, every field needs a description and every string, list and
map a bound, and there are no floats.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

Schema = dict[str, Any]

INT_OR_STRING: Final = "x-kubernetes-int-or-string"
VALIDATIONS: Final = "x-kubernetes-validations"
EVERYWHERE: Final = {"description", "default", VALIDATIONS}
KEYWORDS: Final = {
    "object": {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "maxProperties",
        "x-kubernetes-map-type",
    },
    "array": {
        "type",
        "items",
        "minItems",
        "maxItems",
        "x-kubernetes-list-type",
        "x-kubernetes-list-map-keys",
    },
    "string": {"type", "minLength", "maxLength", "pattern", "format", "enum"},
    "integer": {"type", "minimum", "maximum"},
    "boolean": {"type"},
    INT_OR_STRING: {INT_OR_STRING, "maxLength"},
}
"""What may stand at a node of each kind; everything else is refused."""
ORDER: Final = (
    *("description", "type", INT_OR_STRING, "format", "enum", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "minItems", "maxItems", "maxProperties", "default"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", VALIDATIONS),
    *("required", "properties", "additionalProperties", "items"),
)
"""How a node is written: what it is before what it holds."""
INT32: Final = range(-(2**31), 2**31)


class SchemaError(Exception):
    """A model says something that has no place in a structural schema. The message names the field and the fix."""


class _Generator(GenerateJsonSchema):
    """pydantic's own schema, with defaults written as the API server would store them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            # Where nothing differs, the server fills in the defaults of the fields: each is written down once.
            usual = dft == type(dft).model_construct()
            return {} if usual else dft.model_dump(by_alias=True, exclude_none=True)
        if isinstance(dft, tuple):
            return [self.encode_default(item) for item in dft]
        return super().encode_default(dft)


def structural(model: type[BaseModel], *, defaults: bool) -> Schema:
    """The schema of `model`. With `defaults`, the API server fills in what the user left out.

    Raises SchemaError, naming the field, where the model cannot be expressed.
    """
    raw = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    return _Converter(raw.get("$defs", {}), defaults=defaults).described(raw, model.__name__)


class _Converter:
    def __init__(self, definitions: dict[str, Schema], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def described(self, raw: Schema, path: str) -> Schema:
        node = self.convert(raw, path)
        if not node.get("description"):
            raise SchemaError(f"{path}: has no description; kubectl explain would have nothing to say")
        return node

    def convert(self, raw: Schema | bool, path: str) -> Schema:
        if isinstance(raw, bool):
            raise SchemaError(f"{path}: may be anything; give it a type")
        node = self._plain(raw, path)
        kind = _kind(node, path)
        _check_keywords(node, kind, path)
        _check_bounds(node, kind, path)
        self._convert_children(node, path)
        self._settle_default(node, kind)
        if kind == "integer":
            node["format"] = _integer_format(node)
        return {key: node[key] for key in ORDER if key in node}

    def _plain(self, raw: Schema, path: str) -> Schema:
        """The node with references inlined, and without what only JSON Schema has."""
        node = {key: value for key, value in raw.items() if key not in {"title", "$defs"}}
        if "$ref" in node:
            referred = self._definitions[node.pop("$ref").removeprefix("#/$defs/")]
            node = _merged(self._plain(referred, path), node)
        if INT_OR_STRING in node:
            node.pop("anyOf", None)
        if "anyOf" in node:
            node = _merged(self._plain(_only_choice(node.pop("anyOf"), path), path), node)
        if "const" in node:
            node["enum"] = [node.pop("const")]
        return node

    def _settle_default(self, node: Schema, kind: str) -> None:
        default = node.get("default")
        # Unset and empty are the same to a reader, so an empty text or list is not written into every object.
        if not self._defaults or default is None or (kind != "object" and default in ("", [])):
            node.pop("default", None)
        elif default == {} and VALIDATIONS in node:
            # The server checks a default against the rules before it fills in the defaults of the fields.
            fields = node["properties"].items()
            node["default"] = {name: child["default"] for name, child in fields if "default" in child}

    def _convert_children(self, node: Schema, path: str) -> None:
        if "properties" in node:
            fields = node["properties"].items()
            node["properties"] = {name: self.described(child, f"{path}.{name}") for name, child in fields}
        if "items" in node:
            node["items"] = self.convert(node["items"], f"{path}[]")
            node["items"].pop("description", None)  # kubectl explain would print it after the field's own
            # Merging two lists item by item is only right where items have a key: say so, also for the unkeyed ones.
            node.setdefault("x-kubernetes-list-type", "atomic")
        if "additionalProperties" in node:
            node["additionalProperties"] = self.convert(node["additionalProperties"], f"{path}[*]")


def _merged(below: Schema, above: Schema) -> Schema:
    """`above` wins, but rules of a model and of the field that holds it all apply."""
    both = {**below, **above}
    if rules := [*below.get(VALIDATIONS, []), *above.get(VALIDATIONS, [])]:
        both[VALIDATIONS] = rules
    return both


def _only_choice(choices: list[Schema], path: str) -> Schema:
    """The one that is not null: an optional field is one that is not required, never one that may be null."""
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(real) != 1:
        raise SchemaError(f"{path}: is a union; give it one type, or {INT_OR_STRING}")
    return real[0]


def _kind(node: Schema, path: str) -> str:
    if node.get(INT_OR_STRING):
        return INT_OR_STRING
    kind = node.get("type")
    if kind == "number":
        raise SchemaError(f"{path}: is a float; use an integer, such as a percentage, or {INT_OR_STRING}")
    if kind not in KEYWORDS:
        raise SchemaError(f"{path}: has the type {kind!r}, which a structural schema cannot hold")
    return str(kind)


def _check_keywords(node: Schema, kind: str, path: str) -> None:
    if unknown := set(node) - KEYWORDS[kind] - EVERYWHERE:
        raise SchemaError(
            f"{path}: {', '.join(sorted(unknown))} has no place at this {kind} of a structural schema"
        )
    if "properties" in node and "additionalProperties" in node:
        raise SchemaError(f"{path}: properties and additionalProperties exclude each other")


def _check_bounds(node: Schema, kind: str, path: str) -> None:
    """Without bounds the server can neither estimate what a rule costs nor keep an object from growing for ever."""
    if kind == "string" and not node.keys() & {"maxLength", "enum"} and node.get("format") != "date-time":
        raise SchemaError(f"{path}: a string needs max_length")
    if kind == "array" and "maxItems" not in node:
        raise SchemaError(f"{path}: a list needs max_length")
    if kind == "object" and "properties" not in node and "maxProperties" not in node:
        raise SchemaError(f"{path}: a map needs max_length, or fields of its own")
    if kind == INT_OR_STRING and "maxLength" not in node:
        raise SchemaError(f"{path}: a number or text needs maxLength")


def _integer_format(node: Schema) -> str:
    small = "maximum" in node and node["maximum"] in INT32 and node.get("minimum", 0) in INT32
    return "int32" if small else "int64"
