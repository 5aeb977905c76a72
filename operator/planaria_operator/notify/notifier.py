"""Sends what the records say is pending, and writes down what became of it. Nothing waits for it.

Level-based like the rest: there is no queue that a restart could lose. What a record says is pending is sent, at least
once; a receiver knows a repeat by its Idempotency-Key.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Final

import structlog

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.notification import Notification
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, RemediationStatus
from planaria_operator.evidence.redact import Redactor, redactor_of
from planaria_operator.kube.errors import KubeError, NotFound
from planaria_operator.notify.ledger import due, not_sent, reminded, sent
from planaria_operator.notify.payload import body, idempotency_key
from planaria_operator.notify.receivers import NotDelivered, Receivers
from planaria_operator.notify.sender import AGENT, Sender
from planaria_operator.objects.store import ClusterStore
from planaria_operator.record.events import Recorder
from planaria_operator.telemetry import metrics

log = structlog.get_logger("planaria.notify")

MOST_TRIES: Final = 12
"""With the pauses between them, about 40 minutes."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
MOST_AT_ONCE: Final = 4
"""Messages under way to one receiver; a slow one does not hold up the others, and the rest waits in the records."""
UNWRITTEN_PAUSE: Final = 5.0
"""Seconds until it is tried again to write down what became of a message. It is not sent again meanwhile."""

UNKNOWN: Final = "unknown"
OUTCOMES: Final = (
    *(Reason.NOTIFICATION_SENT, Reason.NOTIFICATION_PENDING),
    *(Reason.NOTIFICATION_FAILED, Reason.RECEIVER_UNREADABLE),
)

Change = Callable[[RemediationStatus], RemediationStatus]
Update = Callable[[Remediation, Change], Awaitable[Remediation]]
Key = tuple[str, str, str]


def pause_after(tries: int) -> float:
    """Seconds, growing and never the same for two."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.8, 1.2))


@dataclass(slots=True)
class Notifier:
    receivers: Receivers
    sender: Sender
    update: Update
    """Changes the newest status of a record."""
    recorder: Recorder
    clock: Callable[[], datetime]
    _running: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _resting: set[Key] = field(default_factory=set)
    """Those of the running that only wait before they write again: they take nobody's place."""
    _unwritten: dict[tuple[Key, str], Change] = field(default_factory=dict)
    """What became of a message, by its idempotency key, until that stands in the record: one whose outcome nobody knew
    would be sent again and again."""

    def __post_init__(self) -> None:
        # From zero on: a series that appears with its first event hides that event from rate(), and from the alert.
        for name, outcome in product(self.receivers.names, OUTCOMES):
            metrics.NOTIFICATIONS.labels(name, outcome.value)
        metrics.NOTIFICATIONS.labels(UNKNOWN, Reason.RECEIVER_UNKNOWN.value)

    def tick(self, store: ClusterStore) -> None:
        """Begin to send what is due. Returns at once."""
        now = self.clock()
        self._forget_deleted(store)
        for remediation in [each for each in store.remediations.values() if each.status.notifications]:
            policy = store.policies.get(remediation.policy_key)
            if policy and reminded(remediation.status, policy, now) != remediation.status:
                self._begin(remediation, "", partial(self._remind, remediation, policy))
            for about in due(remediation.status, now):
                if self._under_way(about.receiver) < MOST_AT_ONCE:
                    self._begin(remediation, about.receiver, partial(self._tell, remediation, about, policy))

    async def settle(self) -> None:
        """Return when everything that was begun is over; for tests."""
        while self._running:
            await asyncio.gather(*self._running.values())

    async def aclose(self) -> None:
        """What is under way is left pending; whoever comes next sends it, perhaps once more."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self.sender.aclose()

    def _under_way(self, receiver: str) -> int:
        return sum(name == receiver for _, _, name in self._running.keys() - self._resting)

    def _forget_deleted(self, store: ClusterStore) -> None:
        for key in [each for each in self._unwritten if each[0][:2] not in store.remediations]:
            del self._unwritten[key]

    def _begin(self, remediation: Remediation, receiver: str, work: Callable[[], Awaitable[None]]) -> None:
        key = _key(remediation, receiver)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._safely(key, work), name=f"tell {receiver}")

    async def _safely(self, key: Key, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except NotFound:
            log.info("the record is gone", remediation=f"{key[0]}/{key[1]}")
        except KubeError as error:
            log.warning("could not be written down; writing again soon", receiver=key[2], error=str(error))
            await self._rest(key)
        except Exception:
            log.exception("telling failed; trying again", receiver=key[2])
            await self._rest(key)
        finally:
            self._running.pop(key, None)
            self._resting.discard(key)

    async def _rest(self, key: Key) -> None:
        self._resting.add(key)
        await asyncio.sleep(UNWRITTEN_PAUSE)

    async def _remind(self, remediation: Remediation, policy: HealingPolicy) -> None:
        await self.update(remediation, lambda status: reminded(status, policy, self.clock()))

    async def _tell(
        self, remediation: Remediation, about: Notification, policy: HealingPolicy | None
    ) -> None:
        message = _key(remediation, about.receiver), idempotency_key(remediation, about)
        if message not in self._unwritten:
            self._unwritten[message] = await self._outcome(remediation, about, policy)
        await self.update(remediation, self._unwritten[message])
        self._unwritten.pop(message, None)

    async def _outcome(
        self, remediation: Remediation, about: Notification, policy: HealingPolicy | None
    ) -> Change:
        """Send it, and return what that changes in the record."""
        redact = redactor_of(policy.spec.evidence) if policy else Redactor()
        try:
            receiver = self.receivers.get(about.receiver)
            content = body(remediation, about, receiver.format, redact.text)
            await self.sender.send(receiver.address(), content, _headers(remediation, about))
        except NotDelivered as error:
            return self._not_told(remediation, about, error)
        log.info("told", receiver=about.receiver, notified=about.event, remediation=remediation.name)
        metrics.NOTIFICATIONS.labels(about.receiver, Reason.NOTIFICATION_SENT.value).inc()
        now = self.clock()
        return lambda status: sent(status, about, now)

    def _not_told(self, remediation: Remediation, about: Notification, error: NotDelivered) -> Change:
        now, tries = self.clock(), about.attempts + 1
        final = error.permanent or tries >= MOST_TRIES
        pause = max(pause_after(tries), error.retry_after)
        again = None if final else now + timedelta(seconds=pause)
        reason, text = error.reason, str(error)
        known = about.receiver if about.receiver in self.receivers else UNKNOWN
        outcome = reason if final else Reason.NOTIFICATION_PENDING
        metrics.NOTIFICATIONS.labels(known, outcome.value).inc()
        log.info("not told", receiver=about.receiver, notified=about.event, final=final, error=text)
        if final:
            self._say(remediation, about, reason, text)
        return lambda status: not_sent(status, about, reason, text, now, again)

    def _say(self, remediation: Remediation, about: Notification, reason: Reason, text: str) -> None:
        self.recorder.record(
            remediation.spec.target,
            reason=reason,
            note=f"{about.receiver} was not told of {about.event}: {text}",
            action="Notify",
            warning=True,
        )


def _key(remediation: Remediation, receiver: str) -> Key:
    return remediation.namespace, remediation.name, receiver


def _headers(remediation: Remediation, about: Notification) -> Mapping[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Idempotency-Key": idempotency_key(remediation, about),
        "X-Planaria-Event": about.event,
    }
