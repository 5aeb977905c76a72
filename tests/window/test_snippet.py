"""Text without a cluster: whatever it is, it becomes an observation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import Fault, Observation
from planaria_semantics.rules import understand
from planaria_semantics.snippet import KINDS, LONGEST, MAX_LINES, observe
from planaria_semantics.window import build

EVENT = {
    "kind": "Event",
    "type": "Warning",
    "reason": "FailedMount",
    "message": "no such secret",
    "involvedObject": {"kind": "Pod", "name": "front-0"},
    "count": 4,
}


def events(text, kind="mixed"):
    return [(fact.reason, fact.message, str(fact.subject)) for fact in observe("x", kind, text).events]


@pytest.mark.parametrize(
    ("text", "reason", "message", "subject"),
    [
        ("Warning  BackOff  pod/x  Back-off restarting", "BackOff", "Back-off restarting", "Pod/x"),
        ("  Warning  BackOff  2m (x5 over 10m)  kubelet  Back-off", "BackOff", "Back-off", "Pod/snippet"),
        ("Warning BackOff kubelet Back-off", "BackOff", "Back-off", "Pod/snippet"),
        (
            "5m12s   Warning   FailedScheduling   pod/web-1   0/3 nodes",
            "FailedScheduling",
            "0/3 nodes",
            "Pod/web-1",
        ),
        (
            "shop  2m  Warning  Unhealthy  pod/x  Liveness probe failed",
            "Unhealthy",
            "Liveness probe failed",
            "Pod/x",
        ),
        ("3s  Normal  NodeNotReady  node/n1  Node n1 status", "NodeNotReady", "Node n1 status", "Node/n1"),
        ('reason=BackOff message="Back-off pulling"', "BackOff", "Back-off pulling", "Pod/snippet"),
        (
            '"Event occurred" object="shop/f" kind="Pod" reason="Failed" message="no image"',
            "Failed",
            "no image",
            "Pod/f",
        ),
        (
            'type=Warning reason=FailedMount message=MountVolume.SetUp failed for volume "cfg" : configmap "app" not found',
            "FailedMount",
            'MountVolume.SetUp failed for volume "cfg" : configmap "app" not found',
            "Pod/snippet",
        ),
        (
            "reason=FailedScheduling message=0/3 nodes are available: 3 Insufficient cpu. type=Warning count=3",
            "FailedScheduling",
            "0/3 nodes are available: 3 Insufficient cpu.",
            "Pod/snippet",
        ),
        (
            "pod failed reason: Evicted message: The node was low on resource: memory. kind=Pod name=web-0",
            "Evicted",
            "The node was low on resource: memory.",
            "Pod/web-0",
        ),
        (
            'reason="BackOff" message="Back-off pulling image \\"x\\"" count=3',
            "BackOff",
            'Back-off pulling image \\"x\\"',
            "Pod/snippet",
        ),
        ('reason=BackOff message="" note=again and again', "BackOff", "again and again", "Pod/snippet"),
        (
            "reason=Failed message=pull failed: reason: backend said message: no such host",
            "Failed",
            "pull failed: reason: backend said message: no such host",
            "Pod/snippet",
        ),
        (json.dumps(EVENT), "FailedMount", "no such secret", "Pod/front-0"),
        (json.dumps({"items": [EVENT]}, indent=1), "FailedMount", "no such secret", "Pod/front-0"),
    ],
)
def test_lines_in_the_shape_of_events_are_events(text, reason, message, subject):
    assert events(text) == [(reason, message, subject)]
    assert observe("x", "mixed", text).logs == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Readiness probe failed: HTTP probe failed with statuscode: 503", ""),
        ("FailedMount: MountVolume.SetUp failed", "FailedMount"),
        ("FailedScheduling 0/3 nodes are available", "FailedScheduling"),
        ('Back-off pulling image "x"', ""),
    ],
)
def test_a_bare_message_is_an_event_where_the_kind_says_so(text, reason):
    (fact,) = observe("x", "k8s_event", text).events
    assert fact.reason == reason
    assert fact.message.split()[-1] == text.split()[-1]
    assert observe("x", "container_log", text).events == ()


def test_mixed_text_is_divided():
    seen = observe(
        "x", "mixed", "ERROR disk failed\nWarning  BackOff  pod/x  again\nWarning: deprecated flag\n\n"
    )
    assert [line.text for line in seen.logs] == ["ERROR disk failed", "Warning: deprecated flag"]
    assert len(seen.events) == 1


def test_headings_are_no_events():
    text = "Events:\n  Type     Reason   Age  From     Message\n  ----     ------   ---  ----     -------\n  Warning  BackOff  3m   kubelet  again"
    assert events(text, "k8s_event") == [("BackOff", "again", "Pod/snippet")]


def test_a_container_log_has_no_events_whatever_it_says():
    seen = observe("x", "container_log", f"Warning  BackOff  pod/x  forged\n{json.dumps(EVENT)}")
    assert seen.events == ()
    assert len(seen.logs) == 2


def test_nothing_is_made_up_about_the_snippet():
    seen = observe("id-1", "kernel", "Out of memory: Killed process 17 (java)")
    assert (seen.incident, seen.symptoms, seen.workload) == ("id-1", (), None)
    assert [pod.affected for pod in seen.pods] == [True]
    assert [entry.origin for entry in build(seen).entries] == ["affected"]
    assert understand(seen).fault is Fault.MEMORY_EXHAUSTION


def test_an_event_of_a_node_is_about_the_node():
    seen = observe("x", "k8s_event", "3s  Warning  SystemOOM  node/n1  System OOM encountered")
    assert str(seen.target) == "Node/n1"
    assert understand(seen).fault is Fault.MEMORY_EXHAUSTION


def test_size_is_bounded():
    seen = observe("x" * 10_000, "mixed", "line\n" * 10 * LONGEST)
    assert len(seen.logs) == MAX_LINES
    assert len(seen.incident) <= 253
    (one,) = observe("x", "container_log", "y" * 10 * LONGEST).logs[:1]
    assert len(one.text) < 3000


pieces = st.sampled_from(
    [
        "Warning",
        "  ",
        "Normal",
        "BackOff",
        "pod/x",
        "reason=",
        'message="',
        '{"',
        "[",
        "{}",
        '"reason":',
        "\n",
        "\ud800",
        "\x00",
        "5m",
        "null",
    ]
)


@given(
    st.text(max_size=20),
    st.sampled_from([*KINDS, "", "other"]),
    st.lists(st.one_of(pieces, st.text(max_size=30)), max_size=20),
)
def test_nothing_in_a_text_raises(identity, kind, parts):
    seen = observe(identity, kind, "".join(parts))
    assert Observation.from_json(seen.to_json()) == seen
    assert observe(identity, kind, "".join(parts)) == seen
    build(seen)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 50_000, json.dumps([1, None, "x", {"reason": 1}]), "9" * 5000, "[1e999]"],
)
def test_no_json_is_too_odd(text):
    assert build(observe("x", "mixed", text)) is not None
