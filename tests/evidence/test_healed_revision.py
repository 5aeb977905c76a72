"""A revision that an earlier healing action made is not taken for somebody's rollout."""

from datetime import timedelta

import pytest

from planaria_contract import Action
from planaria_operator.api.attempt import Attempt
from planaria_operator.api.decision import DecisionRecord
from planaria_operator.api.plan import ObjectReference, Plan
from planaria_operator.api.remediation import Remediation, RemediationSpec, RemediationStatus
from planaria_operator.evidence.facts import workload_fact
from planaria_operator.evidence.revisions import from_replica_sets
from planaria_operator.objects.store import ClusterStore
from tests.builders import NOW, ago, deployment, replica_set, store

FRONT = deployment()
TARGET = ObjectReference(kind="Deployment", namespace="shop", name="front", uid=FRONT.meta.uid)


def resized(seconds_ago: float) -> Remediation:
    decision = DecisionRecord(action=Action.RESIZE, target=TARGET, decided_by="rules", model="runbook@1")
    plan = Plan(action=Action.RESIZE, target=TARGET, summary="memory", operations=())
    attempt = Attempt(
        number=1,
        decision=decision,
        plan=plan,
        digest="d",
        reserved_at=ago(seconds_ago + 1),
        applied_at=ago(seconds_ago),
    )
    spec = RemediationSpec(policy="default", target=TARGET, incident="oom", visible_at=ago(seconds_ago + 30))
    status = RemediationStatus(attempts=(attempt,))
    return Remediation(name="front-1", namespace="shop", spec=spec, status=status)


def fact_healed(world: ClusterStore) -> bool:
    revisions = from_replica_sets(world.replica_sets_of(FRONT))
    return workload_fact(world, FRONT, revisions, NOW).healed_revision


@pytest.mark.parametrize(("made", "healed"), [(300, True), (200, False), (900, False)])
def test_only_a_revision_of_that_moment_is_the_actions_own(made: float, healed: bool) -> None:
    world = store(FRONT, replica_set(FRONT, 1), replica_set(FRONT, 2, created=ago(made)))
    world.put_remediation(resized(300))
    assert fact_healed(world) is healed


def test_without_a_record_every_revision_is_somebodys_rollout() -> None:
    assert fact_healed(store(FRONT, replica_set(FRONT, 2, created=NOW - timedelta(seconds=300)))) is False
