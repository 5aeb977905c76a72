"""Version 3: a table for the decisions of incidents that are not over yet."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "planaria_pending",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("incident", sa.Text, nullable=False),
        sa.Column("kept_at", sa.Double, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_planaria_pending_incident", "planaria_pending", ["incident"])
    op.create_index("ix_planaria_pending_kept_at", "planaria_pending", ["kept_at"])
