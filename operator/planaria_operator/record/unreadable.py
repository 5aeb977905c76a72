"""What people are told of policies that cannot be read: their status is not written, so that an Event has to say it."""

from typing import Final

from planaria_operator.api.base import POLICY_KINDS
from planaria_operator.api.plan import ObjectReference
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.events import Recorder

TELL_SECONDS: Final = 30.0
"""How often it is told for as long as it is so: Events live for an hour. A repeat only counts the first one up."""


def tell_of_unreadable(recorder: Recorder, store: ClusterStore) -> None:
    """An Event on each policy that cannot be read, which says what is wrong with it."""
    for (kind, namespace, name, uid), why in store.unreadable.items():
        if kind in POLICY_KINDS:
            about = ObjectReference(kind=kind, namespace=namespace or None, name=name, uid=uid or None)
            note = f"it cannot be read, so nothing is done about what it may have: {why}"
            recorder.record(about, reason=Reason.POLICY_UNREADABLE, note=note, action="Read", warning=True)
