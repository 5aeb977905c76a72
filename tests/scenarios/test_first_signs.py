from planaria_scenarios.oracle import Baseline
from planaria_scenarios.signs import first_sign
from tests.scenarios.worlds import World


def sign_after(**fields) -> str:
    world = World()
    baseline = Baseline.of(world.history)
    world.pod("shop-0", **fields)
    return first_sign(baseline, world.history)


def test_nothing_is_wrong_before_anything_happens():
    assert sign_after() == ""


def test_ready_pod_that_is_not_ready_any_more():
    assert sign_after(ready=False) == "Pod/shop-0 was ready and is not"


def test_container_that_was_killed():
    assert "OOMKilled (exit 137)" in sign_after(restarts=1, ended=("OOMKilled", 137))


def test_waiting_reason_that_names_a_fault():
    assert sign_after(waiting="CrashLoopBackOff", ready=False) == "Pod/shop-0 waits in CrashLoopBackOff"
    assert sign_after(waiting="ContainerCreating") == ""


def test_new_pod_that_is_merely_starting_is_no_sign():
    world = World()
    baseline = Baseline.of(world.history)
    world.pod("shop-9", ready=False)
    assert first_sign(baseline, world.history) == ""


def test_pod_that_is_being_deleted_is_no_sign():
    assert sign_after(ready=False, deleting=True) == ""


def test_lost_node_is_a_sign_only_where_it_holds_a_pod_of_ours():
    world = World()
    baseline = Baseline.of(world.history)
    world.node("node-7", ready=False)
    assert first_sign(baseline, world.history) == ""
    world.node("node-1", ready=False)
    assert first_sign(baseline, world.history) == "Node/node-1 is not ready"
