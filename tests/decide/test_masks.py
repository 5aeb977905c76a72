"""What is ruled out, and the stable reason for it."""

from planaria_contract import Action, Fault, NodeFact, ObjectRef, Restart
from planaria_operator.api.actions import Mode
from planaria_operator.api.reasons import Reason
from planaria_operator.decide.decider import Tried
from planaria_operator.decide.facts import Facts
from planaria_operator.decide.liberties import liberties
from planaria_operator.decide.masks import (
    age_masks,
    confidence_masks,
    merged,
    node_masks,
    patience_masks,
    policy_masks,
    situation_masks,
)
from tests.builders import observation, pod_fact, policy, workload_fact
from tests.decide.situations import rolled_out, situation


def reasons(masks):
    return {mask.category: mask.reason for mask in masks}


def test_the_default_policy_rules_out_only_what_needs_more_than_a_policy_of_one_namespace_or_a_command():
    assert reasons(policy_masks(policy())) == {
        Action.ISOLATE: "ClusterPolicyOnly",
        Action.RELOAD: "NoCommandDeclared",
    }


def test_a_policy_of_one_namespace_may_not_isolate_even_where_it_lists_it():
    listed = policy(actions=[{"type": "isolate"}])
    assert reasons(policy_masks(listed))[Action.ISOLATE] == "ClusterPolicyOnly"
    wide = listed.model_copy(update={"namespace": ""})
    assert Action.ISOLATE not in reasons(policy_masks(wide))
    assert reasons(policy_masks(policy().model_copy(update={"namespace": ""})))[Action.ISOLATE] == (
        "NotAllowedByPolicy"
    )


def test_a_declared_command_rules_reload_in():
    declared = policy(actions=[{"type": "reload", "command": ["nginx", "-s", "reload"]}])
    assert Action.RELOAD not in reasons(policy_masks(declared))


def test_a_workloads_symptom_rules_isolate_out_unless_several_share_the_node():
    workload, lost = observation().target, ObjectRef(kind="Node", name="node-1")
    assert reasons(node_masks(workload, None)) == {Action.ISOLATE: "WorkloadSymptom"}
    assert node_masks(workload, "node-1") == node_masks(lost, None) == ()


def test_what_the_policy_does_not_list_is_ruled_out():
    found = reasons(policy_masks(policy(actions=[{"type": "restart"}])))
    assert found[Action.SCALE] == found[Action.ROLLBACK] == found[Action.MIGRATE] == "NotAllowedByPolicy"
    assert Action.RESTART not in found


def ruled_out_by_age(age: float | None, **fields):
    found = situation(Fault.APPLICATION_CRASH, age=age, **fields)
    return reasons(age_masks(Facts(found)))


def test_nobody_may_take_back_a_revision_that_came_after_the_fault():
    fix = rolled_out(age=60)
    assert ruled_out_by_age(400, workload=fix) == {Action.ROLLBACK: "FaultIsOlder"}
    for age in (None, 0, 64):
        assert ruled_out_by_age(age, workload=fix) == {}
    assert ruled_out_by_age(400, workload=rolled_out(age=900)) == {}
    assert ruled_out_by_age(400, workload=rolled_out(age=60, previous_left_seconds=410)) == {}


def test_a_revision_that_planaria_made_since_the_fault_hides_none_that_is_to_blame():
    assert ruled_out_by_age(400, workload=rolled_out(age=60, healed_revision=True)) == {}


def test_a_release_that_came_after_what_planaria_did_is_not_taken_for_its_own():
    restarted = Tried("restart", "restart Deployment/shop/front scope=workload", Restart(scope="workload"))
    assert Action.ROLLBACK in ruled_out_by_age(400, workload=rolled_out(age=60), tried=(restarted,))


def test_waiting_ends_when_the_patience_of_the_policy_does():
    patient = policy(escalation={"maxWaits": 3})
    assert patience_masks(patient, 2) == ()
    (mask,) = patience_masks(patient, 3)
    assert (mask.category, mask.reason) == (Action.NONE, "WaitedEnough")
    assert mask.message == "waited 3 times; escalation.maxWaits is 3"


def test_no_policy_rules_out_waiting_or_escalating():
    found = reasons(policy_masks(policy(actions=[])))
    assert not {Action.NONE, Action.ESCALATE} & found.keys()


def test_a_workload_without_an_older_revision_cannot_be_rolled_back():
    seen = observation()
    assert reasons(situation_masks(seen, seen.workload))[Action.ROLLBACK] == "NoPreviousRevision"


def test_an_autoscaled_workload_cannot_be_scaled():
    seen = observation(workload=workload_fact(autoscaled_by="HorizontalPodAutoscaler/front"))
    assert reasons(situation_masks(seen, seen.workload))[Action.SCALE] == "AutoscalerHasRoom"


def test_an_autoscaler_that_is_held_by_its_bounds_may_get_others_where_the_policy_lets_it():
    held = workload_fact(autoscaled_by="HorizontalPodAutoscaler/front", autoscaler_stuck=True)
    seen = observation(workload=held)
    assert Action.SCALE not in reasons(situation_masks(seen, held))
    strict = liberties(policy(actions=[{"type": "scale", "raise_autoscaler_bounds": False}]))
    assert reasons(situation_masks(seen, held, strict))[Action.SCALE] == "Autoscaled"


def test_at_zero_replicas_an_autoscaler_is_switched_off_and_stands_in_nobodys_way():
    off = workload_fact(desired=0, autoscaled_by="HorizontalPodAutoscaler/front")
    assert Action.SCALE not in reasons(situation_masks(observation(), off))


