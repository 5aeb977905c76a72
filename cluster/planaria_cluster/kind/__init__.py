"""A cluster in containers of a Docker engine, through kind."""
