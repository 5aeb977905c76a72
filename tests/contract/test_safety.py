"""What a reader must never make of a message, however it came about."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planaria_contract import (
    Action,
    Decider,
    Decision,
    Evidence,
    Fault,
    Mask,
    ModelVersion,
    ObjectRef,
    Observation,
    Restart,
    Scale,
    SemanticState,
    Source,
    Wait,
)
from tests.contract.strategies import calm, models

RULES = ModelVersion(id="rules", version="1")
WEB = ObjectRef(kind="Deployment", name="web", namespace="shop")


@calm
@given(decision=models(Decision), action=st.text(min_size=1).filter(lambda name: name not in set(Action)))
def test_an_action_that_only_a_newer_peer_knows_becomes_a_wait(decision: Decision, action: str):
    message = json.loads(decision.to_json())
    message["parameters"] = {"category": action, "power": 11}
    message["masks"] = []
    read = Decision.from_json(json.dumps(message))
    assert read.parameters == Wait()
    assert read.rule == "UnknownAction"
    assert "which this version does not know" in read.explanation
    assert read.target == decision.target


@calm
@given(decision=models(Decision))
def test_an_action_that_only_a_newer_peer_knows_takes_nothing_of_what_is_said_of_the_others(
    decision: Decision,
):
    message = json.loads(decision.to_json())
    message["probabilities"]["levitate"] = 0.25
    message["masks"].append({"category": "levitate", "reason": "NotAllowed"})
    message["counterfactuals"] = [
        *message["counterfactuals"][:15],
        {"fault": "healthy", "category": "levitate"},
    ]
    read = Decision.from_json(json.dumps(message))
    assert read.parameters == decision.parameters
    assert (read.probabilities, read.masks) == (decision.probabilities, decision.masks)
    assert read.counterfactuals == decision.counterfactuals[:15]


@calm
@given(decision=models(Decision))
def test_a_fault_that_only_a_newer_peer_knows_takes_nothing_of_what_is_said_of_the_others(decision: Decision):
    message = json.loads(decision.to_json())
    message["counterfactuals"] = [
        *message["counterfactuals"][:15],
        {"fault": "gremlins", "category": "restart"},
    ]
    gremlins = {
        "incident": "x",
        "fault": "gremlins",
        "did": "",
        "recovered": True,
        "minutes": -1,
        "similarity": 1,
    }
    message["precedents"] = [*message["precedents"][:2], gremlins]
    message["shadow"] = {"category": "levitate", "probability": 1, "model": RULES.model_dump()}
    read = Decision.from_json(json.dumps(message))
    assert read.counterfactuals == decision.counterfactuals[:15]
    assert (read.precedents, read.shadow) == (decision.precedents[:2], None)


@pytest.mark.parametrize("category", [None, 7, ["restart"], {"restart": 1}])
def test_a_category_that_is_no_text_is_refused(category):
    message = {
        "parameters": {"category": category},
        "target": WEB.model_dump(),
        "decided_by": "rules",
        "model": RULES.model_dump(),
    }
    with pytest.raises(ValidationError, match="parameters"):
        Decision.model_validate(message)


def test_a_masked_action_cannot_be_chosen():
    with pytest.raises(ValidationError, match=r"parameters\.category: restart is masked"):
        Decision(
            parameters=Restart(),
            target=WEB,
            masks=(Mask(category=Action.RESTART, reason="AlreadyTried"),),
            decided_by=Decider.RULES,
            model=RULES,
        )


@pytest.mark.parametrize("ratio", [0.49, 2.01, 0, -1, float("inf"), float("nan")])
def test_a_replica_ratio_outside_its_bounds_is_refused(ratio: float):
    with pytest.raises(ValidationError, match="ratio"):
        Scale(ratio=ratio)


def state(**changes: object) -> SemanticState:
    usual = {
        "fault": Fault.OVERLOAD,
        "component": "Deployment/web",
        "severity": 1,
        "confidence": 0.9,
        "summary": "",
        "source": Source.RULES,
        "model": RULES,
    }
    return SemanticState.model_validate(usual | changes)


def test_a_second_class_that_repeats_the_first_is_refused():
    with pytest.raises(ValidationError, match="secondary: overload repeats fault"):
        state(secondary=Fault.OVERLOAD)


@pytest.mark.parametrize("confidence", [-0.01, 1.01, float("nan")])
def test_a_confidence_that_is_no_share_is_refused(confidence: float):
    with pytest.raises(ValidationError, match="confidence"):
        state(confidence=confidence)


@calm
@given(observation=models(Observation))
def test_evidence_that_refers_to_nothing_is_noticed(observation: Observation):
    inside = [Evidence(kind="log", index=index) for index in range(len(observation.logs))]
    outside = Evidence(kind="log", index=len(observation.logs))
    assert state(evidence=inside).refers_into(observation)
    assert not state(evidence=[*inside, outside]).refers_into(observation)
