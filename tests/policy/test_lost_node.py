"""A lost node in a cluster of two, in the operator's words: the shipped policy once waited there for ever.

What the collector tells of the scenario `lost-node`: a target without a workload, two pods that can move, the agent's
that cannot, one other node, nothing measured because the kubelet is silent.
"""

from datetime import UTC, datetime, timedelta

import pytest

from planaria_contract import (
    Action,
    Consultation,
    Fault,
    Mask,
    ModelVersion,
    NodeFact,
    ObjectRef,
    Observation,
    PodFact,
    SemanticState,
    Source,
    Symptom,
    SymptomKind,
    Wait,
)
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import SHIPPED, PolicyFile
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.scene import Scene
from planaria_policy.spaces.encode import encode
from planaria_policy.spaces.sights import AT

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOST = ObjectRef(kind="Node", name="planaria-node-1")
NO_HANDS = (Action.RESTART, Action.SCALE, Action.RESIZE, Action.ROLLBACK, Action.ISOLATE, Action.RELOAD)


def pod(name, movable=True):
    return PodFact(
        name=name, uid=name, node=LOST.name, ready=False, affected=True, restarts=0, movable=movable
    )


def told(waits, confidence, severity):
    age = 12 + 30 * waits
    since = NOW - timedelta(seconds=age)
    pods = (pod("shop-1"), pod("shop-2"), pod("agent", movable=False))
    subjects = [(SymptomKind.NODE_NOT_READY, LOST)]
    subjects += [(SymptomKind.NOT_READY, ObjectRef(kind="Pod", name=each.name)) for each in pods[:2]]
    return Consultation(
        observation=Observation(
            incident="lost-node",
            time=NOW,
            target=LOST,
            symptoms=tuple(Symptom(kind=kind, subject=subject, since=since) for kind, subject in subjects),
            pods=pods,
            nodes=(
                NodeFact(name=LOST.name, ready=False, schedulable=True),
                NodeFact(name="planaria-node-2", ready=True, schedulable=True),
            ),
        ),
        state=SemanticState(
            fault=Fault.NODE_FAULT,
            component=LOST.name,
            severity=severity,
            confidence=confidence,
            novelty=0.3,
            summary="the node stopped reporting",
            source=Source.ENCODER,
            model=ModelVersion(id="encoder", version="1"),
        ),
        masks=tuple(Mask(category=category, reason="UnsupportedTarget") for category in NO_HANDS),
        tried=(Wait(wait_seconds=30),) * waits,
        attempts_left=3,
        age_seconds=age,
    )


@pytest.mark.parametrize("waits", [0, 1, 3, 6])
def test_the_shipped_policy_moves_the_pods(waits):
    brain = Brain(PolicyFile.load(SHIPPED))
    asked = [told(waits, sure, severity) for sure in (0.5, 0.8, 0.97) for severity in (1, 2, 3)]
    assert {decision.category for decision in brain.decide(asked)} == {Action.MIGRATE}


def test_it_sees_a_lost_node_and_one_place_to_go():
    seen = encode(told(0, 0.9, 2))
    assert seen.facts[AT["nodes.lost"]] == 1
    assert seen.facts[AT["pods.movable"]] == 1
    assert seen.facts[AT["usage.memory.known"]] == 0
    assert seen.legal["place"].tolist() == [False, True, True]
    assert seen.facts[AT["allowed.migrate"]] == 1


def test_a_cluster_of_two_mostly_has_room_for_what_its_lost_node_carried():
    scenes = [Scene(cause="lost-node", seed=seed, nodes=2).environment() for seed in range(1, 121)]
    room = [
        bool((each.world.free * each.world.node_ready).sum() >= each.world.hit_on.amax(1).sum())
        for each in scenes
    ]
    assert Sizes().nodes > 2
    assert 0.8 < sum(room) / len(room) < 1.0
