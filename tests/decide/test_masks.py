"""What is ruled out, and the stable reason for it."""

from planaria_contract import Action, NodeFact
from planaria_operator.decide.masks import merged, policy_masks, situation_masks
from tests.builders import observation, pod_fact, policy, workload_fact


def reasons(masks):
    return {mask.category: mask.reason for mask in masks}


def test_the_default_policy_rules_out_only_what_this_version_cannot_do():
    assert reasons(policy_masks(policy())) == {
        Action.ISOLATE: "UnsupportedTarget",
        Action.RELOAD: "UnsupportedTarget",
    }


def test_what_the_policy_does_not_list_is_ruled_out():
    found = reasons(policy_masks(policy(actions=[{"type": "restart"}])))
    assert found[Action.SCALE] == found[Action.ROLLBACK] == found[Action.MIGRATE] == "NotAllowedByPolicy"
    assert Action.RESTART not in found


def test_waiting_and_escalating_are_never_ruled_out():
    found = reasons(policy_masks(policy(actions=[])))
    assert not {Action.NONE, Action.ESCALATE} & found.keys()


def test_a_workload_without_an_older_revision_cannot_be_rolled_back():
    seen = observation()
    assert reasons(situation_masks(seen, seen.workload))[Action.ROLLBACK] == "NoPreviousRevision"


def test_an_autoscaled_workload_cannot_be_scaled():
    seen = observation(workload=workload_fact(autoscaled_by="HorizontalPodAutoscaler/front"))
    assert reasons(situation_masks(seen, seen.workload))[Action.SCALE] == "Autoscaled"


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


def test_the_first_reason_for_a_category_stands_and_the_chosen_one_has_none():
    by_policy = policy_masks(policy(actions=[]))
    seen = observation()
    both = merged(by_policy, situation_masks(seen, seen.workload), without=Action.SCALE)
    assert reasons(both)[Action.ROLLBACK] == "NotAllowedByPolicy"
    assert Action.SCALE not in reasons(both)
    assert len(both) == len(reasons(both))
