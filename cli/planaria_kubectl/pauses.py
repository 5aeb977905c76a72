"""Requests to pause: `spec.pauseRequests` of a policy, one entry for each requester."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from planaria_operator.api.base import ApiModel
from planaria_operator.objects.meta import Body


class PauseRequest(ApiModel):
    requester: str
    reason: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or self.until > now


_REQUESTS: TypeAdapter[tuple[PauseRequest, ...]] = TypeAdapter(tuple[PauseRequest, ...])


def pauses_of(body: Body) -> tuple[PauseRequest, ...]:
    """From the body, not from the operator's model: an operator of before pauses pruned what it did not know.

    Raises ValueError for what the schema would have refused.
    """
    spec: dict[str, Any] = body.get("spec") or {}
    return _REQUESTS.validate_python(spec.get("pauseRequests") or ())
