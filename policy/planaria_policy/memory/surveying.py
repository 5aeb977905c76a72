"""A memory in figures."""

from pathlib import Path

from sqlalchemy import Connection, func, select

from planaria_policy.memory import store
from planaria_policy.memory.opening import BESIDE
from planaria_policy.memory.place import Place
from planaria_policy.memory.results import Stats
from planaria_policy.memory.schema import TRAJECTORIES


def survey(connection: Connection, where: Place) -> Stats:
    version = TRAJECTORIES.c.policy_version
    oldest, newest = connection.execute(select(func.min(version), func.max(version))).one()
    recovered = store.counts(connection, TRAJECTORIES.c.recovered)
    count = sum(recovered.values())
    return Stats(
        count=count,
        by_fault=store.counts(connection, TRAJECTORIES.c.fault),
        by_source=store.counts(connection, TRAJECTORIES.c.source),
        recovered=recovered.get(True, 0) / max(count, 1),
        oldest_version=oldest,
        newest_version=newest,
        bytes=_bytes(where.file) if where.file else store.bytes_on_server(connection),
    )


def _bytes(file: Path) -> int:
    parts = (Path(f"{file}{end}") for end in BESIDE)
    return sum(part.stat().st_size for part in parts if part.exists())
