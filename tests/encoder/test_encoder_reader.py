"""The reader: what lines say, weighed with what the structure says."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planaria_contract import CLASSES, Evidence, Fault, SymptomKind
from planaria_semantics.encoder.bundle import Bundle
from planaria_semantics.encoder.reader import MAX_EVIDENCE, EncoderReader
from planaria_semantics.signs.signs import CERTAIN, Sign
from planaria_semantics.state import settle
from planaria_semantics.window import Window, build
from tests.builders import observation, pod_fact, symptom
from tests.window.making import event, saying

FULL = "write /data/orders.db: no space left on device"
HEAP = "java.lang.OutOfMemoryError: Java heap space"
WEIRD = "zorbl quaffed the seventh gloam; florp inverted beneath kestrel marmalade"


def fact(fault, weight=CERTAIN):
    return Sign(fault, weight, "said so", Evidence(kind="fact", index=0, excerpt="said so"))


def calm(texts=(), **fields):
    """Text without a cluster."""
    return saying(texts, symptoms=(), workload=None, **fields)


@pytest.mark.parametrize(("text", "fault"), [(FULL, Fault.STORAGE_FAULT), (HEAP, Fault.MEMORY_EXHAUSTION)])
def test_a_plain_line_is_understood(reader, text, fault):
    found = reader.judge(build(calm(["starting", text, "retrying"])))
    assert found.ranked[0] is fault
    assert [item.excerpt for item in found.evidence][:1] == [text]
    assert found.evidence[0].index == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([FULL, HEAP, WEIRD, "", "GET / 200"]) | st.text(max_size=300), max_size=20))
def test_any_text_gives_a_distribution_and_evidence_that_exists(reader, texts):
    seen = saying(texts, events=(event("Unhealthy", "Readiness probe failed"),))
    found = reader.judge(build(seen))
    assert set(found.probabilities) == set(CLASSES)
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert 0 <= found.novelty <= 1
    assert len(found.evidence) <= MAX_EVIDENCE
    state = settle(found, build(seen))
    assert state.refers_into(seen)


@pytest.mark.parametrize(
    "fault", [fault for fault in CLASSES if fault not in {Fault.HEALTHY, Fault.STORAGE_FAULT}]
)
def test_what_kubernetes_reports_outweighs_any_text(reader, fault):
    window = build(calm([FULL] * 5 + ["no space left on device: write failed"]))
    assert reader.judge(window).ranked[0] is Fault.STORAGE_FAULT
    found = reader.judge(Window(window.observation, window.entries, (fact(fault),)))
    assert found.ranked[0] is fault


@pytest.mark.parametrize(
    ("reason", "message", "fault"),
    [
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "keys" : failed to mount secrets store: 403 Forbidden: permission denied',
            Fault.AUTH_OR_CERTIFICATE,
        ),
        (
            "FailedCreatePodSandBox",
            'Failed to create pod sandbox: failed to get sandbox runtime: no runtime for "kata" is configured',
            Fault.BAD_CONFIGURATION,
        ),
    ],
)
def test_of_an_event_alone_its_reason_does_not_overrule_its_own_message(reader, reason, message, fault):
    pods = (pod_fact("front-0", affected=True, node=None),)
    told = (event(reason, message),)
    alone = build(calm(events=told, pods=pods))
    assert reader.judge(alone).ranked[0] is fault
    beside_a_log = build(calm([message], events=told, pods=pods))
    of_what_is_ill = Window(saying([], events=told, pods=pods), alone.entries, alone.facts)
    for window in (beside_a_log, of_what_is_ill):
        assert reader.judge(window).ranked[0] is alone.facts[0].fault is not fault


@pytest.mark.parametrize(
    "text",
    [
        "nfs: server 10.0.3.14 not responding, still trying",
        "EC2 instance i-0123456789 is scheduled for retirement: instance-retirement",
    ],
)
def test_a_fault_that_was_read_from_a_line_shows_that_line_however_faint(reader, text):
    found = reader.judge(build(calm([text])))
    assert found.ranked[0] is not Fault.HEALTHY
    assert [item.excerpt for item in found.evidence] == [text]


def test_a_line_that_says_nothing_is_no_evidence_of_what_a_fact_says(reader):
    window = build(calm(["GET / 200"]))
    found = reader.judge(Window(window.observation, window.entries, (fact(Fault.NODE_FAULT),)))
    assert (found.ranked[0], found.evidence) == (Fault.NODE_FAULT, ())


def test_no_logits_of_a_network_outweigh_it_either(bundle, monkeypatch):
    reader = EncoderReader(bundle)
    shout = np.full((2, 16), -1e4, np.float32)
    shout[:, CLASSES.index(Fault.HEALTHY)] = 1e4
    window = build(calm(["whatever"]))
    read = reader.perceive(window.entries)
    monkeypatch.setattr(
        reader, "perceive", lambda _: type(read)(read.entries, shout[:1], shout[:1], read.trust, 0.0, 0)
    )
    assert reader.judge(window).ranked[0] is Fault.HEALTHY
    found = reader.judge(Window(window.observation, window.entries, (fact(Fault.NODE_FAULT),)))
    assert found.ranked[0] is Fault.NODE_FAULT


def test_a_weak_fact_does_not_silence_text(reader):
    window = build(calm([FULL] * 3))
    found = reader.judge(Window(window.observation, window.entries, (fact(Fault.OVERLOAD, 2.0),)))
    assert found.ranked[0] is Fault.STORAGE_FAULT


def made_unsure(bundle):
    """To whom nothing is sure and everything is new."""
    manifest = bundle.manifest.model_copy(update={"unknown_probability": 1.1, "unknown_novelty": 0.0})
    return EncoderReader(Bundle(manifest, bundle.network, bundle.tokenizer, bundle.ngrams, bundle.prototypes))


def test_unknown_is_said_of_unsure_and_new_text_and_never_beside_a_fact(bundle):
    unsure = made_unsure(bundle)
    window = build(calm([WEIRD]))
    assert unsure.judge(window).unknown
    assert not unsure.judge(Window(window.observation, window.entries, (fact(Fault.OVERLOAD, 0.5),))).unknown


def test_what_is_sure_or_known_is_not_unknown(bundle):
    manifest = bundle.manifest.model_copy(update={"unknown_probability": 1.1, "unknown_novelty": 1.01})
    known = EncoderReader(
        Bundle(manifest, bundle.network, bundle.tokenizer, bundle.ngrams, bundle.prototypes)
    )
    assert not known.judge(build(calm([WEIRD]))).unknown


def test_text_unlike_any_is_newer_than_text_that_is_known(reader):
    strange, plain = (reader.judge(build(calm([text]))).novelty for text in (WEIRD, FULL))
    assert strange > plain


def test_an_empty_window_without_symptoms_is_calm(reader):
    window = build(calm())
    found = reader.judge(window)
    assert (found.ranked[0], found.unknown, found.evidence, found.novelty) == (Fault.HEALTHY, False, (), 0.0)
    assert settle(found, window).severity == 0


def test_an_empty_window_with_a_symptom_that_says_no_cause_is_unknown_not_a_guess(reader):
    window = Window(observation(symptoms=(symptom(SymptomKind.RESTARTING),)), ())
    state = settle(reader.judge(window), window)
    assert state.fault is Fault.UNKNOWN
    assert state.confidence < 0.2


def test_an_empty_window_with_a_fact_says_the_fact(reader):
    window = Window(observation(symptoms=(symptom(SymptomKind.IMAGE_PULL),)), (), (fact(Fault.IMAGE_PULL),))
    assert settle(reader.judge(window), window).fault is Fault.IMAGE_PULL


def test_a_symptom_speaks_against_healthy(reader):
    ill, well = saying(["GET / 200"]), calm(["GET / 200"])
    said = [
        reader.judge(Window(seen, build(seen).entries)).probabilities[Fault.HEALTHY] for seen in (ill, well)
    ]
    assert said[0] < said[1]


async def test_two_reads_at_once_give_what_each_gives_alone(reader):
    windows = [build(calm([text] * 3 + ["tail"])) for text in (FULL, HEAP, WEIRD)] * 3
    alone = [reader.judge(window) for window in windows]
    assert await asyncio.gather(*map(reader.read, windows)) == alone


def test_two_threads_do_not_disturb_each_other(reader):
    windows = [build(calm([text] * 3 + ["tail"])) for text in (FULL, HEAP)] * 6
    alone = [reader.judge(window) for window in windows]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.judge, windows)) == alone


def test_what_has_its_place_is_less_believed_to_wait_for_one(reader):
    forged = [
        "0/3 nodes are available: 3 Insufficient cpu.",
        "x509: certificate has expired or is not yet valid",
    ]
    unplaced = (pod_fact("front-0", affected=True, node=None), pod_fact("front-1"))
    waiting, placed = (
        reader.judge(build(saying(forged * 2, pods=pods))).probabilities[Fault.SCHEDULING_BLOCKED]
        for pods in (unplaced, (pod_fact("front-0", affected=True), pod_fact("front-1")))
    )
    assert placed < waiting / 4
