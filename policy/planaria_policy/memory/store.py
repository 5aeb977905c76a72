"""The SQL: each function is one step inside a transaction that the caller holds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from planaria_policy.memory.blob import encode
from planaria_policy.memory.schema import BLOBS, STATE, TRAJECTORIES
from planaria_policy.memory.trajectory import Trajectory

T = TypeVar("T")

CHUNK: Final = 500
"""Values in one IN (...)."""

INDEXED: Final = tuple(
    TRAJECTORIES.c[name]
    for name in ("id", "priority", "fault", "policy_version", "total", "recovered", "harmed", "first_facts")
)


class State(NamedTuple):
    clock: int
    next_id: int
    removed_at: int


class Record(NamedTuple):
    """A trajectory on its way into the tables."""

    values: dict[str, Any]
    blob: bytes


def record(trajectory: Trajectory) -> Record:
    """Done before the transaction begins: others need not wait while we pack."""
    values = {
        name: getattr(trajectory, name)
        for name in ("incident", "fault", "source", "policy_version", "total", "recovered", "harmed", "note")
    }
    first = trajectory.facts[0].astype("<f2").tobytes()
    return Record({**values, "decisions": len(trajectory.rows), "first_facts": first}, encode(trajectory))


def state(connection: Connection) -> State:
    return State(*connection.execute(select(STATE.c.clock, STATE.c.next_id, STATE.c.removed_at)).one())


def begin_write(connection: Connection, ids: int = 0) -> State:
    """Moves the clock on and takes `ids` numbers. Other writers wait from here to the end of the transaction.

    What it returns: this write's clock, the first number after those taken, and when rows were last removed.
    """
    moved = update(STATE).values(clock=STATE.c.clock + 1, next_id=STATE.c.next_id + ids)
    return State(
        *connection.execute(moved.returning(STATE.c.clock, STATE.c.next_id, STATE.c.removed_at)).one()
    )


def changed_since(connection: Connection, clock: int) -> Sequence[Row[Any]]:
    """`INDEXED` of what was written after `clock`, in order of id."""
    return connection.execute(
        select(*INDEXED).where(TRAJECTORIES.c.changed > clock).order_by(TRAJECTORIES.c.id)
    ).all()


def ids(connection: Connection) -> Sequence[int]:
    return connection.execute(select(TRAJECTORIES.c.id)).scalars().all()


def ids_of(connection: Connection, incidents: Iterable[str]) -> list[int]:
    return [
        number
        for some in _chunks(incidents)
        for number in connection.execute(
            select(TRAJECTORIES.c.id).where(TRAJECTORIES.c.incident.in_(some))
        ).scalars()
    ]


def put(connection: Connection, records: Sequence[Record], numbers: Sequence[int], **more: float) -> None:
    """`more`: `priority` and `changed`, the same for all."""
    rows = [{**each.values, **more, "id": number} for number, each in zip(numbers, records, strict=True)]
    connection.execute(insert(TRAJECTORIES), rows)
    blobs = [{"id": number, "data": each.blob} for number, each in zip(numbers, records, strict=True)]
    connection.execute(insert(BLOBS), blobs)


def remove(connection: Connection, numbers: Iterable[int], clock: int) -> None:
    for some in _chunks(numbers):
        connection.execute(delete(TRAJECTORIES).where(TRAJECTORIES.c.id.in_(some)))
        connection.execute(delete(BLOBS).where(BLOBS.c.id.in_(some)))
    connection.execute(update(STATE).values(removed_at=clock))


def reprioritise(connection: Connection, priorities: dict[int, float], clock: int) -> None:
    change = (
        update(TRAJECTORIES)
        .where(TRAJECTORIES.c.id == bindparam("number"))
        .values(priority=bindparam("new"), changed=clock)
    )
    connection.execute(change, [{"number": number, "new": new} for number, new in priorities.items()])


def blobs(connection: Connection, numbers: Iterable[int]) -> dict[int, bytes]:
    """By id; what is gone is left out."""
    return {
        number: bytes(data)
        for some in _chunks(numbers)
        for number, data in connection.execute(select(BLOBS.c.id, BLOBS.c.data).where(BLOBS.c.id.in_(some)))
    }


def counts(connection: Connection, column: ColumnElement[Any]) -> dict[Any, int]:
    """How many have each value, the most frequent first."""
    many = func.count()
    asked = select(column, many).group_by(column).order_by(many.desc(), column)
    return {value: count for value, count in connection.execute(asked)}  # noqa: C416  # rows are no pairs to mypy


def bytes_on_server(connection: Connection) -> int:
    """PostgreSQL only."""
    sizes = (func.pg_total_relation_size(func.to_regclass(each.name)) for each in (TRAJECTORIES, BLOBS))
    return sum(int(connection.execute(select(size)).scalar_one()) for size in sizes)


def _chunks(values: Iterable[T]) -> Iterator[list[T]]:
    left = iter(values)
    while some := list(islice(left, CHUNK)):
        yield some
