"""A newer operator's message in the words of this version, so that an upgrade costs no answer.

A symptom, or an action that is masked or was tried, that this version does not know is left out; a fault is read as `unknown`.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from planaria_contract import Action, Fault, SymptomKind

log = logging.getLogger("planaria.policy.serving")

MOST_TOLD: Final = 64
"""Words; a log is no place for whatever somebody sends."""

Message = dict[str, Any]


class Newer:
    """Tells each word once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def understood(self, message: Any) -> Any:
        """Whatever else is wrong with it stays as it is."""
        if not isinstance(message, dict):
            return message
        told = {**message, "state": self._state(message.get("state"))}
        for name in ("masks", "tried"):
            told[name] = self._known(message.get(name), "category", Action)
        if isinstance(seen := message.get("observation"), dict):
            symptoms = self._known(seen.get("symptoms"), "kind", SymptomKind)
            told["observation"] = {**seen, "symptoms": symptoms}
        return {name: value for name, value in told.items() if name in message}

    def _state(self, state: Any) -> Any:
        if not isinstance(state, dict):
            return state
        told = dict(state)
        if self._is_new(state.get("fault"), Fault):
            told["fault"] = Fault.UNKNOWN.value
        if self._is_new(state.get("secondary"), Fault) or told.get("secondary") == told.get("fault"):
            told["secondary"] = None
        return told

    def _known(self, items: Any, field: str, words: type[StrEnum]) -> Any:
        if not isinstance(items, list):
            return items
        return [
            each for each in items if not (isinstance(each, dict) and self._is_new(each.get(field), words))
        ]

    def _is_new(self, word: Any, words: Iterable[StrEnum]) -> bool:
        if not isinstance(word, str) or word in set(words):
            return False
        if word not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(word)
            log.warning(
                "a newer operator says %.64r, which this version does not know; the rest is read", word
            )
        return True
