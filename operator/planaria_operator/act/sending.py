"""One operation on its way: what it is called, whether it has arrived, and what the world may say to it. Nothing is sent here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_operator.act.naming import mark_of
from planaria_operator.act.patches import ATTEMPT, REVERT, JsonPatch, stands, still_fits
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.kube.errors import Conflict, Forbidden, KubeError, Permanent
from planaria_operator.kube.interface import JsonBody

CLEANING: Final = frozenset({Verb.UNAVOID, Verb.UNCORDON})

REFUSES_THE_SIZE: Final = ("exceeded quota", " usage per ", "limit to request ratio")
"""In what a ResourceQuota and a LimitRange say; neither has a reason code of its own."""

NO_CHANGE: Final = "carries no change of this attempt to undo"
AS_BEFORE: Final = "is as it was before"
GONE: Final = "is gone"
NOT_OURS: Final = "is not ours, so it stays as it is"
NOTHING_TO_UNDO: Final = (NO_CHANGE, AS_BEFORE, GONE, NOT_OURS)
"""How the note ends on an operation of an undo that found nothing to change."""


class NothingToUndo(str):
    """What is said of an operation of an undo that found nothing to change."""

    __slots__ = ()


class Superseded(Permanent):
    """What was to be undone has been changed by somebody else since, and is theirs now."""


class TooLarge(Permanent):
    """No pod of that size may exist in the namespace, so one that is made from the new template may not either."""


class Outgrown(Conflict):
    """Somebody has made the pod larger than planned, and a template of the planned size would make it smaller again."""


class Replaced(Conflict):
    """A namesake has taken the object's place."""


@dataclass(frozen=True, slots=True)
class Sending:
    operation: Operation
    token: str
    """The attempt's name[/revert]; empty in a dry run."""
    dry_run: bool

    @property
    def place(self) -> tuple[str, str, str]:
        about = self.operation.object
        return about.kind, about.namespace or "", about.name

    @property
    def reverts(self) -> bool:
        return self.token.endswith(REVERT)

    @property
    def undoes(self) -> bool:
        """It takes back what was done, so of an object that is gone nothing is left to do."""
        return self.reverts or self.operation.verb in CLEANING

    def check(self, body: Mapping[str, Any]) -> None:
        found, wanted = body["metadata"].get("uid"), self.operation.object.uid
        if wanted is not None and found != wanted:
            raise Replaced(f"{self.operation.object} was replaced: its uid is {found}, not {wanted}")

    def elsewhere(self, message: str) -> KubeError:
        """Before the action it is decided anew; for an undo there is nothing to wait for, the change is not ours any more."""
        return Superseded(message) if self.reverts else Conflict(message)


def arrived(sending: Sending, body: JsonBody, steps: JsonPatch) -> str | None:
    """Why nothing needs to be sent; None where the patch can go. Raises where the object is another than planned."""
    about = sending.operation.object
    marker = (body["metadata"].get("annotations") or {}).get(ATTEMPT)
    own = mark_of(steps, sending.token)
    if not sending.dry_run and marker == own:
        return f"{about} was patched already"
    if sending.reverts and marker != own.removesuffix(REVERT):
        return NothingToUndo(f"{about} {NO_CHANGE}")
    if still_fits(steps, body):
        return None
    if sending.reverts and stands(steps, body):
        return NothingToUndo(f"{about} {AS_BEFORE}")
    raise sending.elsewhere(f"{about} is not as it was when this was planned: somebody changed it since")


def refuses_the_size(sending: Sending, error: KubeError) -> bool:
    """A node without room refuses to grow a pod and may yet hold another one; these two judge every pod alike."""
    resizes = sending.operation.verb is Verb.RESIZE and isinstance(error, Forbidden)
    return resizes and any(words in str(error) for words in REFUSES_THE_SIZE)
