"""Brings the schema of an opened memory to the newest version."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from planaria_policy.errors import BadData
from planaria_policy.memory.engine import Engines
from planaria_policy.memory.schema import VERSION_TABLE

LOCK: Final = 0x506C616E
"""PostgreSQL's lock for those who upgrade; any number that nobody else uses."""


def upgrade(engines: Engines, where: str, *, to: str = "head") -> None:
    """In one transaction; does nothing, and takes no lock, where the schema is the newest. `to`: for tests.

    Raises BadData where a newer Planaria wrote the memory, or where a file belongs to another program.
    """
    config = _config()
    with engines.reading.connect() as connection:
        if _version(connection, config, where) == _newest(config):
            return
    with engines.writing.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        if _version(connection, config, where) != _newest(config):
            config.attributes["connection"] = connection
            command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    # A % in the path would begin a substitution.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()


def _version(connection: Connection, config: Config, where: str) -> str | None:
    found = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    ).get_current_revision()
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise BadData(
            f"memory {where}: it was written by a newer Planaria (version {found} of the schema; this one knows up to"
            f" {_newest(config)}). Upgrade Planaria, or name another memory."
        )
    if found is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise BadData(f"memory {where}: the file is a database of another program; name another file")
    return found
