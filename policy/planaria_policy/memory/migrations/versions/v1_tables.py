"""Version 1: trajectories, their bytes, and the clock."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _trajectories()
    op.create_table(
        "planaria_blobs",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    state = op.create_table(
        "planaria_memory_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("clock", sa.BigInteger, nullable=False),
        sa.Column("next_id", sa.BigInteger, nullable=False),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(state, [{"id": 1, "clock": 0, "next_id": 1, "removed_at": 0}])


def _trajectories() -> None:
    op.create_table(
        "planaria_trajectories",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("incident", sa.Text, nullable=False, unique=True),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("policy_version", sa.BigInteger, nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("total", sa.Double, nullable=False),
        sa.Column("recovered", sa.Boolean, nullable=False),
        sa.Column("harmed", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("priority", sa.Double, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_planaria_trajectories_changed", "planaria_trajectories", ["changed"])
