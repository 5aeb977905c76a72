"""Run by alembic, on the connection and in the transaction of `upgrade.py`: a step is done wholly or not at all."""

from alembic import context

from planaria_policy.memory.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
