from collections import Counter

from planaria_operator.api.plan import Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.selection import matches
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.objects.disruption import DisruptionBudget
from planaria_operator.objects.pod import Pod


class Disruption:
    """All evictions of a plan must fit into the PodDisruptionBudgets, so that none is refused half-way.

    The eviction API has the last word: it counts again, and may still answer 429.
    https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
    """

    name = "disruption-budget"

    def check(self, proposal: Proposal) -> Verdict:
        calls = [
            each for each in proposal.plan.operations if each.verb is Verb.EVICT and not each.best_effort
        ]
        if not calls:
            return allow(self, "nothing is evicted")
        if "PodDisruptionBudget" in proposal.store.unwatched:
            raise LookupError(proposal.store.unwatched["PodDisruptionBudget"])
        found = (proposal.store.pod(each.object.namespace or "", each.object.name) for each in calls)
        return self._fit(proposal, [pod for pod in found if pod])

    def _fit(self, proposal: Proposal, pods: list[Pod]) -> Verdict:
        wanted: Counter[tuple[str, str, str]] = Counter()
        budgets = {
            each.meta.key: each
            for namespace in {pod.meta.namespace for pod in pods}
            for each in proposal.store.disruption_budgets(namespace)
        }
        for pod in pods:
            covering = [each for each in budgets.values() if _covers(each, pod)]
            if len(covering) > 1:
                names = ", ".join(sorted(each.meta.name for each in covering))
                message = f"{pod.meta.name} has more than one budget ({names}), which the API does not evict"
                return refuse(self, Reason.DISRUPTION_BUDGET, message)
            wanted.update(each.meta.key for each in covering)
        for key, count in sorted(wanted.items()):
            if count > budgets[key].available:
                message = f"{key[-1]} allows {budgets[key].available} evictions now; {count} are needed"
                return refuse(self, Reason.DISRUPTION_BUDGET, message, 15)
        return allow(self, f"{len(pods)} evictions fit into {len(wanted)} budgets")


def _covers(budget: DisruptionBudget, pod: Pod) -> bool:
    """Whether evicting `pod` takes from `budget`: one that does not serve often costs nothing."""
    if budget.meta.namespace != pod.meta.namespace:
        return False
    if budget.selector is None or not matches(budget.selector, pod.meta.labels):
        return False
    if not pod.active or pod.phase == "Pending":
        return False
    return pod.ready or not budget.spares_unready
