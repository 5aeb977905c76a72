"""A world in which people can be told."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from planaria_operator.api.notification import Notification
from planaria_operator.api.remediation import Remediation
from planaria_operator.notify.notifier import Notifier
from planaria_operator.notify.receivers import Format, Receiver, Receivers
from planaria_operator.notify.sender import Sender
from planaria_operator.telemetry.metrics import REGISTRY
from tests.notify.inbox import Inbox
from tests.reconcile.harness import World, condition

ONCALL = {"receiver": "oncall", "events": ["Escalated", "Resolved"]}


class Office:
    def __init__(self, world: World, directory: Path, inbox: Inbox) -> None:
        self.world, self.directory, self.inbox = world, directory, inbox
        (directory / "oncall").mkdir()
        (directory / "oncall" / "url").write_text(inbox.url)
        self.senders: list[Sender] = []
        self.restart()

    def restart(self) -> None:
        self.world.restart()
        sender = Sender(deadline_seconds=20.0)
        self.senders.append(sender)
        receivers = Receivers([Receiver("oncall", self.directory / "oncall", Format.GENERIC)])
        self.notifier = Notifier(
            receivers,
            sender,
            self.world.parts.records.update,
            self.world.parts.recorder,
            lambda: self.world.now,
        )
        self.world.parts = replace(self.world.parts, notifier=self.notifier)

    async def pass_by(self, seconds: float = 0) -> Remediation:
        """One pass of the engine, and what it began."""
        remediation = await self.world.step(seconds)
        self.notifier.tick(self.world.store)
        await self.notifier.settle()
        return self.world.store.remediations[remediation.namespace, remediation.name]

    async def tries_to_write(self, count: int) -> None:
        """Time and ticks go by until the record was written to so often more, or tried to be."""
        before = self.world.kube.calls["patch", "Remediation"]
        while self.world.kube.calls["patch", "Remediation"] < before + count:
            self.world.now += timedelta(seconds=5)
            self.notifier.tick(self.world.store)
            await asyncio.sleep(0.001)

    async def escalated(self) -> Remediation:
        return await self.world.until("Escalated", seconds=1)


def only(remediation: Remediation) -> Notification:
    (found,) = remediation.status.notifications
    return found


def notified(remediation: Remediation) -> tuple[str, str]:
    found = condition(remediation, "Notified")
    return found.status.value, found.reason


def counted(receiver: str, outcome: str) -> float:
    labels = {"receiver": receiver, "outcome": outcome}
    return REGISTRY.get_sample_value("planaria_notifications_total", labels) or 0.0
