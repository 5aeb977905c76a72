"""A world in which what is detected, and what counts as well, is real: nothing of it is told by the test."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.detector import detect
from planaria_operator.objects.store import View
from planaria_operator.reconcile import advance as advancing
from planaria_operator.reconcile.case import Case
from planaria_operator.verify.health import health
from tests.reconcile.harness import Script, World


class Seeing(World):
    def __init__(self, script: Script, monkeypatch: pytest.MonkeyPatch, **spec: Any) -> None:
        super().__init__(script, monkeypatch, **spec)
        monkeypatch.setattr(advancing, "health", health)

    def see(self, *views: View) -> None:
        for view in views:
            self.store.put(view)

    async def step(self, seconds: float = 0) -> Remediation:
        """The first incident there is has its record opened; then that is advanced, under its own policy."""
        self.now += timedelta(seconds=seconds)
        if not self.store.remediations:
            await self.parts.records.open(detect(self.store, self.policy, self.now)[0])
        (remediation,) = self.store.remediations.values()
        policy = self.store.policies[remediation.policy_key]
        found = tuple(detect(self.store, policy, self.now))
        return await advancing.advance(self.parts, Case(remediation, policy, found, self.now))
