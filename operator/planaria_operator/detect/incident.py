from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from planaria_contract import ObjectRef, Symptom
from planaria_operator.api.healing_policy import HealingPolicy


@dataclass(frozen=True, slots=True)
class Incident:
    """All symptoms of one workload, or of one lost node, under one policy."""

    policy: HealingPolicy
    target: ObjectRef
    """A Deployment, StatefulSet, DaemonSet, or Node; with its uid."""
    symptoms: tuple[Symptom, ...]
    """Oldest first; never empty."""
    ripe: bool = True
    """False while every symptom is younger than its trigger asks for: visible, not yet an incident."""
    ripe_at: datetime | None = None
    """When the first of them is old enough, past or to come; None where none ever opens an incident by itself."""

    @property
    def opens(self) -> bool:
        """Whether it gets a Remediation, now or in a while; what is only watched never does."""
        return self.ripe or self.ripe_at is not None

    @property
    def visible_at(self) -> datetime:
        return min(symptom.since for symptom in self.symptoms)

    @property
    def key(self) -> str:
        """The same fault has the same key after a restart: it is made only of what the API reports."""
        return f"{self.symptoms[0].kind.value}-{int(self.visible_at.timestamp())}".lower()


class Incidents(tuple[Incident, ...]):  # noqa: SLOT001  what is cached needs a place
    """Everything that is detected at one moment; in a storm many cases look themselves up in it."""

    @classmethod
    def of(cls, incidents: Iterable[Incident]) -> Self:
        return incidents if isinstance(incidents, cls) else cls(incidents)

    @cached_property
    def by_uid(self) -> dict[str, Incident]:
        """The first of each target."""
        return {each.target.uid or "": each for each in reversed(self)}

    @cached_property
    def by_key(self) -> dict[tuple[str, str, str], Incident]:
        """By kind, namespace (empty where there is none) and name of the target."""
        return {(each.target.kind, each.target.namespace or "", each.target.name): each for each in self}
