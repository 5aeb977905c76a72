"""Texts and lists cut to what the schema of the record holds: an over-long one would make the server refuse the record."""

from typing import Any, TypeVar

from annotated_types import MaxLen

from planaria_operator.api.base import ApiModel
from planaria_operator.text import shortened

Part = TypeVar("Part", bound=ApiModel)


def clip(text: str, limit: int) -> str:
    """One printable line of at most `limit` characters; an ellipsis says that something was cut off.

    Log text is hostile: control characters and invisible ones become spaces, so that it cannot steer a terminal.
    """
    # Asked of every symptom in every pass, and hardly any has such a character.
    line = text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
    return shortened(line, limit)


def fitted(part: type[Part], **values: Any) -> Part:
    """The part of the record with each text and list cut to its bound. Raises ValidationError for everything else."""
    return part(**{name: _cut(value, limit_of(part, name)) for name, value in values.items()})


def limit_of(part: type[ApiModel], field: str) -> int | None:
    """The most characters or entries that the field holds; None where it has no such bound."""
    bounds = [entry.max_length for entry in part.model_fields[field].metadata if isinstance(entry, MaxLen)]
    return min(bounds, default=None)


def _cut(value: Any, limit: int | None) -> Any:
    if limit is None:
        return value
    if isinstance(value, str):
        return clip(value, limit)
    return value[:limit] if isinstance(value, tuple) else value
