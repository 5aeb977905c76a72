"""Which rung for which situation. Each row is a case that a person on call would recognise."""

import pytest

from planaria_contract import (
    Action,
    DependencyFact,
    Fault,
    Mask,
    MetricSeries,
    Migrate,
    NodeFact,
    ObjectRef,
    Resize,
    Restart,
    Rollback,
    Scale,
    Wait,
)
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.decider import Tried
from tests.builders import pod_fact, workload_fact
from tests.decide.situations import NEW, OLD, WAITED, climb, decide, pods, rolled_out, situation

MIB = 2**20


def memory(pod: str, used: float) -> MetricSeries:
    return MetricSeries(
        name="memory_working_set", subject=pod, unit="bytes", values=(used * 256 * MIB,), limit=256 * MIB
    )


# --- memory


async def test_a_limit_too_low_for_the_load_is_doubled_then_tripled_then_handed_over():
    assert await climb(situation(Fault.MEMORY_EXHAUSTION, affected=3)) == [
        "raise-memory-2x",
        "raise-memory-3x",
        "escalate",
    ]


async def test_a_leak_in_one_of_three_replicas_restarts_that_pod_only():
    found = await decide(
        situation(Fault.MEMORY_EXHAUSTION, metrics=(memory("front-1", 0.3), memory("front-2", 0.2)))
    )
    assert found.parameters == Restart(scope="pod", pods=("front-0",))
    assert "30%" in found.explanation


async def test_one_killed_pod_among_siblings_near_their_limit_is_no_leak():
    found = await decide(
        situation(Fault.MEMORY_EXHAUSTION, metrics=(memory("front-1", 0.95), memory("front-2", 0.2)))
    )
    assert found.parameters == Resize(resource="memory", ratio=2.0)


async def test_without_metrics_a_minority_of_killed_pods_counts_as_a_leak():
    found = await decide(situation(Fault.MEMORY_EXHAUSTION, affected=1))
    assert found.rule == "restart-leaking-pods"
    assert "not measured" in found.explanation


async def test_without_metrics_a_majority_of_killed_pods_counts_as_a_low_limit():
    assert (await decide(situation(Fault.MEMORY_EXHAUSTION, affected=2))).rule == "raise-memory-2x"


async def test_memory_that_only_the_new_revision_lacks_is_rolled_back():
    found = situation(
        Fault.MEMORY_EXHAUSTION,
        pods=pods(1, others=OLD),
        workload=rolled_out(in_progress=True),
    )
    assert (await decide(found)).rule == "rollback-compared"


async def test_a_young_revision_without_older_pods_to_compare_with_is_resized_not_rolled_back():
    """Our own resize makes a young revision too; going back would undo the cure of the incident before."""
    found = situation(Fault.MEMORY_EXHAUSTION, pods=pods(3), workload=rolled_out())
    assert (await decide(found)).rule == "raise-memory-2x"


# --- rollouts


@pytest.mark.parametrize("fault", [Fault.BAD_CONFIGURATION, Fault.APPLICATION_CRASH, Fault.IMAGE_PULL])
@pytest.mark.parametrize("workload", [rolled_out(), rolled_out(age=90_000, in_progress=True)])
async def test_a_fresh_revision_whose_pods_fail_is_rolled_back(fault, workload):
    found = await decide(situation(fault, pods=pods(1, others=OLD), workload=workload))
    assert found.parameters == Rollback(revision=OLD)
    assert "1 of 3 pods" in found.explanation


@pytest.mark.parametrize("fault", [Fault.BAD_CONFIGURATION, Fault.APPLICATION_CRASH, Fault.IMAGE_PULL])
async def test_a_fault_that_pods_of_the_old_revision_show_too_is_not_the_rollouts(fault):
    found = situation(fault, pods=pods(1, revision=OLD), workload=rolled_out(in_progress=True))
    assert (await decide(found)).category is not Action.ROLLBACK


@pytest.mark.parametrize("fault", [Fault.BAD_CONFIGURATION, Fault.APPLICATION_CRASH, Fault.IMAGE_PULL])
async def test_an_old_revision_is_not_blamed(fault):
    found = situation(fault, pods=pods(3), workload=rolled_out(age=90_000))
    assert (await decide(found)).category is not Action.ROLLBACK


