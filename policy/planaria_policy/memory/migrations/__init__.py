"""How the schema came to be: alembic runs these when a memory is opened."""
