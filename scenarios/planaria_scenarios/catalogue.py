"""Reading scenarios from their folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from planaria_scenarios.errors import CatalogueError
from planaria_scenarios.model import Kind, Scenario

ROOT = Path(__file__).resolve().parent / "catalogue"
Body = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A scenario with its manifests."""

    scenario: Scenario
    folder: Path
    workload: tuple[Body, ...]
    policy: tuple[Body, ...]

    @property
    def name(self) -> str:
        return self.scenario.name

    def manifest(self, file: str) -> tuple[Body, ...]:
        return read_manifests(self.folder / file)


def load_all(root: Path = ROOT) -> list[Entry]:
    """Every scenario: faults first, each group by name. Raises CatalogueError at the first that cannot be used."""
    entries = [load(path.parent) for path in sorted(root.glob("*/scenario.yaml"))]
    if not entries:
        raise CatalogueError(f"{root}: no */scenario.yaml in it")
    return sorted(entries, key=lambda entry: (entry.scenario.kind is Kind.CONTROL, entry.name))


def find(names: list[str], root: Path = ROOT) -> list[Entry]:
    """The scenarios of these names, in this order; `all`, `faults` and `controls` stand for groups."""
    known = {entry.name: entry for entry in load_all(root)}
    chosen: dict[str, Entry] = {}
    for name in names:
        group = _group(name, known)
        if not group:
            raise CatalogueError(f"no scenario {name!r}; there are {', '.join(known)}")
        chosen.update(group)
    return list(chosen.values())


def _group(name: str, known: dict[str, Entry]) -> dict[str, Entry]:
    if name in known:
        return {name: known[name]}
    kinds = {"all": tuple(Kind), "faults": (Kind.FAULT,), "controls": (Kind.CONTROL,)}.get(name, ())
    return {key: entry for key, entry in known.items() if entry.scenario.kind in kinds}


def load(folder: Path) -> Entry:
    """Read one folder. Raises CatalogueError naming file, field, value and fix."""
    file = folder / "scenario.yaml"
    body = _yaml(file)
    if len(body) != 1:
        raise CatalogueError(f"{file}: must hold exactly one YAML document, has {len(body)}")
    try:
        scenario = Scenario.model_validate({"name": folder.name, **body[0]})
    except ValidationError as error:
        raise CatalogueError(_explain(file, error)) from error
    own = folder / "policy.yaml"
    policy = read_manifests(own if own.exists() else folder.parent / "policy.yaml")
    entry = Entry(scenario, folder, read_manifests(folder / "workload.yaml"), policy)
    _check_references(entry)
    return entry


def read_manifests(file: Path) -> tuple[Body, ...]:
    """Every document of a manifest. Raises CatalogueError where one is not a Kubernetes object."""
    bodies = tuple(_yaml(file))
    for number, body in enumerate(bodies, start=1):
        missing = [field for field in ("apiVersion", "kind", "metadata") if field not in body]
        if missing:
            raise CatalogueError(f"{file}: document {number} lacks {', '.join(missing)}")
    return bodies


def _yaml(file: Path) -> list[Body]:
    try:
        documents = [body for body in yaml.safe_load_all(file.read_text()) if body is not None]
    except FileNotFoundError as error:
        raise CatalogueError(f"{file}: this file is missing") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if any(not isinstance(body, dict) for body in documents):
        raise CatalogueError(f"{file}: every document must be a mapping")
    return documents


def _explain(file: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"]) or "(whole file)"
        given = problem["input"]
        value = f", got {given!r}" if isinstance(given, str | int | float | bool) else ""
        lines.append(f"{where}: {_fix(problem['type'], problem['msg'])}{value}")
    return f"{file}: " + "; ".join(lines)


def _fix(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such field; remove it or correct its name"
    if kind == "missing":
        return "this field is required; add it"
    return message.removeprefix("Value error, ").lower().rstrip(".")


def _check_references(entry: Entry) -> None:
    """A misspelt workload would make an oracle that waits for ever, or a harm rule that never bites."""
    scenario = entry.scenario
    applied = [body for step in scenario.inject if step.apply for body in entry.manifest(step.apply)]
    known = {f"{body['kind']}/{body['metadata']['name']}" for body in (*entry.workload, *applied)}
    for field, ref in _references(scenario):
        if ref not in known:
            raise CatalogueError(
                f"{entry.folder / 'scenario.yaml'}: {field}: {ref} is in none of the manifests; "
                f"use one of {', '.join(sorted(known))}"
            )


def _references(scenario: Scenario) -> list[tuple[str, str]]:
    found = [("oracle.workload", scenario.oracle.workload)]
    found += [("oracle.also", ref) for ref in scenario.oracle.also]
    if scenario.expected:
        found.append(("expected.target", scenario.expected.target))
    for index, step in enumerate(scenario.inject):
        for name in step.model_fields_set:
            value = getattr(step, name)
            refs = [getattr(value, field, None) for field in ("object", "to", "hosting", "of")]
            found += [(f"inject.{index}.{name}", ref) for ref in refs if ref]
    return found
