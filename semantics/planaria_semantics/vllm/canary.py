"""A question with nothing of the cluster in it, to see whether the model answers. It also warms the server's cache."""

from datetime import UTC, datetime
from typing import Final

from planaria_contract import LogLine, ObjectRef, Observation
from planaria_semantics.window import Entry, Window

_TEXT: Final = "canary: listening on port 8080, ready to serve"

CANARY: Final = Window(
    observation=Observation(
        incident="canary",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        target=ObjectRef(kind="Deployment", name="canary"),
        symptoms=(),
        logs=(LogLine(index=0, pod="canary", container="canary", text=_TEXT),),
    ),
    entries=(Entry(kind="log", index=0, text=_TEXT, template=_TEXT),),
)
