"""Version 2: the first decision's facts in a column of their own, so that near incidents are found without unpacking."""

import sqlalchemy as sa
from alembic import op

from planaria_policy.errors import BadData
from planaria_policy.memory.blob import decode

revision = "2"
down_revision = "1"

CHUNK = 500

BLOBS = sa.table("planaria_blobs", sa.column("id", sa.BigInteger), sa.column("data", sa.LargeBinary))
TRAJECTORIES = sa.table(
    "planaria_trajectories", sa.column("id", sa.BigInteger), sa.column("first_facts", sa.LargeBinary)
)


def upgrade() -> None:
    op.add_column("planaria_trajectories", sa.Column("first_facts", sa.LargeBinary))
    connection, last = op.get_bind(), 0
    while True:
        page = sa.select(BLOBS).where(BLOBS.c.id > last).order_by(BLOBS.c.id).limit(CHUNK)
        rows = connection.execute(page).all()
        if not rows:
            return
        _fill(connection, [(row.id, row.data) for row in rows])
        last = rows[-1].id


def _fill(connection: sa.Connection, blobs: list[tuple[int, bytes]]) -> None:
    found = [{"at": number, "facts": _first(blob)} for number, blob in blobs]
    fill = (
        sa.update(TRAJECTORIES)
        .where(TRAJECTORIES.c.id == sa.bindparam("at"))
        .values(first_facts=sa.bindparam("facts"))
    )
    connection.execute(fill, found)


def _first(blob: bytes) -> bytes | None:
    """None for a damaged one: that is no reason to refuse the upgrade of all others."""
    try:
        return decode(blob).facts[0].astype("<f2").tobytes()
    except BadData:
        return None
