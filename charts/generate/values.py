"""values.yaml as a tree whose leaves know their comment.

# -- A description, which may go on
# over several lines.
# @schema {minimum: 1}
replicas: 2
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

DESCRIBES, CONSTRAINS = "-- ", "@schema "


class UndocumentedValue(Exception):
    """A value without a description; the message names it."""


@dataclass(frozen=True)
class Value:
    path: tuple[str, ...]
    default: Any
    description: str
    constraints: dict[str, Any]
    """Keywords of JSON Schema beside what the default says."""

    @property
    def name(self) -> str:
        return ".".join(self.path)


def read_values(path: Path) -> list[Value]:
    """In the order of the file. Raises UndocumentedValue for a leaf without a description."""
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise UndocumentedValue(f"{path} is no mapping")
    return list(_leaves(root, (), text.splitlines()))


def _leaves(node: yaml.MappingNode, above: tuple[str, ...], lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        path = (*above, str(key.value))
        description, constraints = _comment(lines, key.start_mark.line)
        whole = not isinstance(value, yaml.MappingNode) or not value.value or "type" in constraints
        if not whole:
            yield from _leaves(value, path, lines)
        elif not description:
            raise UndocumentedValue(f"values.yaml: {'.'.join(path)} has no comment that begins with '# -- '")
        else:
            default = SafeConstructor().construct_document(value)
            yield Value(path, default, description, constraints)


def _comment(lines: list[str], number: int) -> tuple[str, dict[str, Any]]:
    """Of the comment lines directly above: what describes, joined, and what constrains."""
    start = number
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    words: list[str] = []
    constraints: dict[str, Any] = {}
    for line in (each.lstrip().removeprefix("#").strip() for each in lines[start:number]):
        if line.startswith(CONSTRAINS):
            constraints = yaml.safe_load(line.removeprefix(CONSTRAINS))
        elif line.startswith(DESCRIBES) or words:
            words.append(line.removeprefix(DESCRIBES))
    return " ".join(words), constraints
