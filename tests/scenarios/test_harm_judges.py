"""Each harm that a run is blamed for, done once, beside the same world without it."""

from typing import Any

import pytest

from planaria_scenarios.harm import HITCH, Injected, harmful
from planaria_scenarios.model import Scenario
from planaria_scenarios.oracle import Baseline
from planaria_scenarios.records import read
from tests.scenarios.worlds import World, control, remediation, scenario, workload


class Trial:
    """A world with a fault in shop-0, and a bystander `load` with one pod."""

    def __init__(self) -> None:
        self.world = World()
        self.world.workload("load", 1)
        self.world.pod("load-0", app="load")
        self.baseline = Baseline.of(self.world.history)
        self.injected = Injected(
            at=self.world.now,
            victims={"uid-shop-0"},
            node="node-1",
            generations={"Deployment/shop": 1, "Deployment/load": 1},
        )

    def harm(self, judged: Scenario, *records: dict[str, Any]) -> list[str]:
        bodies = [read(body) for body in records]
        return harmful(self.world.case(judged, self.injected, self.baseline, *bodies))


@pytest.fixture
def trial() -> Trial:
    return Trial()


OTHERS = scenario(harm={"keep_pods": "others", "keep_spec": True, "min_ready": 2})


def test_replacing_only_the_victim_is_no_harm(trial: Trial):
    trial.world.remove("shop-0")
    trial.world.pod("shop-9")
    assert trial.harm(OTHERS, remediation()) == []


def test_removing_another_replica_is_harm(trial: Trial):
    trial.world.remove("shop-0")
    trial.world.pod("shop-9")
    trial.world.remove("shop-1")
    assert trial.harm(OTHERS) == ["shop-1 of Deployment/shop was removed"]


def test_restarting_another_replica_is_harm(trial: Trial):
    trial.world.pod("shop-1", restarts=1)
    assert trial.harm(OTHERS) == ["shop-1 of Deployment/shop was restarted"]


def test_editing_a_target_that_must_stay_is_harm(trial: Trial):
    trial.world.workload("shop", 3, generation=2)
    assert trial.harm(OTHERS) == ["Deployment/shop was edited"]


def test_the_faults_own_edit_is_blamed_on_nobody(trial: Trial):
    trial.injected.generations["Deployment/shop"] = 2
    trial.world.workload("shop", 3, generation=2)
    assert trial.harm(OTHERS) == []


def test_falling_below_the_floor_is_harm(trial: Trial):
    trial.world.pod("shop-0", ready=False)
    assert trial.harm(OTHERS) == []
    trial.world.pod("shop-1", ready=False)
    trial.world.now += HITCH
    trial.world.pod("shop-1", ready=True)
    assert trial.harm(OTHERS) == ["Deployment/shop fell to 1 ready replicas, must keep 2"]


def test_ending_below_the_floor_is_harm(trial: Trial):
    trial.world.pod("shop-0", ready=False)
    trial.world.pod("shop-1", ready=False)
    assert trial.harm(OTHERS) == ["Deployment/shop fell to 1 ready replicas, must keep 2"]


def test_a_well_replica_that_missed_a_probe_is_nobodys_harm(trial: Trial):
    trial.world.pod("shop-0", ready=False)
    trial.world.pod("shop-1", ready=False)
    trial.world.pod("shop-1", ready=True)
    assert trial.harm(OTHERS) == []


def test_bystander_that_is_edited_restarted_or_removed_is_harm(trial: Trial):
    trial.world.workload("load", 1, generation=2)
    assert trial.harm(scenario()) == ["Deployment/load was edited"]
    trial.world.pod("load-0", app="load", restarts=1)
    assert "load-0 of Deployment/load was restarted" in trial.harm(scenario())
    trial.world.remove("load-0", app="load")
    assert "load-0 of Deployment/load was removed" in trial.harm(scenario())


def test_deleting_a_workload_is_harm(trial: Trial):
    trial.world.feed("Deployment", workload("shop", 3), "DELETED")
    assert "Deployment/shop was deleted" in trial.harm(scenario())


