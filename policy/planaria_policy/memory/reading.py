"""Trajectories out of the tables, one or all."""

from collections.abc import Iterator

from planaria_policy.errors import BadData
from planaria_policy.memory import store
from planaria_policy.memory.blob import decode
from planaria_policy.memory.session import Session
from planaria_policy.memory.trajectory import Trajectory


def read(session: Session, number: int, blobs: dict[int, bytes]) -> Trajectory:
    """Raises BadData with the number and the fix where it cannot be read."""
    try:
        return decode(blobs[number])
    except (BadData, KeyError) as error:
        why = "its bytes are missing" if isinstance(error, KeyError) else str(error)
        raise BadData(
            f"memory {session.where}: trajectory {number}: {why}."
            " `planaria memory prune` removes what cannot be read."
        ) from error


def everything(session: Session) -> Iterator[Trajectory]:
    """In the order in which they came. What others remove meanwhile is left out."""
    for _, blobs in _pages(session):
        yield from (read(session, number, blobs) for number in sorted(blobs))


def unreadable(session: Session) -> list[int]:
    """Ids of the damaged, and of those whose bytes are missing. Unpacks everything: seconds for a full memory."""
    return [
        number
        for numbers, blobs in _pages(session)
        for number in numbers
        if number not in blobs or not _readable(blobs[number])
    ]


def _readable(blob: bytes) -> bool:
    try:
        decode(blob)
    except BadData:
        return False
    return True


def _pages(session: Session) -> Iterator[tuple[list[int], dict[int, bytes]]]:
    """In transactions of their own: one that lasts would keep the write-ahead log from being emptied."""
    with session.look():
        numbers: list[int] = session.index.ids().tolist()
    for start in range(0, len(numbers), store.CHUNK):
        some = numbers[start : start + store.CHUNK]
        with session.look() as connection:
            blobs = store.blobs(connection, some)
        yield some, blobs
