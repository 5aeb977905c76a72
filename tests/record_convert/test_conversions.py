"""Between contract and record: nothing is lost but what is stated, and nothing over-long reaches the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from planaria_contract import (
    Action,
    Decider,
    Decision,
    EventFact,
    Evidence,
    Isolate,
    LogLine,
    MetricSeries,
    ModelVersion,
    ObjectRef,
    Observation,
    Resize,
    Restart,
    Scale,
    SemanticState,
    Symptom,
    SymptomKind,
)
from planaria_operator.api.base import ApiModel
from planaria_operator.api.crds import REMEDIATION
from planaria_operator.api.remediation import SymptomRecord
from planaria_operator.api.schema import Schema, structural
from planaria_operator.record.convert import (
    decision,
    decision_record,
    object_ref,
    object_reference,
    percent,
    semantic_record,
    semantic_state,
    symptom,
    symptom_record,
)
from planaria_operator.record.fit import clip
from tests.contract.strategies import PRINTABLE, calm, models

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
WEB = ObjectRef(kind="Deployment", name="web", namespace="shop", uid="u-1")
RULES = ModelVersion(id="rules", version="1")
STATUS = structural(REMEDIATION.status, defaults=False)["properties"]
SPEC = structural(REMEDIATION.spec, defaults=False)["properties"]


def named(reference: ObjectRef) -> bool:
    return bool(reference.kind and reference.name)


any_ref = models(ObjectRef).filter(named)
printable_ref = models(ObjectRef, PRINTABLE).filter(named)
any_decision = st.builds(
    lambda value, ref: value.model_copy(update={"target": ref}), models(Decision), any_ref
)


def violations(schema: Schema, value: Any, path: str = "") -> list[str]:
    """Where `value` is longer or larger than the schema of the custom resource allows."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        wrong = [f"{path}.{key}: unknown" for key in value if key not in known]
        inner = [violations(known[key], item, f"{path}.{key}") for key, item in value.items() if key in known]
        return sum(inner, wrong)
    if isinstance(value, list):
        inner = [violations(schema["items"], item, f"{path}[]") for item in value]
        return sum(inner, _too_long(schema, "maxItems", len(value), path))
    if isinstance(value, str):
        return _too_long(schema, "maxLength", len(value), path)
    return [] if isinstance(value, bool) else _too_long(schema, "maximum", value, path)


def _too_long(schema: Schema, bound: str, size: int, path: str) -> list[str]:
    return [f"{path}: {size} > {schema[bound]}"] if size > schema.get(bound, size) else []


def assert_fits(schema: Schema, part: ApiModel) -> None:
    assert violations(schema, part.to_body()) == []


@calm
@given(ref=printable_ref)
def test_a_reference_is_read_back_the_same(ref: ObjectRef):
    assert object_ref(object_reference(ref)) == ref


@calm
@given(state=models(SemanticState, PRINTABLE), observation=models(Observation, PRINTABLE))
def test_a_state_is_read_back_within_half_a_percent(state: SemanticState, observation: Observation):
    read = semantic_state(semantic_record(state, observation))
    assert read.confidence == pytest.approx(state.confidence, abs=0.005001)
    assert read.novelty == pytest.approx(state.novelty, abs=0.005001)
    assert [(item.kind, item.index) for item in read.evidence] == [
        (item.kind, item.index) for item in state.evidence
    ]
    assume("@" not in state.model.version)
    changed = {name: getattr(read, name) for name in ("confidence", "novelty", "evidence", "schema_version")}
    assert read == state.model_copy(update=changed)


@calm
@given(value=models(Decision, PRINTABLE), target=printable_ref)
def test_a_decision_that_was_read_back_is_recorded_the_same(value: Decision, target: ObjectRef):
    record = decision_record(value.model_copy(update={"target": target}))
    read = decision(record)
    assert read.category is value.category
    assert read.target == target
    assert (read.rule, read.explanation, read.decided_by) == (value.rule, value.explanation, value.decided_by)
    assert read.masks == value.masks
    assert read.probabilities.keys() == value.probabilities.keys()
    assert decision_record(read) == record


def test_a_whole_percent_survives():
    assert [percent(whole / 100) for whole in range(1001)] == list(range(1001))


@pytest.mark.parametrize(("share", "whole"), [(0.004, 0), (0.005, 1), (0.994, 99), (0.995, 100), (1.5, 150)])
def test_a_share_is_rounded_to_the_nearest_percent_halves_up(share: float, whole: int):
    assert percent(share) == whole


def decided(parameters: Any) -> Decision:
    return Decision(parameters=parameters, target=WEB, decided_by=Decider.RULES, model=RULES)


@pytest.mark.parametrize(
    "parameters",
    [
        Scale(ratio=1.5, delay_seconds=10),
        Resize(resource="memory", ratio=2.25, container="web"),
        Restart(scope="workload"),
        Restart(scope="pod", pods=("web-1", "web-2")),
    ],
    ids=str,
)
def test_the_parameters_of_an_action_survive(parameters):
    assert decision(decision_record(decided(parameters))).parameters == parameters


def test_parameters_of_other_actions_are_not_written():
    body = decision_record(decided(Scale(ratio=1.5))).to_body()
    assert body["parameters"] == {"pods": [], "ratioPercent": 150}


@pytest.mark.parametrize("drain", [True, False])
def test_whether_a_node_is_drained_is_recorded(drain: bool):
    read = decision(decision_record(decided(Isolate(node="n1", drain=drain))))
    assert read.parameters == Isolate(node="n1", drain=drain)


def test_a_record_without_a_needed_parameter_is_refused():
    record = decision_record(decided(Scale(ratio=1.5)))
    broken = record.parameters.model_copy(update={"ratio_percent": None})
    with pytest.raises(ValidationError, match="ratio"):
        decision(record.model_copy(update={"parameters": broken}))


