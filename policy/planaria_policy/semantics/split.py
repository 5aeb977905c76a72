"""Splits by source system and by template, never by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from planaria_policy.semantics.corpus import CorpusError, Template
from planaria_policy.semantics.fill import masked

FILE: Final = Path(__file__).parent / "corpus" / "splits.yaml"


@dataclass(frozen=True)
class Split:
    train: tuple[Template, ...]
    calibration: tuple[Template, ...]
    test: tuple[Template, ...]


def split(templates: Sequence[Template], file: Path = FILE) -> Split:
    """By the systems that `splits.yaml` names; all others train. A held-out template that training has too is dropped."""
    held = yaml.safe_load(file.read_text(encoding="utf-8"))
    known = {template.source for template in templates}
    for part in ("calibration", "test"):
        if missing := sorted(set(held[part]) - known):
            raise CorpusError(f"{file.name}: {part} names {', '.join(missing)}, which no source file has")
    outside = {*held["calibration"], *held["test"]}
    train = tuple(template for template in templates if template.source not in outside)
    seen = {masked(template.text) for template in train}

    def fresh(part: str) -> tuple[Template, ...]:
        chosen = set(held[part])
        return tuple(t for t in templates if t.source in chosen and masked(t.text) not in seen)

    return Split(train, fresh("calibration"), fresh("test"))
