"""How signs are weighed, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import (
    CLASSES,
    EventFact,
    Fault,
    LogLine,
    MetricSeries,
    NodeFact,
    ObjectRef,
    SymptomKind,
)
from planaria_semantics.rules import MODEL, RulesExtractor, understand, weigh
from planaria_semantics.signs.signs import Sign, _fact
from planaria_semantics.signs.summary import PHRASES
from tests.builders import observation, pod_fact, symptom, workload_fact
from tests.semantics.samples import SPEAKING


def log(text, pod="front-0", index=0):
    return LogLine(index=index, pod=pod, container="app", text=text)


def sign(fault, weight, *, fallback=False):
    return Sign(fault, weight, "because", _fact("fact"), fallback)


def crash(**pod):
    ill = pod_fact("front-0", affected=True, restarts=3, last_termination="Error", **pod)
    return {"pods": (ill, pod_fact("front-1")), "symptoms": (symptom(SymptomKind.CRASH_LOOP),)}


@pytest.mark.parametrize("text", [text for text, _ in SPEAKING])
def test_a_crash_loop_with_a_speaking_log_is_that_fault(text):
    fault = dict(SPEAKING)[text]
    state = understand(
        observation(logs=tuple(log(text, index=i) for i in range(3)), **crash(last_exit_code=1))
    )
    assert state.fault is fault
    assert [item.kind for item in state.evidence].count("log") >= 1


@pytest.mark.parametrize(
    ("exit_code", "fault"),
    [(1, Fault.APPLICATION_CRASH), (139, Fault.APPLICATION_CRASH), (127, Fault.BAD_CONFIGURATION)],
)
def test_a_crash_loop_without_logs_goes_by_its_exit_code(exit_code, fault):
    assert understand(observation(**crash(last_exit_code=exit_code))).fault is fault


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (SymptomKind.OUT_OF_MEMORY, Fault.MEMORY_EXHAUSTION),
        (SymptomKind.IMAGE_PULL, Fault.IMAGE_PULL),
        (SymptomKind.CONFIG_ERROR, Fault.BAD_CONFIGURATION),
        (SymptomKind.UNSCHEDULABLE, Fault.SCHEDULING_BLOCKED),
        (SymptomKind.NODE_NOT_READY, Fault.NODE_FAULT),
    ],
)
def test_what_kubernetes_reports_outweighs_any_log(kind, fault):
    shouting = tuple(log(text, index=i) for i, (text, _) in enumerate(SPEAKING * 5))
    assert understand(observation(symptoms=(symptom(kind),), logs=shouting)).fault is fault


@pytest.mark.parametrize(
    ("name", "unit", "values", "limit", "fault"),
    [
        ("memory_bytes", "bytes", (98.0,), 100.0, Fault.MEMORY_EXHAUSTION),
        ("cpu_millicores", "millicores", (99.0,), 100.0, Fault.CPU_SATURATION),
        ("volume_bytes", "bytes", (99.0,), 100.0, Fault.STORAGE_FAULT),
    ],
)
def test_a_saturated_resource_of_an_affected_pod_is_the_cause(name, unit, values, limit, fault):
    def series(pod):
        return MetricSeries(name=name, subject=f"{pod}/app", unit=unit, values=values, limit=limit)

    assert understand(observation(metrics=(series("front-0"),))).fault is fault
    assert understand(observation(metrics=(series("front-1"),))).fault is not fault


@pytest.mark.parametrize(
    ("pressure", "fault"),
    [
        ("DiskPressure", Fault.STORAGE_FAULT),
        ("MemoryPressure", Fault.MEMORY_EXHAUSTION),
        ("NetworkUnavailable", Fault.NETWORK_FAULT),
    ],
)
def test_pressure_on_the_node_of_an_affected_pod_counts(pressure, fault):
    strained = NodeFact(name="node-1", ready=True, schedulable=True, pressure=(pressure,))
    assert understand(observation(nodes=(strained,))).fault is fault


def test_what_a_healthy_sibling_logs_too_weighs_less():
    text = "panic: recovered"
    alone = understand(observation(logs=(log(text),)))
    shared = understand(observation(logs=(log(text), log(text, "front-1", 1))))
    assert alone.fault is Fault.APPLICATION_CRASH
    assert shared.confidence < alone.confidence or shared.fault is not alone.fault


def test_nothing_that_fits_is_unknown_and_novel():
    state = understand(observation(symptoms=(), workload=workload_fact(ready=1)))
    assert (state.fault, state.novelty) == (Fault.UNKNOWN, 1.0)
    assert state.confidence < 0.5


def test_a_calm_workload_is_healthy():
    calm = observation(symptoms=(), pods=(pod_fact("front-0"),), workload=workload_fact(desired=1, ready=1))
    state = understand(calm)
    assert (state.fault, state.severity) == (Fault.HEALTHY, 0)


def test_a_fallback_counts_a_quarter_once_another_fault_explains_it():
    scores = weigh([sign(Fault.HANG_OR_PROBE_FAILURE, 4, fallback=True), sign(Fault.OVERLOAD, 5)])
    assert scores == {Fault.HANG_OR_PROBE_FAILURE: 1.0, Fault.OVERLOAD: 5.0}
    alone = weigh([sign(Fault.HANG_OR_PROBE_FAILURE, 4, fallback=True)])
    assert alone == {Fault.HANG_OR_PROBE_FAILURE: 4.0}


def test_every_class_has_words_and_every_trained_class_can_be_reached():
    assert set(PHRASES) == set(Fault)
    by_symptom = {Fault.IMAGE_PULL, Fault.SCHEDULING_BLOCKED, Fault.NODE_FAULT, Fault.HEALTHY}
    assert {fault for _, fault in SPEAKING} | by_symptom == set(CLASSES)


async def test_the_extractor_answers_as_the_pure_function_does():
    seen = observation()
    state = await RulesExtractor().extract(seen)
    assert state == understand(seen)
    assert state.model == MODEL


texts = st.text(max_size=200)
words = st.sampled_from([text for text, _ in SPEAKING])
pods = st.sampled_from(["front-0", "front-1", "stranger"])
log_lines = st.lists(st.tuples(pods, st.one_of(texts, words)), max_size=20).map(
    lambda rows: tuple(log(text, pod, index) for index, (pod, text) in enumerate(rows))
)
series = st.builds(
    MetricSeries,
    name=st.sampled_from(["memory_bytes", "cpu_millicores", "volume_bytes", "x"]),
    subject=st.one_of(texts, st.just("front-0/app")),
    unit=st.just(""),
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3).map(tuple),
    limit=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
)
event_facts = st.builds(
    EventFact,
    reason=st.one_of(texts, st.sampled_from(["Unhealthy", "FailedMount", "Evicted"])),
    message=texts,
    subject=st.just(ObjectRef(kind="Pod", name="front-0")),
)
observations = st.builds(
    observation,
    symptoms=st.lists(st.sampled_from(list(SymptomKind)).map(symptom), max_size=4).map(tuple),
    logs=log_lines,
    metrics=st.lists(series, max_size=4).map(tuple),
    events=st.lists(event_facts, max_size=4).map(tuple),
    workload=st.builds(workload_fact, desired=st.integers(0, 5), ready=st.integers(0, 5)),
)


@given(observations)
def test_any_observation_gives_a_valid_state_within_bounds(seen):
    state = understand(seen)
    assert state.refers_into(seen)
    assert len(state.summary) <= 280
    assert state == understand(seen)


signs = st.builds(sign, st.sampled_from(list(CLASSES)), st.floats(0, 10), fallback=st.booleans())


@given(st.lists(signs, min_size=1, max_size=8), st.floats(0.1, 10))
def test_more_of_the_same_evidence_never_weakens_its_fault(given_signs, more):
    before = weigh(given_signs)
    best = max(before, key=lambda fault: before[fault])
    after = weigh([*given_signs, sign(best, more)])
    assert after[best] >= before[best]
    assert all(after[fault] <= before[fault] for fault in before if fault is not best)
