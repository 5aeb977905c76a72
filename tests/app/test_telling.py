"""What the process tells beside its work."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from planaria_operator import app
from planaria_operator.objects.meta import Identity
from planaria_operator.objects.store import ClusterStore


async def test_only_who_leads_tells_which_policies_cannot_be_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app, "TELL_SECONDS", 0.0)
    store, told = ClusterStore(), asyncio.Event()
    store.unreadable[Identity("HealingPolicy", "shop", "own", "u1")] = "spec.mode: not one of these"
    lead: Any = SimpleNamespace(leading=False)
    recorder: Any = SimpleNamespace(record=lambda *_, **__: told.set())
    telling = asyncio.create_task(app._tell_of_unreadable(store, recorder, lead))
    await asyncio.sleep(0.01)
    assert not told.is_set(), "it was read before the lead was won"
    lead.leading = True
    await asyncio.wait_for(told.wait(), 5)
    telling.cancel()
