"""What fell ill while a dependency was broken that has been mended since. Pure.

Who needs a database is not well again in the moment in which the database is: its pods become ready one after the other, and
what is read of them by then names no cause any more. That one is known all the same, from the record of what was done.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.incident import Incident
from planaria_operator.evidence.dependencies import selects
from planaria_operator.objects.cluster import Service
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

FOLLOW: Final = timedelta(seconds=600)
"""The longest pause of a crash loop is five minutes, and a start may take as long. Who has not followed by then never will."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A workload behind a Service that answers again, and the record of what was done to it."""

    service: Service
    workload: Workload
    record: Remediation

    def explains(self, incident: Incident) -> bool:
        """True for what fell ill after it had broken, and before it was well again."""
        ended = self.record.status.finished_at
        return incident.visible_at >= self.record.spec.visible_at and (
            ended is None or incident.visible_at <= ended
        )

    def awaited(self, now: datetime) -> bool:
        """True while its symptoms are given time to follow."""
        ended = self.record.status.finished_at
        return ended is None or now < ended + FOLLOW


def mended(store: ClusterStore, namespaces: Collection[str]) -> dict[str, dict[str, Mended]]:
    """By namespace and the name of the Service, the newest record of each."""
    found: dict[str, dict[str, Mended]] = {space: {} for space in namespaces}
    for record, workload in _treated(store, namespaces):
        space = found[workload.meta.namespace]
        for service in store.services(workload.meta.namespace):
            known = space.get(service.meta.name)
            newer = known is None or known.record.spec.visible_at < record.spec.visible_at
            if newer and selects(service, workload) and _answers(store, service):
                space[service.meta.name] = Mended(service, workload, record)
    return found


def _answers(store: ClusterStore, service: Service) -> bool:
    return bool(store.ready_endpoints(service.meta.namespace, service.meta.name))


def _treated(store: ClusterStore, namespaces: Collection[str]) -> Iterator[tuple[Remediation, Workload]]:
    """What an action was carried out on that has not turned out to be of no use."""
    for record in store.remediations.values():
        last = record.status.attempt
        if last is None or last.applied_at is None or last.plan.target.namespace not in namespaces:
            continue
        if not record.status.finished and store.abandoned(record):
            continue  # how it ends is never told, and it would be waited for in every storm
        target = last.plan.target
        workload = store.workload(target.kind, target.namespace or "", target.name)
        helped = last.outcome in {AttemptOutcome.PENDING, AttemptOutcome.RECOVERED}
        if helped and workload and workload.meta.uid == target.uid:
            yield record, workload
