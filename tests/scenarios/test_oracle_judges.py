"""An oracle that cannot fail is worth nothing: each way of looking healed without being so is here."""

import pytest

from planaria_scenarios.model import Oracle
from planaria_scenarios.oracle import Baseline, Settling, lost_for_good, unhealthy
from tests.scenarios.worlds import World, workload

ORACLE = Oracle.model_validate({"workload": "Deployment/shop", "template": "same"})
ANY_TEMPLATE = Oracle.model_validate({"workload": "Deployment/shop"})


@pytest.fixture
def world() -> World:
    return World()


def reasons(world: World, baseline: Baseline, oracle: Oracle = ORACLE) -> str:
    return "; ".join(unhealthy(oracle, baseline, world.history, world.everyone))


def test_untouched_world_is_healthy(world: World):
    assert reasons(world, Baseline.of(world.history)) == ""


def test_deleted_workload_is_no_recovery_and_never_will_be(world: World):
    baseline = Baseline.of(world.history)
    world.feed("Deployment", workload("shop", 3), "DELETED")
    assert "does not exist" in reasons(world, baseline)
    assert lost_for_good(ORACLE, baseline, world.history) == ["Deployment/shop was deleted"]


def test_namesake_made_anew_is_no_recovery(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 3, uid="another")
    assert "another object" in reasons(world, baseline)
    assert lost_for_good(ORACLE, baseline, world.history)


def test_scaled_to_zero_is_no_recovery_although_nothing_is_unready(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 0, generation=2)
    for index in range(3):
        world.remove(f"shop-{index}")
    assert "wants 0 replicas, had 3" in reasons(world, baseline)


def test_fewer_replicas_than_before_are_no_recovery(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 2, generation=2)
    world.remove("shop-2")
    assert "wants 2 replicas, had 3" in reasons(world, baseline)


def test_workload_that_was_at_zero_before_still_needs_a_replica():
    world = World(replicas=0)
    assert "wants 0 replicas" in reasons(world, Baseline.of(world.history))


def test_more_replicas_are_welcome_once_all_are_ready(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 4, generation=2)
    assert "has 3 pods, wants 4" in reasons(world, baseline)
    world.pod("shop-3", ready=False)
    assert "not ready: shop-3" in reasons(world, baseline)
    world.pod("shop-3")
    assert reasons(world, baseline) == ""


def test_ready_pod_that_does_not_answer_is_no_recovery(world: World):
    found = unhealthy(ORACLE, Baseline.of(world.history), world.history, world.everyone - {"uid-shop-1"})
    assert found == ["Deployment/shop: does not answer: shop-1"]


def test_pod_on_its_way_out_counts_for_nothing(world: World):
    baseline = Baseline.of(world.history)
    world.pod("shop-0", deleting=True)
    assert "has 2 pods, wants 3" in reasons(world, baseline)


def test_other_template_is_refused_where_the_old_one_must_come_back(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 3, generation=2, image="app:2")
    assert "template from before the fault" in reasons(world, baseline)
    assert reasons(world, baseline, ANY_TEMPLATE) == ""


def test_annotation_on_the_template_is_not_another_template(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 3, generation=2, annotations={"kubectl.kubernetes.io/restartedAt": "now"})
    assert reasons(world, baseline) == ""


def test_rollout_under_way_is_no_recovery(world: World):
    baseline = Baseline.of(world.history)
    world.workload("shop", 3, generation=2, observed=1)
    assert "has not seen generation 2" in reasons(world, baseline)
    world.workload("shop", 3, generation=2, updated=1)
    assert "1 of 3 replicas are of the present revision" in reasons(world, baseline)


def test_second_workload_must_be_healthy_too(world: World):
    world.workload("catalog", 2)
    baseline = Baseline.of(world.history)
    both = Oracle.model_validate({"workload": "Deployment/shop", "also": ["Deployment/catalog"]})
    assert reasons(world, baseline, both) == "Deployment/catalog has 0 pods, wants 2"


def test_job_counts_once_it_has_completed(world: World):
    oracle = Oracle.model_validate({"workload": "Job/import"})
    body = workload("import", 1)
    world.feed("Job", body)
    assert reasons(world, Baseline.of(world.history), oracle) == "Job/import has not completed"
    world.feed("Job", body | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}})
    assert reasons(world, Baseline.of(world.history), oracle) == ""


def test_health_must_last_and_flapping_starts_the_span_anew():
    settling = Settling(10)
    assert not settling.update(healthy=True, now=0)
    assert not settling.update(healthy=True, now=9)
    assert not settling.update(healthy=False, now=9.5)
    assert not settling.update(healthy=True, now=12)
    assert not settling.update(healthy=True, now=21)
    assert settling.update(healthy=True, now=22)
    assert (settling.since, settling.breaks) == (12, 1)
