"""Templates -> training samples: filled, dressed as logs are, mixed with noise and with the symptoms that causes have."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from planaria_contract import Fault
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.fill import fill

MIXED: Final = 0.35
"""Share of samples that are windows of several lines."""
OWN: Final = 0.6
"""Share of windows whose noise is the system's own; in the others anybody's."""
DRESSED: Final = 0.4
"""Share of lines that stand in somebody's log format."""
SYMPTOMS: Final = frozenset({Fault.APPLICATION_CRASH, Fault.HANG_OR_PROBE_FAILURE})
"""What many causes look like from outside: beside another fault's line, such a line is its symptom."""

NAMELESS: Final = 0.2
"""Share of lines that lose a leading `program:`."""

_NAME: Final = re.compile(r"^[\w./-]{2,40}(?:\[\d+\])?: ")
_ALARMING: Final = re.compile(r"\b(?:error|fatal|crit|critical)\b", re.IGNORECASE)
_LEVELS: Final = ("ERROR", "error", "E", "WARN", "warning", "FATAL", "CRITICAL")
_CALM: Final = ("INFO", "info", "I", "DEBUG", "notice", "LOG")


@dataclass(frozen=True, slots=True)
class Sample:
    text: str
    fault: Fault
    severity: int
    kind: str
    source: str
    second: Fault | None = None


@dataclass(frozen=True)
class Mixer:
    """Draws samples from templates; the same seed draws the same samples."""

    templates: Sequence[Template]
    draw: random.Random
    plain: bool = False
    """As the system prints it, amid its own other lines: for measuring. Training also dresses, cuts and mixes systems."""

    def epoch(self, each: int = 1) -> Iterator[Sample]:
        """Every template `each` times, in random order."""
        order = [template for template in self.templates for _ in range(each)]
        self.draw.shuffle(order)
        calm = [template for template in self.templates if template.fault is Fault.HEALTHY]
        signs = [
            template
            for template in self.templates
            if template.fault in SYMPTOMS and template.kind == "k8s_event"
        ]
        for template in order:
            yield self.sample(template, calm, signs)

    def sample(self, template: Template, calm: Sequence[Template], signs: Sequence[Template]) -> Sample:
        lines = [self.line(template)]
        if self.draw.random() < MIXED:
            near = [other for other in calm if other.source == template.source] or calm
            pool = near if self.plain or self.draw.random() < OWN else calm
            lines += [self.line(self.draw.choice(pool)) for _ in range(self.draw.randrange(4)) if pool]
            if signs and template.fault not in {*SYMPTOMS, Fault.HEALTHY} and self.draw.random() < 0.3:
                lines.append(self.line(self.draw.choice(signs)))
            self.draw.shuffle(lines)
        return Sample(
            "\n".join(lines),
            template.fault,
            template.severity,
            template.kind,
            template.source,
            template.second,
        )

    def line(self, template: Template) -> str:
        text = fill(template.text, self.draw)
        prefixes = fitting(template)
        if prefixes and self.draw.random() < 0.5:
            text = f"{fill(self.draw.choice(prefixes), self.draw)} {text}"
        elif self.plain:
            return text
        elif template.kind == "container_log" and self.draw.random() < DRESSED:
            text = self._dressed(text, calm=template.fault is Fault.HEALTHY)
        return text if self.plain else self._worn(self._nameless(text))

    def _nameless(self, text: str) -> str:
        """Without the program's name, now and then: what is said must not hang on who says it."""
        return _NAME.sub("", text) or text if self.draw.random() < NAMELESS else text

    def _dressed(self, text: str, *, calm: bool) -> str:
        level = self.draw.choice((*_CALM, "WARN") if calm else (*_LEVELS, *_CALM[:2]))
        stamp = fill("<ts>", self.draw)
        match self.draw.randrange(6):
            case 0:
                return json.dumps({"level": level, "ts": stamp, "msg": text})
            case 1:
                return f'time="{stamp}" level={level} msg={json.dumps(text)}'
            case 2:
                return f"{stamp} {level} {text}"
            case 3:
                return f"{stamp} [{fill('<app>', self.draw)}] {level}: {text}"
            case 4:
                return fill(f"<app> | {level} ", self.draw) + text
            case _:
                return fill("<class> - ", self.draw) + text

    def _worn(self, text: str) -> str:
        """Cut short, or without its case, as text sometimes arrives."""
        luck = self.draw.random()
        if luck < 0.06:
            return text.lower()
        if luck < 0.08:
            return text.upper()
        if luck < 0.13 and len(text) > 80:
            return text[: self.draw.randrange(len(text) * 2 // 3, len(text))]
        if luck < 0.18:
            words = text.split(" ")
            return " ".join(word for word in words if self.draw.random() > 0.08) or text
        return text


def fitting(template: Template) -> Sequence[str]:
    """What its system puts before such a line: nothing prints a harmless line as an error."""
    if template.fault is not Fault.HEALTHY:
        return template.prefixes
    return [prefix for prefix in template.prefixes if not _ALARMING.search(prefix)]
