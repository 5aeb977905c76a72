from dataclasses import dataclass
from datetime import datetime

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
    def visible_at(self) -> datetime:
        return min(symptom.since for symptom in self.symptoms)

    @property
    def key(self) -> str:
        """The same fault has the same key after a restart: it is made only of what the API reports."""
        return f"{self.symptoms[0].kind.value}-{int(self.visible_at.timestamp())}".lower()
