"""Is the newest revision of a workload to blame for what it shows?"""

from dataclasses import dataclass
from typing import Final

from planaria_contract import PodFact, WorkloadFact
from planaria_operator.decide.decider import Situation
from planaria_operator.decide.signature import changes_template
from planaria_operator.objects.meta import CLOCK_SKEW

YOUNG_SECONDS: Final = 1800
"""A fault within half an hour of a rollout is laid at its door. Later ones more often come from load or from outside."""


@dataclass(frozen=True)
class Release:
    """A reading of one situation for what a rollout has to do with it."""

    situation: Situation

    @property
    def workload(self) -> WorkloadFact | None:
        return self.situation.observation.workload

    @property
    def affected(self) -> tuple[PodFact, ...]:
        return self.situation.observation.affected

    @property
    def revision_age(self) -> int | None:
        """In seconds; None where it is not known."""
        return self.workload.revision_age_seconds if self.workload else None

    @property
    def young(self) -> bool:
        return self.revision_age is not None and self.revision_age < YOUNG_SECONDS

    @property
    def rolling_out(self) -> bool:
        return self.workload is not None and self.workload.rollout_in_progress

    @property
    def old_pods_affected(self) -> bool:
        """A pod of an older revision shows the fault too, so the newest revision did not bring it."""
        return any(self._of_older_revision(pod) for pod in self.affected)

    @property
    def old_pods_fine(self) -> bool:
        """Pods of an older revision are there to compare with, and none of them shows the fault."""
        older = [pod for pod in self.situation.observation.pods if self._of_older_revision(pod)]
        return bool(older) and not any(pod.affected for pod in older)

    @property
    def rollout_to_blame(self) -> bool:
        has_previous = self.workload is not None and self.workload.previous_revision is not None
        fresh = self.rolling_out or self.young
        new = fresh and not self.previous_had_it and not self.own_revision
        return has_previous and new and not self.old_pods_affected

    @property
    def previous_had_it(self) -> bool:
        """The fault was there while the revision to go back to was current: what came since may be somebody's mend."""
        left = self.workload.previous_left_seconds if self.workload else None
        age, since = self.situation.age_seconds, self.revision_age if left is None else left
        return age is not None and since is not None and age > since + CLOCK_SKEW.total_seconds()

    @property
    def own_revision(self) -> bool:
        """The newest revision is Planaria's own, of this incident or an earlier one, so its youth says nothing."""
        if self.workload is not None and self.workload.healed_revision:
            return True
        # What an earlier incident tried comes without parameters: what that made is told by its time, as above.
        here = [tried.signature for tried in self.situation.tried if tried.parameters is not None]
        return any(map(changes_template, here))

    @property
    def age(self) -> str:
        return "of unknown age" if self.revision_age is None else f"{self.revision_age} s old"

    def _of_older_revision(self, pod: PodFact) -> bool:
        current = self.workload.revision if self.workload else None
        return current is not None and pod.revision is not None and pod.revision != current
