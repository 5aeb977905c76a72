"""How an attempt is named on what it changes, so that whoever finds the mark knows whose it is. Pure."""

from typing import Any, Final

from planaria_operator.act.patches import ATTEMPT, JsonPatch, pointer
from planaria_operator.api.remediation import Remediation

UID_CHARACTERS: Final = 8
"""Of a Remediation's uid. It only has to tell apart records of one name, which follow each other."""


def attempt_name(remediation: Remediation, number: int) -> str:
    """`<remediation>/<n>@<uid>`. A record that a person deletes is opened anew under the same name, and is another one."""
    return f"{remediation.name}/{number}@{remediation.uid[:UID_CHARACTERS]}"


def names(mark: str | None, token: str) -> bool:
    """Whether a mark is of this attempt. One of an older version has no uid: it may be of the
    attempt, begun before an upgrade, so it counts as such.
    """
    return mark in {token, token.partition("@")[0]}


def mark_of(patch: JsonPatch, token: str) -> str:
    """What the patch leaves as the attempt's mark: a plan that an older version wrote down leaves the name that it was made with."""
    return _set_by(patch) or token


def _set_by(patch: JsonPatch) -> str | None:
    """The name that a patch leaves in its annotation; None where it leaves none."""
    alone, among = pointer("metadata", "annotations", ATTEMPT), pointer("metadata", "annotations")
    for step in patch:
        value: Any = step.get("value")
        if step["path"] == alone:
            return str(value)
        if step["path"] == among and value:
            return str(value[ATTEMPT])
    return None
