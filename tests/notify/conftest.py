"""An inbox, and a world that tells it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.notify.inbox import Inbox, served
from tests.notify.offices import ONCALL, Office
from tests.reconcile.harness import VERIFICATION, Script, World


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with served() as found:
        yield found


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inbox: Inbox) -> AsyncIterator[Any]:
    made: list[Office] = []

    def make(*decisions: Any, notify: Any = (ONCALL,), **escalation: Any) -> Office:
        spec = {
            "verification": VERIFICATION,
            "escalation": {"notify": list(notify), **escalation},
        }
        made.append(Office(World(Script(list(decisions)), monkeypatch, **spec), tmp_path, inbox))
        return made[0]

    yield make
    for each in made:
        await each.notifier.aclose()
        for sender in each.senders:
            await sender.aclose()
