"""Texts made to fit where they are shown or kept."""

from collections.abc import Sequence


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the last an ellipsis where some were cut off: blackening goes by it."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def listed(names: Sequence[str], *, limit: int = 4) -> str:
    """The first `limit` of them, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
