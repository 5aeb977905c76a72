"""What must not be chosen, and the stable reason why: by the policy, and by the situation."""

from collections.abc import Iterable, Iterator
from typing import Final, get_args

from planaria_contract import Action, Mask, ObjectRef, Observation, WorkloadFact
from planaria_operator.api.actions import ActionName, Mode
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.ladder import Rung
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.facts import Facts
from planaria_operator.decide.liberties import USUAL, Liberties
from planaria_operator.decide.ownership import autoscaler_mask, masked, ownership_masks

GOVERNED: Final = tuple(Action(name) for name in get_args(ActionName))
"""Actions that a policy lists. Escalating is always allowed, waiting until patience is at its end."""


ONE_NAMESPACE = "only a ClusterHealingPolicy may close a node"


def policy_masks(policy: HealingPolicy) -> tuple[Mask, ...]:
    missing = tuple(_missing(policy, action) for action in GOVERNED if policy.spec.allows(action) is None)
    reach = _reach_masks(policy) if policy.spec.allows(Action.ISOLATE) else ()
    return missing + reach + _mode_masks(policy)


def _missing(policy: HealingPolicy, action: Action) -> Mask:
    if action is Action.ISOLATE and not policy.cluster_wide:
        return masked(action, Reason.CLUSTER_POLICY_ONLY, ONE_NAMESPACE)
    if action is Action.RELOAD:
        return masked(
            action,
            Reason.NO_COMMAND_DECLARED,
            f"{policy.kind} {policy.name} declares no command to reload by",
        )
    return masked(
        action, Reason.NOT_ALLOWED_BY_POLICY, f"{policy.kind} {policy.name} does not list {action.value}"
    )


def _reach_masks(policy: HealingPolicy) -> tuple[Mask, ...]:
    """Where an older schema has let isolate into a policy of one namespace."""
    if policy.cluster_wide:
        return ()
    return (masked(Action.ISOLATE, Reason.CLUSTER_POLICY_ONLY, ONE_NAMESPACE),)


def node_masks(target: ObjectRef, shared_node: str | None) -> tuple[Mask, ...]:
    """The guard node-action would refuse it, whatever the plan: neither a node's own fault nor one that several share."""
    if target.kind == "Node" or shared_node is not None:
        return ()
    message = f"only {target} shows a fault; isolate would act on a node"
    return (masked(Action.ISOLATE, Reason.WORKLOAD_SYMPTOM, message),)


def _mode_masks(policy: HealingPolicy) -> tuple[Mask, ...]:
    """What is only observed gives way to what is done, be it after approval. Where nothing is, the point is to see what would
    be done.

    A recommendation is not passed over: where a person should do what is best, the next best should not be done instead.
    No more is what a person has to approve.
    """
    modes = {action: policy.spec.mode_of(action) for action in GOVERNED if policy.spec.allows(action)}
    if not {Mode.ENFORCE, Mode.APPROVE} & set(modes.values()):
        return ()
    return tuple(
        masked(action, Reason.OBSERVE_MODE, f"{policy.kind} {policy.name} only observes {action.value}")
        for action, mode in modes.items()
        if mode is Mode.OBSERVE
    )


def confidence_masks(policy: HealingPolicy, confidence: int) -> tuple[Mask, ...]:
    """`confidence` in whole percents, as the record has it."""
    return tuple(
        masked(action, Reason.LOW_CONFIDENCE, f"{confidence}% sure; {action.value} asks for {floor}%")
        for action in GOVERNED
        if policy.spec.allows(action) and confidence < (floor := policy.spec.confidence_floor(action))
    )


def rung_masks(rung: Rung | None) -> tuple[Mask, ...]:
    """What belongs to other rungs of the ladder; nothing without one."""
    if rung is None:
        return ()
    acting = (action for action in Action if action not in {Action.NONE, Action.ESCALATE})
    return tuple(
        masked(action, Reason.NOT_ON_THIS_RUNG, f"{action.value} is not on the rung {rung.name}")
        for action in acting
        if not rung.allows(action)
    )


def patience_masks(policy: HealingPolicy, waits: int) -> tuple[Mask, ...]:
    """`waits`: decisions to wait in this incident so far."""
    limit = policy.spec.escalation.max_waits
    if waits < limit:
        return ()
    return (
        masked(Action.NONE, Reason.WAITED_ENOUGH, f"waited {waits} times; escalation.maxWaits is {limit}"),
    )


def situation_masks(
    observation: Observation, workload: WorkloadFact | None, liberties: Liberties = USUAL
) -> tuple[Mask, ...]:
    """What cannot be done to `workload` (None for a node) as things stand. The planner has the last word."""
    masks = [*_placement_masks(observation)]
    if workload is None:
        masks += [
            masked(action, Reason.UNSUPPORTED_TARGET, f"{observation.target} is no workload")
            for action in (Action.RESTART, Action.SCALE, Action.RESIZE, Action.ROLLBACK, Action.RELOAD)
        ]
    else:
        masks += ownership_masks(workload, liberties)
        masks += _workload_masks(observation, workload, liberties)
    return tuple(masks)


def age_masks(facts: Facts) -> tuple[Mask, ...]:
    """No decider goes back to a revision that was current when the incident began: what came since did not begin it.

    One that Planaria made is no newer release: what was there before it may still be to blame.
    """
    ours = facts.workload is not None and facts.workload.healed_revision
    if ours or not facts.previous_had_it:
        return ()
    message = (
        f"the incident began while the previous revision of {facts.target} was current, which has it too"
    )
    return (masked(Action.ROLLBACK, Reason.FAULT_IS_OLDER, message),)


def merged(*groups: Iterable[Mask]) -> tuple[Mask, ...]:
    """One mask for each category: the first reason given stands."""
    first: dict[Action, Mask] = {}
    for group in groups:
        for mask in group:
            first.setdefault(mask.category, mask)
    return tuple(mask for _, mask in sorted(first.items()))


def _workload_masks(observation: Observation, workload: WorkloadFact, liberties: Liberties) -> Iterator[Mask]:
    name = workload.ref
    if workload.previous_revision is None:
        yield masked(Action.ROLLBACK, Reason.NO_PREVIOUS_REVISION, f"{name} has no older revision")
    if workload.ref.kind == "DaemonSet":
        yield masked(Action.SCALE, Reason.UNSUPPORTED_TARGET, f"{name} has one pod for each node")
    elif mask := autoscaler_mask(workload, liberties):
        yield mask
    own = workload.ref.name == observation.target.name
    unlimited = [
        pod.memory_limit_bytes is None and pod.cpu_limit_millicores is None for pod in observation.pods
    ]
    if own and unlimited and all(unlimited):
        yield masked(Action.RESIZE, Reason.NO_LIMIT_TO_RAISE, f"no container of {name} has a limit")


def _placement_masks(observation: Observation) -> Iterator[Mask]:
    affected = observation.affected
    if not any(pod.movable for pod in affected):
        message = f"none of {len(affected)} affected pods would come back elsewhere"
        yield masked(Action.MIGRATE, Reason.NOT_MOVABLE, message)
        return
    left = {pod.node for pod in affected}
    others = [node for node in observation.nodes if node.name not in left]
    if observation.nodes and not any(node.ready and node.schedulable for node in others):
        message = "no ready and schedulable node is without an affected pod"
        yield masked(Action.MIGRATE, Reason.NO_OTHER_NODE, message)
        yield masked(Action.ISOLATE, Reason.NO_OTHER_NODE, message)