@pytest.mark.parametrize(
    ("fault", "affected", "expected"),
    [
        (Fault.APPLICATION_CRASH, 1, ["restart-affected-pods", "escalate"]),
        (Fault.APPLICATION_CRASH, 3, ["restart-workload", "escalate"]),
        (Fault.BAD_CONFIGURATION, 3, ["escalate"]),
        (Fault.IMAGE_PULL, 1, ["wait-60s", "wait-60s", "escalate"]),
    ],
)
async def test_without_a_previous_revision_only_what_can_help_is_tried(fault, affected, expected):
    assert await climb(situation(fault, affected=affected)) == expected


@pytest.mark.parametrize("fault", [Fault.BAD_CONFIGURATION, Fault.APPLICATION_CRASH, Fault.IMAGE_PULL])
@pytest.mark.parametrize("others", [NEW, OLD])
async def test_a_revision_that_came_after_the_fault_is_not_rolled_back(fault, others):
    """It may be the person's fix, on its way or no better; the one before has the fault for certain."""
    fix = rolled_out(age=60, in_progress=True)
    found = situation(fault, pods=pods(1, others=others), workload=fix, age=400)
    assert (await decide(found)).category is not Action.ROLLBACK


@pytest.mark.parametrize("age", [None, 0, 50, 60, 65])
async def test_a_revision_whose_fault_was_seen_at_about_the_time_it_was_made_is_rolled_back(age):
    bad = rolled_out(age=60, in_progress=True)
    found = situation(Fault.APPLICATION_CRASH, pods=pods(1, others=OLD), workload=bad, age=age)
    assert (await decide(found)).category is Action.ROLLBACK


async def test_of_two_bad_releases_in_a_row_both_are_gone_back_from():
    """The fault came with the first of them; the revision that still serves was left before it began."""
    second = rolled_out(age=60, in_progress=True, previous_left_seconds=410)
    found = situation(Fault.IMAGE_PULL, pods=pods(1, others=OLD), workload=second, age=400)
    assert (await decide(found)).category is Action.ROLLBACK


async def test_what_was_done_in_an_earlier_incident_says_nothing_of_the_newest_revision():
    before = Tried("resize", "resize Deployment/shop/front ratio=2.0 resource=memory")
    found = situation(Fault.APPLICATION_CRASH, affected=3, workload=rolled_out(), tried=(before,), age=20)
    assert (await decide(found)).category is Action.ROLLBACK


async def test_the_revision_that_our_own_restart_made_is_not_blamed():
    done = Restart(scope="workload")
    restarted = Tried("restart", "restart Deployment/shop/front scope=workload", done)
    found = situation(Fault.APPLICATION_CRASH, affected=3, workload=rolled_out(age=90), tried=(restarted,))
    assert (await decide(found)).category is Action.ESCALATE


async def test_the_revision_that_an_earlier_incident_of_ours_made_is_not_blamed_either():
    ours = rolled_out(age=90, healed_revision=True)
    found = situation(Fault.APPLICATION_CRASH, affected=3, workload=ours)
    assert (await decide(found)).category is Action.RESTART


# --- hangs


async def test_one_hanging_replica_is_restarted_alone():
    found = await decide(situation(Fault.HANG_OR_PROBE_FAILURE))
    assert found.parameters == Restart(scope="pod", pods=("front-0",))


async def test_a_hang_that_comes_back_on_a_young_revision_is_rolled_back():
    found = situation(Fault.HANG_OR_PROBE_FAILURE, workload=rolled_out())
    assert await climb(found) == ["restart-affected-pods", "rollback", "escalate"]


async def test_when_all_replicas_of_an_old_revision_hang_the_workload_is_restarted_once():
    found = situation(Fault.HANG_OR_PROBE_FAILURE, affected=3, workload=rolled_out(age=90_000))
    assert await climb(found) == ["restart-workload", "escalate"]


async def test_a_rollout_that_does_not_get_past_its_first_pod_is_rolled_back():
    found = situation(
        Fault.HANG_OR_PROBE_FAILURE, pods=pods(1, others=OLD), workload=rolled_out(in_progress=True)
    )
    assert (await decide(found)).rule == "rollback-stuck-rollout"


async def test_a_single_replica_that_hangs_is_rolled_so_that_its_successor_comes_first():
    found = await decide(situation(Fault.HANG_OR_PROBE_FAILURE, affected=1, total=1))
    assert found.parameters == Restart(scope="workload")


# --- dependencies


