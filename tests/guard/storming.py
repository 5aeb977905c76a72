"""Workloads that break at once, with what they share, for the tests of storms and of their causes."""

from collections.abc import Iterable
from typing import Any

from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.causes import Group, TargetKey, groups
from planaria_operator.guard.verdict import Proposal
from planaria_operator.guard.weather import weather
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from tests.builders import (
    NOW,
    ago,
    container,
    deployment,
    node,
    pod,
    policy,
    ref,
    replica_set,
    store,
    symptom,
)
from tests.guard.proposals import attempt, proposal, put_records, remediation

LIMIT = {"storm": {"incidents": 3, "window_seconds": 300, "cooldown_seconds": 60}, "min_healthy": 0}


def broken(name: str, since: float = 60) -> Incident:
    target = deployment(name)
    return Incident(policy(), ref(target), (symptom(subject=target, since=since),))


def recorded(name: str, since: float, *, finished: bool = False) -> Remediation:
    made = remediation(deployment(name), name=f"{name}-1", finished=finished)
    return made.model_copy(update={"spec": made.spec.model_copy(update={"visible_at": ago(since)})})


def sick(
    name: str, *, node: str = "node-1", image: str = "", depends_on: str = "", **fields: Any
) -> list[Any]:
    """A workload of two pods, both unready for a minute."""
    environment = (f"http://{depends_on}:8080",) if depends_on else ()
    workload = deployment(name, desired=2, ready=0, available=0, environment=environment, **fields)
    owned = replica_set(workload, desired=2, ready=0)
    unready: dict[str, Any] = {"ready": False, "ready_since": ago(60), "started_at": ago(900), "node": node}
    made = [container(image=image or f"{name}:1", started=False)]
    return [workload, owned, *(pod(f"{name}-{n}", owned, containers=made, **unready) for n in range(2))]


def shared(
    *views: Any, under: HealingPolicy | None = None, records: Iterable[Remediation] = ()
) -> dict[str, str]:
    """Whose incident is treated by whose."""
    here = store(*views)
    put_records(here, *records)
    found = found_groups(here, under or policy())
    return {key[-1]: group.lead[-1] if group.lead else "" for key, group in found.items()}


def found_groups(here: ClusterStore, under: HealingPolicy) -> dict[TargetKey, Group]:
    return dict(groups(here, under, detect(here, under, NOW), Ranking(here), NOW))


def storms(target: Workload | Node, here: ClusterStore, under: HealingPolicy, **fields: Any) -> Proposal:
    """What is proposed for the target in the storm that there is."""
    sky = weather(here, under, detect(here, under, NOW), NOW)
    assert sky.storm
    made = remediation(target, name=f"{target.meta.name}-1")
    return proposal(target=target, world=here, under=under, weather=sky, remediation=made, **fields)


def spread(*names: str) -> list[Any]:
    """On different nodes, so that the node is no explanation."""
    return [view for number, name in enumerate(names) for view in sick(name, node=f"node-{number}")]


NODES = [node(f"node-{number}") for number in range(4)]


def treated(name: str, *, broke: float = 120, ended: float | None = 5, helped: bool = True) -> Remediation:
    """The record of what was done about a dependency; `ended` so many seconds ago, None while it is looked whether it helped."""
    outcome = AttemptOutcome.RECOVERED if ended else AttemptOutcome.PENDING
    done = attempt(deployment(name), ago(20)).model_copy(
        update={"outcome": outcome if helped else AttemptOutcome.INEFFECTIVE}
    )
    made = remediation(
        deployment(name), name=f"{name}-1", finished=ended is not None, attempts=(done,),
        finished_at=ago(ended) if ended is not None else None,
    )  # fmt: skip
    return made.model_copy(update={"spec": made.spec.model_copy(update={"visible_at": ago(broke)})})
