"""Writes that lost a race. One is ordinary, and the next step is taken from what won it; a record that loses each of them
stands still, and nothing else would show that.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import structlog

from planaria_operator.kube.errors import KubeError

TOLD_AFTER: Final = 5
"""Lost races in a row. `planaria_api_errors_total{kind="Conflict"}` counts each of them."""

log = structlog.get_logger("planaria.reconcile")


@dataclass(slots=True)
class Races:
    _lost: Counter[str] = field(default_factory=Counter)

    def lost(self, record: str, error: KubeError) -> None:
        """Told once in a row of them."""
        self._lost[record] += 1
        if self._lost[record] == TOLD_AFTER:
            log.warning(
                "a record cannot be written again and again, so it stands still; does somebody else write it, or two operators lead?",
                record=record,
                times=TOLD_AFTER,
                error=str(error),
            )

    def over(self, record: str) -> None:
        """It was written, or is gone."""
        self._lost.pop(record, None)
