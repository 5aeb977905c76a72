import json

import pytest

from planaria_operator.evidence.facts import (
    LAST_APPLIED,
    applied_replicas,
    movable,
    node_facts,
    pod_fact,
    workload_fact,
)
from planaria_operator.evidence.revisions import (
    Revisions,
    from_controller_revisions,
    from_replica_sets,
    read_revisions,
)
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.keeper import Keeper
from tests.builders import (
    NOW,
    ago,
    autoscaler,
    container,
    daemon_set,
    deployment,
    meta,
    node,
    pod,
    replica_set,
    stateful_set,
    store,
    terminated,
    waiting,
)

FRONT = deployment(environment=("http://backend:8080/livez", "info", "8080"))


# --- pods


def test_a_pod_fact_tells_of_its_worst_container():
    well = container("sidecar")
    ill = waiting("CrashLoopBackOff", restarts=4, last_termination=terminated("OOMKilled", 137))
    fact = pod_fact(pod("front-0", replica_set(FRONT, 3), containers=[well, ill]), affected=True)
    assert (fact.waiting_reason, fact.last_termination, fact.last_exit_code) == (
        "CrashLoopBackOff",
        "OOMKilled",
        137,
    )
    assert (fact.restarts, fact.revision, fact.memory_limit_bytes) == (4, "hash3", 2 * 256 * 2**20)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (pod("a", replica_set(FRONT)), True),
        (pod("b", stateful_set()), True),
        (pod("c", daemon_set()), False),
        (pod("bare"), False),
        (pod("d", replica_set(FRONT), local_storage=True), False),
    ],
    ids=lambda value: getattr(getattr(value, "meta", None), "name", None),
)
def test_only_pods_that_come_back_elsewhere_are_movable(subject, expected):
    assert movable(subject) is expected


# --- revisions


def test_the_previous_revision_is_one_that_still_serves_rather_than_the_last_bad_one():
    sets = [
        replica_set(FRONT, 3, ready=0),
        replica_set(FRONT, 2, desired=0),
        replica_set(FRONT, 1, desired=2),
    ]
    assert from_replica_sets(sets).previous == "hash1"
    assert from_replica_sets(sets).current == "hash3"


def test_the_previous_revision_was_left_when_the_one_after_it_was_made():
    second_bad, bad, good = (
        replica_set(FRONT, number, ready=ready, created=ago(age))
        for number, ready, age in ((3, 0, 60), (2, 0, 400), (1, 2, 9000))
    )
    assert from_replica_sets([second_bad, bad, good]).left == ago(400)
    assert from_replica_sets([second_bad, good]).left == ago(60)
    assert from_replica_sets([good]).left is None


def test_what_somebody_left_by_going_back_is_not_the_previous_revision():
    back, left = replica_set(FRONT, 3, created=ago(900)), replica_set(FRONT, 2, created=ago(600))
    assert from_replica_sets([back, left]).previous is None
    assert from_replica_sets([back, left, replica_set(FRONT, 1, created=ago(990))]).previous is None
    newer = replica_set(FRONT, 4, created=ago(300))
    assert from_replica_sets([newer, back, left]).previous == "hash3"


def test_without_one_that_serves_it_is_the_newest_older_one_and_a_first_revision_has_none():
    sets = [replica_set(FRONT, number, ready=0) for number in (3, 2, 1)]
    assert from_replica_sets(sets).previous == "hash2"
    assert from_replica_sets(sets[2:]).previous is None
    assert from_replica_sets([]) == Revisions()


def revision(workload, name, number, uid=None):
    return {
        "kind": "ControllerRevision",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": dict(workload.match_labels),
            "creationTimestamp": "2026-11-23T11:00:00Z",
            "ownerReferences": [
                {"uid": uid or workload.meta.uid, "kind": workload.meta.kind, "name": workload.meta.name}
            ],
        },
        "revision": number,
    }


async def test_controller_revisions_are_named_as_their_pods_are_labelled():
    cart, agent = stateful_set("cart"), daemon_set("agent")
    kube = FakeKube(
        revision(cart, "cart-aaa", 1), revision(cart, "cart-bbb", 2), revision(cart, "cart-zzz", 9, uid="stranger"),
        revision(agent, "agent-ccc", 4), revision(agent, "agent-ddd", 5),
    )  # fmt: skip
    of_cart, of_agent = await read_revisions(kube, store(), cart), await read_revisions(kube, store(), agent)
    assert (of_cart.current, of_cart.previous) == ("cart-bbb", "cart-aaa")
    assert (of_agent.current, of_agent.previous) == ("ddd", "ccc")
    assert from_controller_revisions([], cart) == Revisions("cart-1")


def test_a_workload_fact_has_the_age_of_its_revision_and_who_scales_it():
    current = replica_set(FRONT, created=ago(40))
    world = store(FRONT, current, autoscaler(FRONT))
    fact = workload_fact(world, FRONT, from_replica_sets([current]), NOW)
    assert fact.revision_age_seconds == 40
    assert fact.autoscaled_by == "HorizontalPodAutoscaler/front"
    assert fact.last_known_replicas == 3


def fact_of(workload, *views):
    return workload_fact(store(workload, *views), workload, Revisions(), NOW)


@pytest.mark.parametrize(
    ("state", "stuck"), [({}, False), ({"limited": True}, True), ({"blind": "FailedGetResourceMetric"}, True)]
)
def test_a_workload_fact_says_whether_its_autoscaler_is_stuck(state, stuck: bool):
    assert fact_of(FRONT, autoscaler(FRONT, **state)).autoscaler_stuck is stuck


def test_a_workload_fact_names_who_controls_it_and_who_keeps_what():
    keeper = Keeper("Argo CD", "application shop", frozenset({"template"}))
    fact = fact_of(deployment(keeper=keeper, owner=meta("Cluster", "pg")))
    assert fact.controlled_by == "Cluster/pg"
    assert (fact.template_kept_by, fact.replicas_kept_by) == ("Argo CD (application shop)", None)
    alone = fact_of(FRONT)
    assert (alone.controlled_by, alone.template_kept_by, alone.replicas_kept_by) == (None, None, None)


def test_where_there_is_an_autoscaler_its_bounds_are_what_git_ops_may_keep():
    kept = deployment(keeper=Keeper("Argo CD", fields=frozenset({"replicas"})))
    assert fact_of(kept).replicas_kept_by == "Argo CD"
    assert fact_of(kept, autoscaler(kept)).replicas_kept_by is None
    flux = Keeper("Flux", fields=frozenset({"maxReplicas"}))
    assert fact_of(kept, autoscaler(kept, keeper=flux)).replicas_kept_by == "Flux"


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (json.dumps({"spec": {"replicas": 4}}), 4),
        (json.dumps({"spec": {"replicas": 0}}), None),
        (json.dumps({"spec": {"replicas": "4"}}), None),
        (json.dumps(["spec"]), None),
        ("{broken", None),
        ("", None),
    ],
)
def test_the_last_applied_count_is_read_with_suspicion(annotation, expected):
    zero = deployment("backend", desired=0, annotations={LAST_APPLIED: annotation})
    assert applied_replicas(zero) == expected
    assert workload_fact(store(zero), zero, Revisions(), NOW).last_known_replicas == expected


def test_the_nodes_of_the_pods_come_first():
    world = store(node("a"), node("b", ready=False, ready_since=ago(50)), node("c"))
    facts = node_facts(world, {"b"}, limit=2)
    assert [fact.name for fact in facts] == ["b", "a"]
    assert facts[0].not_ready_since == ago(50)
