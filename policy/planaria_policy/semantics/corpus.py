"""Reads the corpus: one text file per source system, one template per line, under headers that name its class."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from planaria_contract import CLASSES, Fault

SOURCES: Final = Path(__file__).parent / "corpus" / "sources"
KINDS: Final = ("container_log", "k8s_event", "kernel", "mixed")

_HEADER: Final = re.compile(
    r"^\[(?P<fault>[a-z_]+)(?:\+(?P<second>[a-z_]+))?(?: (?P<severity>[0-3]))?(?: (?P<kind>[a-z0-9_]+))?\]$"
)
_MISSPELT: Final = re.compile(r"^\[ *([a-z_]+)\b[^\]]*\]$", re.IGNORECASE)
_NAMES: Final = {fault.value: fault for fault in CLASSES}


class CorpusError(ValueError):
    """A source file that cannot be read; the message names file, line, value and fix."""


@dataclass(frozen=True, slots=True)
class Template:
    """One way in which one system says one thing."""

    source: str
    family: str
    kind: str
    fault: Fault
    text: str
    """With placeholders such as <ip>; lines are separated by newlines."""
    severity: int
    """0 nothing wrong, 1 degraded, 2 partly failing, 3 down; as this text alone says it."""
    second: Fault | None = None
    prefixes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Header:
    values: dict[str, str] = field(default_factory=dict)
    prefixes: list[str] = field(default_factory=list)


def load(folder: Path = SOURCES) -> list[Template]:
    """Every template of every source, in the order of the files' names. Raises `CorpusError`."""
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise CorpusError(f"{folder}: no source files (*.txt) here")
    return [template for path in paths for template in read(path)]


def read(path: Path) -> Iterator[Template]:
    header, section = _Header(), None
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        if line.startswith("# ") and section is None:
            _describe(header, line)
        elif match := _HEADER.match(line.strip()):
            section = _section(where, match)
        elif _like_a_header(line):
            raise CorpusError(
                f"{where}: {line[:60]!r} is no header; write [class], [class 0-3] or [class 0-3 kind]"
            )
        elif section is None:
            raise CorpusError(f"{where}: {line[:60]!r} stands before any [class severity] header")
        else:
            yield _template(where, header, section, line)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path.name}: byte {error.start} is no UTF-8; save the file as UTF-8") from error


def _like_a_header(line: str) -> bool:
    """The name of a class in brackets, and something wrong after it: it would become a template of the class before."""
    match = _MISSPELT.match(line.strip())
    return match is not None and match[1].lower() in _NAMES


def _describe(header: _Header, line: str) -> None:
    key, _, value = line[2:].partition(":")
    if key.strip() == "prefix":
        header.prefixes.append(value.strip())
    else:
        header.values[key.strip()] = value.strip()


def _section(where: str, match: re.Match[str]) -> dict[str, str | None]:
    found = match.groupdict()
    for name in (found["fault"], found["second"]):
        if name is not None and name not in _NAMES:
            raise CorpusError(f"{where}: class {name!r} is not one of {', '.join(_NAMES)}")
    if found["kind"] is not None and found["kind"] not in KINDS:
        raise CorpusError(
            f"{where}: kind {found['kind']!r} is not one of {', '.join(KINDS)}, nor a severity of 0 to 3"
        )
    return found


def _template(where: str, header: _Header, section: dict[str, str | None], line: str) -> Template:
    missing = [
        key for key in ("source", "family", "kind", "provenance", "licence") if not header.values.get(key)
    ]
    if missing:
        raise CorpusError(f"{where}: the file's head lacks {', '.join(f'# {key}:' for key in missing)}")
    if header.values["kind"] not in KINDS:
        raise CorpusError(f"{where}: # kind: {header.values['kind']!r} is not one of {', '.join(KINDS)}")
    fault = _NAMES[section["fault"] or ""]
    return Template(
        source=header.values["source"],
        family=header.values["family"],
        kind=section["kind"] or header.values["kind"],
        fault=fault,
        text=line.strip().replace("\\n", "\n").replace("\\t", "\t"),
        severity=int(section["severity"] or (0 if fault is Fault.HEALTHY else 2)),
        second=_NAMES[section["second"]] if section["second"] else None,
        prefixes=tuple(header.prefixes),
    )