OF_SPEC = {Action.ROLLBACK, Action.RESIZE, Action.SCALE}


def test_what_another_object_controls_is_changed_in_its_pods_alone():
    owned = workload_fact(controlled_by="Cluster/pg", previous_revision="1")
    found = reasons(situation_masks(observation(workload=owned), owned))
    assert {action for action, reason in found.items() if reason == "ForeignOwner"} == OF_SPEC
    assert not {Action.RESTART, Action.MIGRATE} & {a for a, r in found.items() if r == "ForeignOwner"}


def test_what_git_ops_keeps_is_left_unless_the_policy_says_otherwise():
    kept = workload_fact(
        template_kept_by="Argo CD", replicas_kept_by="Argo CD", previous_revision="1", revision="2"
    )
    seen = observation(workload=kept)
    assert {a for a, r in reasons(situation_masks(seen, kept)).items() if r == "OwnedByGitOps"} == OF_SPEC
    over = liberties(policy(actions=[{"type": "rollback", "git_ops": "Override"}, {"type": "scale"}]))
    left = reasons(situation_masks(seen, kept, over))
    assert {a for a, r in left.items() if r == "OwnedByGitOps"} == {Action.RESIZE, Action.SCALE}


def test_a_replica_count_that_git_does_not_have_is_scaled_though_the_template_is_kept():
    kept = workload_fact(template_kept_by="Flux (kustomization shop)", previous_revision="1")
    found = reasons(situation_masks(observation(workload=kept), kept))
    assert Action.SCALE not in found
    assert found[Action.ROLLBACK] == "OwnedByGitOps"


def test_a_daemon_set_cannot_be_scaled():
    seen = observation(workload=workload_fact(kind="DaemonSet"))
    assert reasons(situation_masks(seen, seen.workload))[Action.SCALE] == "UnsupportedTarget"


def test_pods_without_limits_cannot_be_resized():
    bare = pod_fact(affected=True, memory_limit_bytes=None, cpu_limit_millicores=None)
    seen = observation(pods=(bare,))
    assert reasons(situation_masks(seen, seen.workload))[Action.RESIZE] == "NoLimitToRaise"


def test_pods_that_would_not_come_back_elsewhere_cannot_be_moved():
    seen = observation(pods=(pod_fact(affected=True, movable=False),))
    assert reasons(situation_masks(seen, seen.workload))[Action.MIGRATE] == "NotMovable"


def test_without_another_ready_node_nothing_can_be_moved():
    cordoned = NodeFact(name="node-2", ready=True, schedulable=False)
    seen = observation(nodes=(NodeFact(name="node-1", ready=False, schedulable=True), cordoned))
    assert reasons(situation_masks(seen, seen.workload))[Action.MIGRATE] == "NoOtherNode"


def test_a_node_is_no_workload():
    found = reasons(situation_masks(observation(workload=None), None))
    assert found[Action.RESTART] == found[Action.SCALE] == found[Action.RESIZE] == "UnsupportedTarget"


def test_the_first_reason_for_a_category_stands():
    by_policy = policy_masks(policy(actions=[]))
    seen = observation()
    both = merged(by_policy, situation_masks(seen, seen.workload))
    assert reasons(both)[Action.ROLLBACK] == "NotAllowedByPolicy"
    assert len(both) == len(reasons(both))


def test_what_is_only_observed_gives_way_to_what_is_enforced():
    mixed = policy(actions=[{"type": "restart", "mode": "Observe"}, {"type": "rollback"}])
    assert reasons(policy_masks(mixed))[Action.RESTART] == Reason.OBSERVE_MODE
    assert Action.ROLLBACK not in reasons(policy_masks(mixed))


def test_a_policy_that_enforces_nothing_shows_what_would_be_done():
    watching = policy(
        mode=Mode.OBSERVE, actions=[{"type": "restart"}, {"type": "scale", "mode": "Recommend"}]
    )
    assert not {Action.RESTART, Action.SCALE} & reasons(policy_masks(watching)).keys()


def test_a_recommendation_is_not_passed_over_for_the_second_best():
    mixed = policy(actions=[{"type": "rollback", "mode": "Recommend"}, {"type": "restart"}])
    assert Action.ROLLBACK not in reasons(policy_masks(mixed))


def test_what_waits_for_approval_is_not_passed_over_and_comes_before_what_is_only_observed():
    asking = policy(mode=Mode.OBSERVE, actions=[{"type": "rollback", "mode": "Approve"}, {"type": "restart"}])
    assert reasons(policy_masks(asking)).get(Action.RESTART) == Reason.OBSERVE_MODE
    assert Action.ROLLBACK not in reasons(policy_masks(asking))
    beside = policy(actions=[{"type": "rollback", "mode": "Approve"}, {"type": "restart"}])
    assert not {Action.RESTART, Action.ROLLBACK} & reasons(policy_masks(beside)).keys()


def test_an_action_that_asks_for_more_confidence_is_masked():
    strict = policy(actions=[{"type": "restart", "min_confidence_percent": 80}, {"type": "rollback"}])
    assert reasons(confidence_masks(strict, 79)) == {Action.RESTART: Reason.LOW_CONFIDENCE}
    assert confidence_masks(strict, 80) == ()
    assert set(reasons(confidence_masks(strict, 19))) == {Action.RESTART, Action.ROLLBACK}
