"""Templates -> samples."""

import random
from collections import Counter

import pytest

from planaria_contract import Fault
from planaria_policy.semantics.corpus import Template, load
from planaria_policy.semantics.samples import SYMPTOMS, Mixer


@pytest.fixture(scope="module")
def templates():
    return random.Random(1).sample(load(), 1500)


def epoch(templates, seed=3, each=1):
    return list(Mixer(templates, random.Random(seed)).epoch(each))


def test_the_same_seed_draws_the_same_and_another_does_not(templates):
    assert epoch(templates) == epoch(templates)
    assert epoch(templates) != epoch(templates, seed=4)


def test_every_template_comes_as_often_as_asked(templates):
    found = epoch(templates, each=2)
    expected = Counter((t.source, t.fault, t.severity, t.second) for t in templates for _ in range(2))
    assert Counter((s.source, s.fault, s.severity, s.second) for s in found) == expected


def test_noise_never_changes_the_label():
    marked = Template("one", "f", "container_log", Fault.STORAGE_FAULT, "MARKFAULT", 3, Fault.NODE_FAULT)
    calm = [Template("one", "f", "container_log", Fault.HEALTHY, f"calm{n}", 0) for n in range(5)]
    sign = Template("k", "f", "k8s_event", Fault.HANG_OR_PROBE_FAILURE, "Unhealthy probe", 2)
    mixer = Mixer([marked, *calm, sign], random.Random(5))
    drawn = [mixer.sample(marked, calm, [sign]) for _ in range(600)]
    assert {(s.fault, s.severity, s.second, s.source) for s in drawn} == {
        (Fault.STORAGE_FAULT, 3, Fault.NODE_FAULT, "one")
    }
    assert any("calm" in s.text.lower() for s in drawn)
    assert any("unhealthy" in s.text.lower() for s in drawn)


def test_among_noise_the_line_that_gives_the_label_is_there():
    words = "the disk is full and nothing can be written any more to it"
    marked = Template("one", "f", "kernel", Fault.STORAGE_FAULT, words, 3)
    calm = [Template("one", "f", "container_log", Fault.HEALTHY, "calm", 0)]
    mixer = Mixer([marked, *calm], random.Random(6))
    for _ in range(300):
        kept = set(mixer.sample(marked, calm, ()).text.lower().split()) & set(words.split())
        assert len(kept) >= 4


def test_a_healthy_window_holds_only_healthy_lines():
    calm = [Template("one", "f", "container_log", Fault.HEALTHY, f"calm{n}", 0) for n in range(5)]
    signs = [Template("k", "f", "k8s_event", fault, "SYMPTOM", 2) for fault in SYMPTOMS]
    mixer = Mixer([*calm, *signs], random.Random(7))
    assert all("symptom" not in mixer.sample(calm[0], calm, signs).text.lower() for _ in range(300))


def test_without_healthy_templates_nothing_is_mixed_in():
    marked = Template("one", "f", "kernel", Fault.OVERLOAD, "queue full", 2)
    assert len(epoch([marked] * 50)) == 50


def test_nothing_harmless_is_printed_as_an_error():
    prefixes = ("<ts> ERROR", "[crit] <app>:", "=ERROR REPORT====", "<ts> [WARN]")
    calm = Template("one", "f", "container_log", Fault.HEALTHY, "all is well", 0, prefixes=prefixes)
    ill = Template("one", "f", "container_log", Fault.STORAGE_FAULT, "disk full", 2, prefixes=prefixes)
    mixer = Mixer([calm, ill], random.Random(8), plain=True)
    assert not any("ERROR" in mixer.line(calm) for _ in range(200))
    assert any("WARN" in mixer.line(calm) for _ in range(200))
    assert any("ERROR" in mixer.line(ill) for _ in range(200))
