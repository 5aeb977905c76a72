"""How an operation stands to the object as it is now: still to come, arrived, or overtaken. Pure."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from planaria_operator.act.naming import mark_of, names
from planaria_operator.act.patches import ATTEMPT, REVERT, still_fits
from planaria_operator.act.running import RELOADED_BY
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.objects.cordon import CORDONED_BY, closing, is_closed, opening

Body = Mapping[str, Any]


class Standing(StrEnum):
    FITS = "Fits"
    """The object is as it was when this was planned: the call would go through."""
    ARRIVED = "Arrived"
    """The object is as the call makes it."""
    OVERTAKEN = "Overtaken"
    """The object is neither as planned nor as the call makes it: it would be decided anew."""
    GONE = "Gone"
    """There is no such object any more, or only a namesake."""
    UNKNOWN = "Unknown"
    """The object could not be read, or says nothing of this."""


def standing_of(operation: Operation, live: Body | None, *, exists: bool, token: str) -> Standing:
    """`token`: the attempt's name (`act/naming.py`)[/revert]. `live` None where it does not exist or may not be read."""
    if not exists:
        return Standing.GONE
    if live is None:
        return Standing.UNKNOWN
    if operation.object.uid not in {None, live["metadata"].get("uid")}:
        return Standing.GONE
    judge = JUDGES.get(operation.verb)
    return judge(operation, live, token) if judge else Standing.UNKNOWN


def _there(_: Operation, __: Body, ___: str) -> Standing:
    return Standing.FITS


def _scaled(operation: Operation, live: Body, _: str) -> Standing:
    replicas = (live.get("spec") or {}).get("replicas")
    if replicas == operation.to_replicas:
        return Standing.ARRIVED
    return Standing.FITS if replicas == operation.from_replicas else Standing.OVERTAKEN


def _patched(operation: Operation, live: Body, token: str) -> Standing:
    marker = (live["metadata"].get("annotations") or {}).get(ATTEMPT)
    steps = json.loads(operation.body)
    own = mark_of(steps, token)
    if marker == own:
        return Standing.ARRIVED
    if token.endswith(REVERT) and marker != own.removesuffix(REVERT):
        return Standing.UNKNOWN  # what is not applied need not be undone
    return Standing.FITS if still_fits(steps, live) else Standing.OVERTAKEN


def _cordoned(operation: Operation, live: Body, _: str) -> Standing:
    try:
        return Standing.FITS if closing(live, json.loads(operation.body)) else Standing.ARRIVED
    except ValueError:
        return Standing.OVERTAKEN


def _uncordoned(operation: Operation, live: Body, _: str) -> Standing:
    if not is_closed(live):
        return Standing.ARRIVED
    return Standing.FITS if opening(live, json.loads(operation.body)[CORDONED_BY]) else Standing.OVERTAKEN


def _run(_: Operation, live: Body, token: str) -> Standing:
    """A mark says that the command was begun, or was about to be: it will not be begun again."""
    mark = (live["metadata"].get("annotations") or {}).get(RELOADED_BY)
    return Standing.ARRIVED if names(mark, token) else Standing.FITS


JUDGES: Final[Mapping[Verb, Callable[[Operation, Body, str], Standing]]] = {
    Verb.EVICT: _there,
    Verb.SCALE: _scaled,
    Verb.PATCH: _patched,
    Verb.CORDON: _cordoned,
    Verb.UNCORDON: _uncordoned,
    Verb.EXEC: _run,
}
