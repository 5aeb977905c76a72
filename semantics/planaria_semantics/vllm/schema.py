"""The form that the model fills in, made from the fields of `SemanticState`.

The fault comes first, so that it is decided before anything else is written. Only keywords that both grammar engines of
vLLM know are used: every array has an end, and no number is a float (xgrammar writes those out to 17 digits).
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from planaria_contract import CLASSES, Fault, SemanticState
from planaria_semantics.errors import Malformed

NAME: Final = "semantic_state"
NONE: Final = "none"
MAX_EVIDENCE: Final = 4
"""Lines that the model may point at. It is poor at it, and each costs tokens."""
FAULTS: Final = (*(fault.value for fault in CLASSES), Fault.UNKNOWN.value)

_SEVERITY: Final = SemanticState.model_json_schema()["properties"]["severity"]


def answer_schema(entries: int) -> dict[str, Any]:
    """For a window that shows `entries` entries, numbered from 0."""
    properties: dict[str, Any] = {
        "fault": {"type": "string", "enum": list(FAULTS)},
        "secondary": {"type": "string", "enum": [*(fault.value for fault in CLASSES), NONE]},
        "severity": {"type": "integer", "minimum": _SEVERITY["minimum"], "maximum": _SEVERITY["maximum"]},
        "certainty": {"type": "integer", "minimum": 0, "maximum": 100},
        "evidence": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": max(entries - 1, 0)},
            "maxItems": MAX_EVIDENCE if entries else 0,
        },
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class Answer(BaseModel):
    """The form, filled in. It is checked here too: not every server that speaks this API keeps to the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    fault: Fault
    secondary: Fault | Literal["none"]
    severity: int = Field(ge=_SEVERITY["minimum"], le=_SEVERITY["maximum"])
    certainty: int = Field(ge=0, le=100)
    """What the model thinks of its own answer. Kept out of every decision: it is not calibrated."""
    evidence: tuple[int, ...] = Field(max_length=MAX_EVIDENCE)

    @property
    def second(self) -> Fault | None:
        other = self.secondary
        return other if isinstance(other, Fault) and other not in {self.fault, Fault.UNKNOWN} else None


def parse(text: str, entries: int) -> Answer:
    """Raises `Malformed` for what is not the form, and for lines that are not in the window."""
    try:
        answer = Answer.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "answer"
        raise Malformed(f"the answer is not of the schema: {where}: {first['msg']}") from None
    if any(not 0 <= number < entries for number in answer.evidence):
        raise Malformed(f"the answer points at line {max(answer.evidence)} of {entries}")
    return answer
