"""Replace pods: some of them by eviction, or all of them by a rollout of the same template."""

from collections.abc import Mapping
from typing import Any

from planaria_contract import Action, Restart
from planaria_operator.act.bodies import (
    MOST_OPERATIONS,
    RESTARTED_AT,
    evictions,
    most_pods,
    named,
    no_rollout,
    over,
    partition,
    same_pods,
    target_of,
    unblocking,
)
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.ownership import left_to_a_person, owner_of, rollout_of_another
from planaria_operator.act.patches import adding
from planaria_operator.act.replaced import placeless
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody


def build(setting: Setting) -> Plan | Refusal:
    assert isinstance(setting.decision.parameters, Restart)
    by_pod = setting.decision.parameters.scope == "pod" or _rolls_none(setting.target)
    return _restart_pods(setting) if by_pod else _restart_workload(setting)


def _rolls_none(workload: JsonBody) -> bool:
    """Whoever controls the workload may take a mark in its template back half-way through the rollout; its pods it does not
    mind. Behind a partition that holds every pod the mark would wait, and roll them once a person lifts that.
    """
    return owner_of(workload) is not None or 0 < workload["spec"].get("replicas", 1) <= partition(workload)


def _restart_pods(setting: Setting) -> Plan | Refusal:
    found = _replaceable(setting)
    if isinstance(found, Refusal):
        return found
    most = min(most_pods(setting), MOST_OPERATIONS)
    chosen, total = found[:most], len(setting.pods)
    bounded = f" (at most {most} at once, of {len(found)})" if len(found) > most else ""
    return Plan(
        action=Action.RESTART,
        target=target_of(setting),
        summary=f"evict {len(chosen)} of {total} pods: {named(chosen)}{bounded}",
        harm=f"{len(chosen)} of {total} pods are away until their replacements are ready; what they hold in memory and "
        "in emptyDir volumes is lost",
        operations=evictions(chosen),
    )


def _replaceable(setting: Setting) -> list[Mapping[str, Any]] | Refusal:
    assert isinstance(setting.decision.parameters, Restart)
    wanted = setting.decision.parameters.pods or tuple(pod.name for pod in setting.observation.affected)
    found = same_pods(setting, wanted)
    if not found:
        message = f"none of {len(wanted)} pods to restart is there any more as it was seen"
        return Refusal(Reason.NO_AFFECTED_POD, message)
    if refusal := left_to_a_person(setting, found):
        return refusal
    reasons = [placeless(setting, pod) for pod in found]
    placed = [pod for pod, why in zip(found, reasons, strict=True) if why is None]
    if placed:
        return placed
    return next(why for why in reasons if why)


def _loses_one(setting: Setting) -> bool:
    """A rollout leaves no pod out, also none that is well where it is and would find no other place."""
    return any(placeless(setting, pod) for pod in setting.pods.values() if not over(pod))


def _restart_workload(setting: Setting) -> Plan | Refusal:
    if refusal := no_rollout(setting) or rollout_of_another(setting):
        return refusal
    if _loses_one(setting):
        return _restart_pods(setting)
    at = setting.observation.time.strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = adding(setting, ("spec", "template", "metadata", "annotations"), RESTARTED_AT, at)
    if isinstance(patch, Refusal):
        return patch
    evicted = unblocking(setting, kept_too=True)
    at_once = f", but {len(evicted)} broken pods at once" if evicted else ""
    return Plan(
        action=Action.RESTART,
        target=target_of(setting),
        summary=f"roll all {len(setting.pods)} pods with an unchanged template ({RESTARTED_AT}={at})",
        harm=f"every pod is replaced, at the pace of the update strategy{at_once}; what they hold in memory is lost",
        operations=(patch, *evicted),
    )
