"""The tables as they are now; `migrations/` tells how they came to be so.

What is asked about all trajectories at once stands apart from their bytes: reading 50,000 narrow rows takes a fraction
of a second, and reading past 50,000 blobs would not.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA: Final = MetaData()
NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps rows in the order of an INTEGER key, and of nothing else."""
VERSION_TABLE: Final = "planaria_memory_version"

TRAJECTORIES: Final = Table(
    "planaria_trajectories",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("incident", Text, nullable=False, unique=True),
    Column("fault", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("policy_version", BigInteger, nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("total", Double, nullable=False),
    Column("recovered", Boolean, nullable=False),
    Column("harmed", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("priority", Double, nullable=False),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("first_facts", LargeBinary),
)
"""`changed`: the clock when the row was last written. `first_facts`: the first decision's facts, float16, for
`Memory.nearest`; NULL where an upgrade could not read them."""

BLOBS: Final = Table(
    "planaria_blobs",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

PENDING: Final = Table(
    "planaria_pending",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("incident", Text, nullable=False, index=True),
    Column("kept_at", Double, nullable=False, index=True),
    Column("data", LargeBinary, nullable=False),
)
"""Decisions of incidents that are not over yet. `kept_at`: Unix seconds of the service that kept it. `data`: what
`recording.step` makes of it."""

STATE: Final = Table(
    "planaria_memory_state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("clock", BigInteger, nullable=False),
    Column("next_id", BigInteger, nullable=False),
    Column("removed_at", BigInteger, nullable=False),
)
"""One row. Every writer moves `clock` on before it does anything else, which is the lock between writers, and what tells
other processes that they have to look again. Ids are handed out here and never used twice: one that a trainer still
holds can be gone, but never mean another trajectory. `removed_at`: the clock when rows were last removed."""