def dependency(desired: int, ready: int = 0) -> DependencyFact:
    behind = workload_fact("back", desired=desired, ready=ready, last_known_replicas=2)
    return DependencyFact(service="back", ready_endpoints=ready, workload=behind)


async def test_a_dependency_at_zero_is_scaled_and_the_service_left_alone():
    found = await decide(situation(Fault.DEPENDENCY_UNAVAILABLE, affected=3, dependencies=(dependency(0),)))
    assert found.parameters == Scale(ratio=1.0)
    assert (found.target.kind, found.target.name) == ("Deployment", "back")


@pytest.mark.parametrize(
    "dependencies", [(dependency(2),), (), (DependencyFact(service="x", ready_endpoints=0),)]
)
async def test_a_dependency_with_trouble_of_its_own_is_waited_for(dependencies):
    found = situation(Fault.DEPENDENCY_UNAVAILABLE, affected=3, dependencies=dependencies)
    assert await climb(found) == [
        "wait-for-dependency-60s",
        "wait-for-dependency-60s",
        "wait-for-dependency-180s",
        "escalate",
    ]


async def test_a_dependency_that_may_not_be_scaled_is_handed_over_at_once():
    mask = Mask(category=Action.SCALE, reason=Reason.NOT_SELECTED.value)
    found = situation(Fault.DEPENDENCY_UNAVAILABLE, dependencies=(dependency(0),), masks=(mask,))
    decision = await decide(found)
    assert decision.category is Action.ESCALATE
    assert "NotSelected" in decision.explanation


async def test_the_autoscaler_of_the_healthy_service_does_not_keep_its_dependency_down():
    found = situation(
        Fault.DEPENDENCY_UNAVAILABLE,
        dependencies=(dependency(0),),
        workload=workload_fact(autoscaled_by="HorizontalPodAutoscaler/front"),
    )
    assert (await decide(found)).category is Action.SCALE


# --- load


@pytest.mark.parametrize("fault", [Fault.OVERLOAD, Fault.CPU_SATURATION])
async def test_load_is_met_with_replicas_then_with_cpu(fault):
    assert await climb(situation(fault, affected=3)) == ["scale-up-2x", "raise-cpu-2x", "escalate"]


async def test_a_workload_that_an_autoscaler_owns_gets_cpu_instead():
    found = await decide(
        situation(Fault.OVERLOAD, workload=workload_fact(autoscaled_by="HorizontalPodAutoscaler/x"))
    )
    assert found.parameters == Resize(resource="cpu", ratio=2.0)
    assert [mask.reason for mask in found.masks if mask.category is Action.SCALE] == ["AutoscalerHasRoom"]


async def test_an_autoscaler_that_is_held_by_its_maximum_gets_a_higher_one_first():
    held = workload_fact(autoscaled_by="HorizontalPodAutoscaler/x", autoscaler_stuck=True)
    found = await decide(situation(Fault.OVERLOAD, workload=held))
    assert found.parameters == Scale(ratio=2.0)


async def test_a_bad_release_that_git_ops_keeps_is_handed_over_with_the_reason():
    kept = workload_fact(
        previous_revision="1", revision_age_seconds=60, template_kept_by="Argo CD (application shop)"
    )
    found = await decide(situation(Fault.BAD_CONFIGURATION, workload=kept))
    assert found.category is Action.ESCALATE
    assert [mask.reason for mask in found.masks if mask.category is Action.ROLLBACK] == ["OwnedByGitOps"]
    assert "rollback (OwnedByGitOps)" in found.explanation


# --- nodes

LOST = ObjectRef(kind="Node", name="node-1")
NODES = (
    NodeFact(name="node-1", ready=False, schedulable=True),
    NodeFact(name="node-2", ready=True, schedulable=True),
)


def on_lost_node(**fields):
    fields.setdefault("nodes", NODES)
    affected = (
        pod_fact("a", affected=True),
        pod_fact("b", affected=True, movable=False),
        pod_fact("c", affected=True),
    )
    return situation(Fault.NODE_FAULT, target=LOST, workload=None, pods=affected, **fields)


async def test_movable_pods_leave_a_lost_node_and_the_node_is_not_touched():
    found = await decide(on_lost_node())
    assert found.parameters == Migrate(pods=("a", "c"), source="node-1")
    assert found.target == LOST


async def test_without_another_node_it_is_waited_and_then_handed_over():
    nodes = (NODES[0], NodeFact(name="node-2", ready=True, schedulable=False))
    assert await climb(on_lost_node(nodes=nodes)) == ["wait-60s", "wait-60s", "escalate"]


