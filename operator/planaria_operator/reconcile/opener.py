"""Writing incidents down as Remediations. One that cannot be written holds back no other."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.incident import Incident, Incidents
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.journal import Station
from planaria_operator.reconcile.opening import busy_elsewhere, open_remediations, over_already
from planaria_operator.reconcile.policy_status import Known
from planaria_operator.reconcile.setbacks import Key, Setbacks
from planaria_operator.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Opened:
    count: int
    """How many were written down."""
    trouble: Known | None
    """What is said of those that could not be; None where all could."""


@dataclass(slots=True)
class Opener:
    parts: Parts
    setbacks: Setbacks
    progress: Callable[[], None]
    """Called after each that was tried: in a storm all of them take long where the API server is slow."""

    async def open(self, policy: HealingPolicy, incidents: Iterable[Incident], found: Incidents) -> Opened:
        """Those that are ripe and not open yet. Raises a Temporary KubeError once all were tried.

        `found`: all that is detected under the policy, also what another one heals.
        """
        store, now = self.parts.store, self.parts.clock()
        known = open_remediations(store, policy).keys() | busy_elsewhere(store, policy)
        ripe = (each for each in incidents if each.ripe and each.target.uid not in known)
        fresh = [each for each in ripe if not over_already(store, found, each, now)]
        # Together: one after the other, the last of a storm would be noticed only when all the others are written.
        turn = asyncio.Semaphore(self.parts.settings.max_opening)
        tries = (self.setbacks.attempt(_key(each), partial(self._open, each, turn)) for each in fresh)
        ended = await asyncio.gather(*tries, return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return Opened(sum(each is not None for each in ended), self._trouble(fresh))

    async def _open(self, incident: Incident, turn: asyncio.Semaphore) -> Remediation:
        symptom = incident.symptoms[0].kind.value
        self.parts.journal.passed(Station.DETECT, _name(incident), symptom=symptom)
        async with turn:
            try:
                remediation = await self.parts.records.open(incident)
            finally:
                self.progress()
        if not (remediation.status.timeline or remediation.status.finished):
            metrics.INCIDENTS.labels(policy=incident.policy.label, symptom=symptom).inc()
            self.parts.journal.passed(Station.OPEN, f"{remediation.namespace}/{remediation.name}")
        return remediation

    def _trouble(self, fresh: Sequence[Incident]) -> Known | None:
        """The first of them in full; what is wrong with one is mostly wrong with all."""
        failed = [(each, found) for each in fresh if (found := self.setbacks.of(_key(each)))]
        if not failed:
            return None
        incident, first = failed[0]
        message = f"{len(failed)} of its incidents cannot be written down, so nothing is done about them"
        return Known(False, first.reason, f"{message}: {_name(incident)}: {first.why}")


def _name(incident: Incident) -> str:
    return "/".join(part for part in (incident.target.namespace, str(incident.target)) if part)


def _key(incident: Incident) -> Key:
    return "open", str(incident.policy), _name(incident), incident.target.uid or ""