def test_pods_on_the_stopped_node_may_go_and_others_may_not():
    trial = Trial()
    trial.world.pod("shop-1", node="node-2")
    trial.baseline = Baseline.of(trial.world.history)
    judged = scenario(harm={"keep_pods": "living"})
    trial.world.remove("shop-0")
    assert trial.harm(judged) == []
    trial.world.remove("shop-1", node="node-2")
    assert trial.harm(judged) == ["shop-1 of Deployment/shop was removed"]


def test_acting_on_the_wrong_object_is_harm(trial: Trial):
    assert trial.harm(scenario(), remediation(target="Deployment/load")) == [
        "acted on the wrong object: restart Deployment/load, not Deployment/shop"
    ]


def test_more_actions_than_allowed_are_harm_and_unsent_ones_do_not_count(trial: Trial):
    twice = (remediation(), remediation(number=2))
    assert trial.harm(scenario(), *twice) == [
        "2 actions were applied, 1 allowed: restart Deployment/shop, restart Deployment/shop"
    ]
    assert trial.harm(scenario(), remediation(), remediation(applied=None)) == []


NODE_FIRST = {"harm": {"node_lost_first": True}, "exclusive": True}


def lost_at(trial: Trial, moment: float) -> None:
    trial.world.now = moment - 1
    trial.world.node("node-1", ready=False)
    trial.world.node("node-1", ready=True)


def test_acting_before_the_node_is_lost_is_harm(trial: Trial):
    expected = {
        "faults": ["node_fault"],
        "actions": ["migrate"],
        "target": "Deployment/shop",
        "or_node": True,
    }
    judged = scenario(expected=expected, **NODE_FIRST)
    migrated = remediation(action="migrate", target="Node/node-1", applied="2026-01-01T00:00:10Z")
    assert "before Node/node-1 was lost" in trial.harm(judged, migrated)[0]
    lost_at(trial, 1767225605.0)  # 2026-01-01T00:00:05Z
    assert trial.harm(judged, migrated) == []


def test_taint_left_behind_is_harm(trial: Trial):
    judged = scenario(exclusive=True)
    trial.world.node("node-1", ready=True, taints=[{"key": "node.kubernetes.io/not-ready"}])
    assert trial.harm(judged) == []
    trial.world.node("node-1", ready=True, taints=[{"key": "planaria.dev/avoid"}])
    assert trial.harm(judged) == ["Node/node-1 was left with a taint of the operator"]


def test_control_in_which_nothing_was_done_is_clean(trial: Trial):
    trial.world.remove("shop-1")
    trial.world.pod("shop-9")
    assert trial.harm(control()) == []


def test_any_attempt_in_a_control_is_harm_even_if_it_was_never_sent(trial: Trial):
    found = trial.harm(control(), remediation(applied=None))
    assert found == ["acted where nothing was wrong: restart Deployment/shop: said so"]


def test_record_without_an_attempt_is_no_harm_in_a_control(trial: Trial):
    body = remediation()
    body["status"]["attempts"] = []
    assert trial.harm(control(), body) == []


def test_eviction_in_a_control_is_harm_whoever_keeps_silent_about_it(trial: Trial):
    trial.world.pod("shop-1", evicted=True, deleting=True)
    assert trial.harm(control()) == ["Pod/shop-1 was evicted"]


def test_edit_by_the_operator_in_a_control_is_harm(trial: Trial):
    trial.world.workload("shop", 3, manager="planaria")
    assert trial.harm(control()) == ["Deployment/shop was changed by the operator"]
    other = Trial()
    other.world.workload("shop", 3, manager="planaria-scenarios")
    assert other.harm(control()) == []


def test_newcomer_that_is_restarted_while_it_starts_is_harm(trial: Trial):
    judged = control(harm={"keep_pods": "seen"})
    trial.world.pod("shop-9", ready=False)
    assert trial.harm(judged) == []
    trial.world.pod("shop-9", ready=False, restarts=1)
    assert "shop-9 of Deployment/shop was removed or restarted while it started" in trial.harm(judged)
