"""The rungs that ladders are built of: when, what, on what, and why in words."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from planaria_contract import (
    Isolate,
    Migrate,
    ObjectRef,
    Reload,
    Resize,
    Restart,
    Rollback,
    Scale,
    Wait,
    WorkloadFact,
)
from planaria_contract.actions import Parameters
from planaria_operator.decide.facts import Facts


def _target(facts: Facts) -> ObjectRef:
    return facts.target


def _workload(facts: Facts) -> WorkloadFact | None:
    return facts.workload


@dataclass(frozen=True, slots=True)
class Rung:
    name: str
    when: Callable[[Facts], bool]
    parameters: Callable[[Facts], Parameters]
    because: Callable[[Facts], str]
    on: Callable[[Facts], ObjectRef] = _target
    workload: Callable[[Facts], WorkloadFact | None] = _workload
    """The workload that `on` names, by which it is judged whether the action is possible."""


# --- waiting


def wait(seconds: int, because: str, *, times: int = 1) -> Rung:
    """Look again after `seconds`, for as long as it was waited fewer than `times` times in this incident."""
    return Rung(
        name=f"wait-{seconds}s",
        when=lambda facts: facts.waits < times,
        parameters=lambda _: Wait(wait_seconds=seconds),
        because=lambda facts: f"{because} (waited {facts.waits} times so far)",
    )


HESITATE = Rung(
    name="look-once-more",
    when=lambda facts: facts.unsure and facts.waits == 0 and facts.actions == 0,
    parameters=lambda _: Wait(wait_seconds=60),
    because=lambda facts: (
        f"only {facts.situation.state.confidence:.0%} sure, so it is looked at once more first"
    ),
)


# --- restarting


def _restart_pods(facts: Facts) -> Restart:
    return Restart(scope="pod", pods=facts.pod_names)


RESTART_AFFECTED = Rung(
    name="restart-affected-pods",
    when=lambda facts: facts.some_pods,
    parameters=_restart_pods,
    because=lambda facts: f"{facts.reach} are affected, so only those are replaced",
)

RESTART_LEAKING = Rung(
    name="restart-leaking-pods",
    when=lambda facts: facts.confined,
    parameters=_restart_pods,
    because=lambda facts: (
        f"{facts.reach} ran out of memory and {facts.siblings}, so the limit is not the cause"
    ),
)

RESTART_ONLY_ONE = Rung(
    name="restart-single-pod",
    when=lambda facts: facts.one_pod_of_several,
    parameters=_restart_pods,
    because=lambda facts: f"the fault is confined to {facts.reach}; replacing it risks least",
)

RESTART_ALL = Rung(
    name="restart-workload",
    when=lambda facts: bool(facts.affected) and not facts.some_pods,
    parameters=lambda _: Restart(scope="workload"),
    because=lambda facts: f"all of {facts.reach} are affected",
)


# --- going back


def _rollback(facts: Facts) -> Rollback:
    """To the revision that the observation names: it prefers one that still serves over one that was just as bad."""
    return Rollback(revision=facts.workload.previous_revision if facts.workload else None)


ROLLBACK = Rung(
    name="rollback",
    when=lambda facts: facts.rollout_to_blame,
    parameters=_rollback,
    because=lambda facts: (
        f"the revision is {facts.age} and {facts.reach}, none of an older one, are affected"
    ),
)

ROLLBACK_COMPARED = Rung(
    name="rollback-compared",
    when=lambda facts: facts.rollout_to_blame and facts.old_pods_fine,
    parameters=_rollback,
    because=lambda facts: (
        f"{facts.reach} are affected, all of the new revision; those of the one before are fine"
    ),
)

ROLLBACK_STUCK = Rung(
    name="rollback-stuck-rollout",
    when=lambda facts: facts.rolling_out and facts.rollout_to_blame and facts.old_pods_fine,
    parameters=_rollback,
    because=lambda facts: (
        f"the rollout does not get past {facts.reach}; those of the revision before are fine"
    ),
)


# --- sizing


def raise_memory(ratio: float) -> Rung:
    return Rung(
        name=f"raise-memory-{ratio:g}x",
        when=lambda facts: bool(facts.affected),
        parameters=lambda _: Resize(resource="memory", ratio=ratio),
        because=lambda facts: f"{facts.reach} ran out of memory under their limit; {facts.siblings}",
    )


SCALE_UP = Rung(
    name="scale-up-2x",
    when=lambda facts: facts.workload is not None and facts.workload.desired > 0,
    parameters=lambda _: Scale(ratio=2.0),
    because=lambda facts: f"{facts.total} replicas do not carry the load ({facts.reach} affected)",
)

RAISE_CPU = Rung(
    name="raise-cpu-2x",
    when=lambda facts: facts.workload is not None,
    parameters=lambda _: Resize(resource="cpu", ratio=2.0),
    because=lambda facts: f"{facts.reach} are short of CPU and more replicas are no way out",
)


# --- elsewhere


def _dependency(facts: Facts) -> WorkloadFact | None:
    return facts.broken_dependency.workload if facts.broken_dependency else None


def _dependency_ref(facts: Facts) -> ObjectRef:
    workload = _dependency(facts)
    return workload.ref if workload else facts.target


def _dependency_name(facts: Facts) -> str:
    return f"Service {facts.broken_dependency.service}" if facts.broken_dependency else "what it depends on"


RESTORE_DEPENDENCY = Rung(
    name="restore-dependency",
    when=lambda facts: facts.dependency_at_zero,
    parameters=lambda _: Scale(ratio=1.0),
    because=lambda facts: (
        f"{_dependency_ref(facts)} behind {_dependency_name(facts)} is scaled to 0; the target is well"
    ),
    on=_dependency_ref,
    workload=_dependency,
)


def wait_for_dependency(seconds: int, *, times: int) -> Rung:
    return Rung(
        name=f"wait-for-dependency-{seconds}s",
        when=lambda facts: facts.waits < times and not facts.dependency_at_zero,
        parameters=lambda _: Wait(wait_seconds=seconds),
        because=lambda facts: (
            f"{_dependency_name(facts)} has no ready endpoint and is an incident of its own; "
            "a restart here would not help"
        ),
    )


MIGRATE = Rung(
    name="move-off-lost-node",
    when=lambda facts: bool(facts.movable),
    parameters=lambda facts: Migrate(pods=facts.movable, source=facts.lost_node),
    because=lambda facts: (
        f"node {facts.lost_node} is lost; {len(facts.movable)} of {len(facts.affected)} pods can move"
    ),
)


def _node_may_recover(facts: Facts) -> str:
    if node := facts.lost_node or (facts.target.name if facts.target.kind == "Node" else ""):
        return f"node {node} may come back"
    if any(pod.node for pod in facts.affected):
        return "no node of its pods is lost now, so the fault may pass"
    return "no affected pod is on a node yet, and one may take it"


WAIT_FOR_NODE = replace(
    wait(60, "", times=2),
    because=lambda facts: f"{_node_may_recover(facts)} (waited {facts.waits} times so far)",
)


# --- a node as a whole


def _suspect(facts: Facts) -> str:
    return facts.suspect_node or ""


ISOLATE = Rung(
    name="isolate-node",
    when=lambda facts: facts.suspect_node is not None,
    parameters=lambda facts: Isolate(node=_suspect(facts), drain=True),
    because=lambda facts: (
        f"node {_suspect(facts)} is lost and what it carries does not get well"
        if facts.target.kind == "Node"
        else f"several workloads fail on node {_suspect(facts)} and are well elsewhere"
    ),
    on=lambda facts: ObjectRef(kind="Node", name=_suspect(facts)),
)


# --- reading the configuration again

RELOAD = Rung(
    name="reload",
    when=lambda facts: bool(facts.running) and not facts.rollout_to_blame,
    parameters=lambda facts: Reload(pods=facts.running),
    because=lambda facts: (
        f"{len(facts.running)} affected pods run and no rollout is to blame, so they may only have to read anew "
        "what was changed underneath them"
    ),
)
