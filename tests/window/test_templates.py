import pytest

from planaria_semantics.window.masks import shape
from planaria_semantics.window.templates import Templates


def grouped(*texts):
    templates = Templates()
    return [templates.group("log", text) for text in texts], templates


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dial tcp 10.0.0.1:5432: connection refused", "dial tcp 10.9.8.7:5432: connection refused"),
        ("2026-11-23T12:00:00.1Z ERROR x", "2026-11-24T13:01:02.345Z ERROR x"),
        ("E1123 12:00:00.1 1 a.go:1] x", "E1124 13:00:00.2 7 a.go:9] x"),
        ("[23/Nov/2026:12:00:00 +0000] GET", "[24/Nov/2026:12:00:01 +0000] GET"),
        (
            "request 550e8400-e29b-41d4-a716-446655440000 failed",
            "request 6f9619ff-8b86-d011-b42d-00c04fc964ff failed",
        ),
        ("pod front-5d4f7c9b8-x2x4z lost", "pod front-7c9b85d4f-qwzrt lost"),
        ("at 0xc000010000 of deadbeef0123", "at 0x7fff1234 of 0123deadbeef"),
        ("peer fe80::1:2 gone", "peer fd00:1::3 gone"),
        ("took 12.5ms for 3 items", "took 900ms for 41 items"),
        ("disk usage 40 %", "disk usage 41%".replace("%", " %")),
        ("read /data/17/part-3 failed", "read /data/9/part-88 failed"),
        ("failеd to start", "failed to start"),  # noqa: RUF001
    ],
)
def test_variables_do_not_tell_lines_apart(one, other):
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("connection to db on port 5432 was refused", "connection to db on port 5432 was reset by peer"),
        ("the last check of the volume ended OK", "the last check of the volume has failed"),
        ('GET /x HTTP/1.1" 503 12', 'GET /x HTTP/1.1" 200 12'),
        ("container of the pod exited with code 137", "container of the pod exited with code 1"),
        (
            "NVRM: Xid (PCI:0000:3b:00): 79, pid=1, of the GPU",
            "NVRM: Xid (PCI:0000:3b:00): 63, pid=1, of the GPU",
        ),
        ("finished the whole run with error_count=0", "finished the whole run with error_count=7"),
        ("usage of the data disk is now at 40 %", "usage of the data disk is now at 98 %"),
        ("state of node is now UP and status = NORMAL", "state of node is now DOWN and status = NORMAL"),
        ("Attempting to reclaim some of the memory", "Attempting to reclaim some of the ephemeral-storage"),
        ("request failed, status=401 from the upstream", "request failed, status=503 from the upstream"),
        ("ERROR job of the night is done", "INFO job of the night is done"),
    ],
)
def test_what_decides_the_meaning_does(one, other):
    (first, second), _ = grouped(one, other)
    assert first != second


@pytest.mark.parametrize("before", [40, 60, 400])
def test_the_cause_at_the_end_of_a_long_line_tells_it_apart(before):
    program = " ".join(f"stage{chr(97 + at % 26)}{chr(97 + at // 26)}" for at in range(before))
    one, other = (shape(f"ERROR {program} {cause}") for cause in ("reset by peer", "heap is exhausted"))
    assert one != other


def test_lines_that_differ_in_a_word_share_a_template():
    (first, *others), templates = grouped(*(f"INFO user {name} has logged in from home" for name in "abc"))
    assert {first} == set(others)
    assert templates.template(first) == "INFO user <*> has logged in from home"


def test_a_template_does_not_drift_until_it_fits_everything():
    texts = [f"one two three four five six {a} {b}" for a in "abc" for b in "xyz"]
    texts += ["one two three four changed other words here"]
    (*same, last), _ = grouped(*texts)
    assert len(set(same)) == 1
    assert last not in same


def test_kinds_do_not_mix():
    templates = Templates()
    assert templates.group("log", "x y z") != templates.group("event", "x y z")


def test_the_same_texts_make_the_same_groups():
    texts = [f"worker {n % 7} did {n} of job {'abcdef'[n % 5]} in place" for n in range(200)]
    first, one = grouped(*texts)
    second, other = grouped(*texts)
    assert first == second
    assert [one.template(each) for each in first] == [other.template(each) for each in second]
