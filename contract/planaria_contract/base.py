"""How every model of the contract behaves on the wire."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION: Final = 1
"""Raised whenever a peer one release away could misread a field. A golden schema per version guards it."""


class Model(BaseModel):
    """Frozen, and tolerant of a newer peer.

    During a rolling update two pods differ by one version, so a reader ignores fields it does not know. Writers cannot
    invent any: constructors are type-checked.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    def to_json(self) -> str:
        """Compact JSON, without fields left at None."""
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote. Raises `pydantic.ValidationError` naming each wrong field."""
        return cls.model_validate_json(text)
