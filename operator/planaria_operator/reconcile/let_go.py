"""A target that another policy has by now, or none. Nobody looks at it under this record any more, so whether it is well is not
for the record to say.
"""

from planaria_operator.api.conditions import Status
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.selection import Ranking, selects
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.outcomes import finished
from planaria_operator.verify.concern import moved, named


async def let_go(parts: Parts, case: Case) -> Remediation | None:
    """The record, closed; None where its policy still has the target, or some of what is on it where that is a node."""
    ranking = case.ranking or Ranking(parts.store)
    left, target = _left(parts.store, ranking, case), case.remediation.spec.target
    for workload in left:
        if other := _another(ranking, case, workload):
            message = f"{other} has the target now"
            return await finished(parts, case, Status.FALSE, Reason.HANDED_OVER, message)
    if not left or any(_unknown(parts.store, case.policy, each) for each in left):
        return None
    what = f"what is on {target}" if target.kind == "Node" else f"{target}"
    message = f"{case.policy} does not select {what} any more"
    return await finished(parts, case, Status.FALSE, Reason.NOT_SELECTED, message)


def _left(store: ClusterStore, ranking: Ranking, case: Case) -> list[Workload]:
    """What the record is about, where its policy has nothing of it any more."""
    policy, spec = case.policy, case.remediation.spec
    if spec.target.kind == "Node":
        kept = next(moved(store, ranking, policy, spec.target.name), None)
        return [] if kept else [workload for _, workload in named(store, spec)]
    workload = case.workload(store)
    if workload is None or (selects(store, policy, workload) and ranking.heals(policy, case.target)):
        return []
    return [workload]


def _another(ranking: Ranking, case: Case, workload: Workload) -> HealingPolicy | None:
    policy, node = case.policy, case.target.kind == "Node"
    found = ranking.carrier(policy, workload) if node else ranking.holder(policy, workload)
    return found if found and found.key != policy.key else None


def _unknown(store: ClusterStore, policy: HealingPolicy, workload: Workload) -> bool:
    """A namespace that is not known now may be one that is chosen."""
    return policy.cluster_wide and store.namespace(workload.meta.namespace) is None