async def test_pods_stay_on_a_node_that_has_come_back():
    nodes = (NodeFact(name="node-1", ready=True, schedulable=True), NODES[1])
    assert isinstance((await decide(on_lost_node(nodes=nodes))).parameters, Wait)


async def test_a_workload_with_a_pod_on_a_lost_node_is_moved_off_it():
    found = await decide(situation(Fault.NODE_FAULT, nodes=NODES))
    assert found.parameters == Migrate(pods=("front-0",), source="node-1")
    assert found.target.kind == "Deployment"


@pytest.mark.parametrize(
    ("place", "nodes", "said"),
    [
        (None, NODES, "no affected pod is on a node yet"),
        ("node-2", NODES, "no node of its pods is lost now"),
        ("node-1", (NODES[0],), "node node-1 may come back"),
    ],
    ids=["on none", "on a well one", "on a lost one"],
)
async def test_where_no_pod_can_leave_a_lost_node_it_is_waited_and_said_why(place, nodes, said):
    """Of pods that were never placed it was said that node None is lost."""
    pods = (pod_fact("a", affected=True, node=place),)
    found = situation(Fault.NODE_FAULT, pods=pods, nodes=nodes)
    assert said in (await decide(found)).explanation
    assert await climb(found) == ["wait-60s", "wait-60s", "escalate"]


# --- the rest


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.AUTH_OR_CERTIFICATE, ["escalate"]),
        (Fault.SCHEDULING_BLOCKED, ["wait-60s", "wait-180s", "escalate"]),
        (Fault.STORAGE_FAULT, ["wait-60s", "wait-60s", "escalate"]),
        (Fault.NETWORK_FAULT, ["wait-30s", "wait-60s", "wait-60s", "escalate"]),
        (Fault.ACCELERATOR_FAULT, ["wait-60s", "escalate"]),
        (Fault.UNKNOWN, ["wait-60s", "restart-single-pod", "escalate"]),
    ],
)
async def test_faults_that_no_action_of_ours_cures_are_waited_for_and_handed_over(fault, expected):
    assert await climb(situation(fault)) == expected


async def test_an_unknown_fault_on_several_pods_is_not_guessed_at():
    assert await climb(situation(Fault.UNKNOWN, affected=2)) == ["wait-60s", "escalate"]


async def test_nothing_is_done_about_what_is_healthy():
    found = situation(Fault.HEALTHY, tried=(WAITED,) * 20)
    assert isinstance((await decide(found)).parameters, Wait)


async def test_a_guess_is_looked_at_once_more_before_anything_is_done():
    unsure = situation(Fault.MEMORY_EXHAUSTION, affected=3, confidence=0.39)
    assert await climb(unsure) == ["look-once-more", "raise-memory-2x", "raise-memory-3x", "escalate"]


async def test_no_action_is_left_once_the_attempts_are_used_up():
    found = await decide(situation(Fault.MEMORY_EXHAUSTION, affected=3, attempts_left=0))
    assert found.category is Action.ESCALATE


async def test_escalating_says_what_was_tried_and_what_was_ruled_out():
    found = situation(
        Fault.HANG_OR_PROBE_FAILURE,
        tried=(Tried("restart", "restart Deployment/shop/front scope=pod"), WAITED),
        masks=(Mask(category=Action.MIGRATE, reason=Reason.NOT_ALLOWED_BY_POLICY.value),),
    )
    explanation = (await decide(found)).explanation
    assert "tried restart" in explanation
    assert "waited 1 times" in explanation
    assert "migrate (NotAllowedByPolicy)" in explanation


async def test_the_decision_explains_itself_with_numbers_and_certainty():
    found = await decide(situation(Fault.MEMORY_EXHAUSTION, affected=3))
    assert found.explanation.startswith("memory_exhaustion (90% sure): 3 of 3 pods")
    assert found.probabilities[Action.RESIZE] == 1.0
    assert sum(found.probabilities.values()) == 1.0
    assert {mask.category for mask in found.masks} >= {Action.ROLLBACK}


async def test_revisions_that_cannot_be_told_apart_do_not_acquit_the_rollout():
    found = situation(Fault.BAD_CONFIGURATION, pods=pods(3, revision=None), workload=rolled_out())
    assert (await decide(found)).category is Action.ROLLBACK