def test_the_most_probable_action_comes_first():
    probabilities = {Action.NONE: 0.1, Action.SCALE: 0.7, Action.RESTART: 0.1, Action.RESIZE: 0.1}
    record = decision_record(decided(Scale(ratio=1.5)).model_copy(update={"probabilities": probabilities}))
    assert [entry.action.value for entry in record.probabilities] == ["scale", "none", "resize", "restart"]


@calm
@given(state=models(SemanticState), observation=models(Observation))
def test_no_state_is_too_long_for_the_record(state: SemanticState, observation: Observation):
    assert_fits(STATUS["semanticState"], semantic_record(state, observation))


@calm
@given(value=any_decision)
def test_no_decision_is_too_long_for_the_record(value: Decision):
    assert_fits(STATUS["decision"], decision_record(value))


@calm
@given(value=models(Symptom).filter(lambda value: named(value.subject)))
def test_no_symptom_is_too_long_for_the_record(value: Symptom):
    assert_fits(SPEC["symptoms"]["items"], symptom_record(value))


def test_what_a_log_or_a_cluster_makes_huge_is_cut():
    huge = "x" * 10_000
    line = LogLine(index=0, pod="p", container="c", text=huge)
    seen = Symptom(kind=SymptomKind.CRASH_LOOP, subject=WEB, since=NOW, message=huge)
    observation = Observation(incident="i", time=NOW, target=WEB, symptoms=(seen,), logs=(line,))
    state = semantic_state(semantic_record(STATE, observation))
    assert len(state.evidence[0].excerpt) == 200
    assert state.evidence[0].excerpt.endswith("…")
    many = decided(Restart(pods=tuple(f"web-{number}" for number in range(5000))))
    assert len(decision_record(many).parameters.pods) == 100
    assert_fits(SPEC["symptoms"]["items"], symptom_record(seen))
    long_target = decided(Scale(ratio=1)).model_copy(update={"target": ObjectRef(kind="Pod", name=huge)})
    assert_fits(STATUS["decision"], decision_record(long_target))


STATE = SemanticState.model_validate(
    {
        "fault": "overload",
        "component": "Deployment/web",
        "severity": 1,
        "confidence": 0.9,
        "summary": "busy",
        "evidence": [{"kind": "log", "index": 0, "excerpt": "invented by a model"}],
        "source": "rules",
        "model": {"id": "org/model@main", "version": "2.1"},
    }
)


def with_evidence(*items: Evidence) -> SemanticState:
    return STATE.model_copy(update={"evidence": items})


def test_excerpts_come_from_the_observation_and_not_from_the_extractor():
    observation = Observation(
        incident="i",
        time=NOW,
        target=WEB,
        symptoms=(Symptom(kind=SymptomKind.NOT_READY, subject=WEB, since=NOW, message="0 of 2"),),
        logs=(LogLine(index=4, pod="web-1", container="web", text="queue full"),),
        metrics=(
            MetricSeries(name="memory", subject="web-1", unit="bytes", values=(1.0, 64.0), limit=128.0),
            MetricSeries(name="requests", subject="web", unit="1/s", values=()),
        ),
        events=(EventFact(reason="BackOff", message="restarting", subject=WEB),),
    )
    evidence = [
        ("log", 4),
        ("event", 0),
        ("metric", 0),
        ("metric", 1),
        ("symptom", 0),
        ("fact", 0),
        ("log", 9),
    ]
    state = with_evidence(
        *(Evidence(kind=kind, index=index, excerpt="own words") for kind, index in evidence)
    )
    assert [item.excerpt for item in semantic_record(state, observation).evidence] == [
        "queue full",
        "BackOff: restarting",
        "memory of web-1: 64 bytes of 128",
        "requests of web: no value",
        "NotReady on Deployment/web: 0 of 2",
        "own words",
        "own words",
    ]


def test_the_name_of_a_model_may_hold_an_at_sign():
    empty = Observation(incident="i", time=NOW, target=WEB, symptoms=())
    assert semantic_state(semantic_record(STATE, empty)).model == STATE.model


def test_a_model_text_without_a_version_is_all_name():
    empty = Observation(incident="i", time=NOW, target=WEB, symptoms=())
    record = semantic_record(STATE, empty).model_copy(update={"model": "handmade"})
    assert semantic_state(record).model == ModelVersion(id="handmade", version="")


def test_a_symptom_gets_back_the_namespace_of_its_remediation():
    pod = Symptom(
        kind=SymptomKind.OUT_OF_MEMORY,
        subject=ObjectRef(kind="Pod", name="web-1", namespace="shop"),
        since=NOW,
        message="137",
    )
    node = pod.model_copy(update={"subject": ObjectRef(kind="Node", name="n1")})
    assert symptom(symptom_record(pod), "shop") == pod
    assert symptom(symptom_record(node), "shop") == node


def test_a_symptom_that_only_a_newer_operator_knows_is_the_weakest_one():
    record = SymptomRecord(kind="Haunted", subject="Pod/web-1", since=NOW, message="boo")
    assert symptom(record, "shop").kind is SymptomKind.NOT_READY


@calm
@given(text=st.text(st.characters(exclude_categories=["Cs"])), limit=st.integers(1, 40))
def test_a_clipped_text_is_one_printable_line_within_its_limit(text: str, limit: int):
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert clipped.isprintable()
    assert clip(clipped, limit) == clipped


def test_escape_sequences_of_a_hostile_log_cannot_steer_a_terminal():
    assert clip("\x1b[2J\x1b]0;owned\x07ok\u202e\n", 80) == " [2J ]0;owned ok  "
