"""Who acts for all that fail on one node: the others wait for it, so it has to be one that can."""

from dataclasses import replace
from typing import Any

import pytest

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Stage
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking
from planaria_operator.guard.shared_node import shared_nodes
from planaria_operator.objects.meta import HEAL
from planaria_operator.objects.store import ClusterStore
from tests.builders import ago, cluster_policy, deployment, pod, policy, replica_set, space
from tests.guard.proposals import put_records, remediation
from tests.guard.test_shared_node import A, B, town

WIDE = cluster_policy(actions=[{"type": "isolate"}])


def two(*views: Any, policies: tuple[HealingPolicy, ...] = ()) -> tuple[ClusterStore, list[Incident]]:
    """`a`, which broke first, and `b`, under WIDE; `views` take the places of their namesakes."""
    here, incidents = town(A, B)
    for view in (space(), *views):
        here.put(view)
    for each in (WIDE, *policies):
        here.put_policy(each)
    return here, incidents


def record(here: ClusterStore, name: str, stage: Stage = Stage.UNDERSTOOD, *, since: float = 100) -> None:
    """Open, of a fault that is `since` seconds old."""
    made = remediation(deployment(name), name=f"{name}-1")
    spec = made.spec.model_copy(update={"visible_at": ago(since)})
    status = made.status.model_copy(update={"stage": stage})
    put_records(here, made.model_copy(update={"spec": spec, "status": status}))


def lead(here: ClusterStore, incidents: list[Incident]) -> tuple[str, str]:
    """The workload that leads, and its record."""
    (found,) = set(shared_nodes(here, WIDE, incidents, Ranking(here)).values())
    assert len(found.members) == 2, "whoever leads, all that fail there are its symptoms"
    return found.lead.rpartition("-")[2], found.remediation


def test_who_broke_first_leads():
    assert lead(*two()) == ("a", "")


def test_a_record_that_was_handed_to_a_person_leads_nobody():
    here, incidents = two()
    record(here, "a", Stage.ESCALATED)
    record(here, "b", since=99)
    assert lead(here, incidents) == ("b", "b-1")


def test_who_is_healed_by_a_more_specific_policy_does_not_lead():
    """That one is of a namespace and may not list isolate."""
    here, incidents = two(
        deployment("a", desired=2, ready=1, labels={"team": "x"}),
        policies=(policy("narrow", labels={"team": "x"}),),
    )
    record(here, "a")
    assert lead(here, incidents) == ("b", "")


def test_who_is_only_watched_leads_once_it_has_a_record():
    here, (a, b) = two()
    assert lead(here, [replace(a, ripe=False, ripe_at=a.visible_at), b]) == ("a", ""), (
        "it will open an incident"
    )
    watched = [replace(a, ripe=False, ripe_at=None), b]
    assert lead(here, watched) == ("b", "")
    record(here, "a")
    assert lead(here, watched) == ("a", "a-1")


MARK = {HEAL: "disabled"}
OWNED = replica_set(deployment("a"))


@pytest.mark.parametrize(
    "marked",
    [
        deployment("a", desired=2, ready=1, annotations=MARK),
        replace(deployment("a", desired=2, ready=1), template_heal_disabled=True),
        pod("a-0", OWNED, node="node-1", ready=False, labels=MARK),
    ],
    ids=["workload", "template", "affected-pod"],
)
def test_who_asks_to_be_left_alone_does_not_lead(marked: Any):
    assert lead(*two(marked)) == ("b", "")


def test_a_pod_that_is_well_and_asks_to_be_left_alone_changes_nothing():
    assert lead(*two(pod("a-1", OWNED, node="node-2", labels=MARK))) == ("a", "")


def test_where_none_can_act_who_broke_first_is_named():
    assert lead(*two(space(annotations=MARK))) == ("a", "")
