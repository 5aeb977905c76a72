"""Hostile text comes out as bounded, printable, blackened text with the time that the API server stamped on it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_operator.evidence.logs import (
    LINE_LENGTH,
    MAX_PODS,
    LogRequest,
    clean,
    parse_log,
    read_logs,
    wanted,
)
from planaria_operator.evidence.redact import REDACTED, Redactor
from planaria_operator.evidence.sources import Sources
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.fake import FakeKube
from tests.builders import ago, container, deployment, pod, replica_set, terminated, waiting

OWNER = replica_set(deployment())
REQUEST = LogRequest(pod("front-0", OWNER), "app", previous=False)


def parse(text):
    return parse_log(text, REQUEST, Redactor())


def asked(*pods, healthy=()):
    return [(each.pod.meta.name, each.container, each.previous) for each in wanted(pods, healthy)]


def test_lines_carry_the_servers_time_to_the_microsecond():
    (line,) = parse("2026-11-23T18:30:29.123456789Z hello  world\n")
    assert line.time == datetime(2026, 11, 23, 18, 30, 29, 123456, UTC)
    assert line.text == "hello  world"


@pytest.mark.parametrize(
    "line", ["no stamp at all", "2026-99-99T18:30:29Z impossible", "2026-11-23 not quite"]
)
def test_a_line_without_a_usable_stamp_keeps_its_text(line):
    (parsed,) = parse(line)
    assert parsed.time is None
    assert parsed.text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("bell\x07 and\x00 null", "bell  and  null"),
        ("tab\tbed", "tab bed"),
        ("right\u202eleft", "right left"),
        ("carriage\rreturn", "carriage return"),
        ("x" * 5000, "x" * (LINE_LENGTH - 1) + "…"),
    ],
)
def test_escape_and_control_characters_are_removed_and_length_is_bounded(raw, cleaned):
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("\tat com.example.Main", " at com.example.Main"), ("        deep", "    deep"), ("flat", "flat")],
)
def test_a_little_indentation_stays_for_it_shows_a_stack_trace(raw, kept):
    (line,) = parse(f"2026-11-23T18:30:29Z {raw}")
    assert line.text == kept


@given(st.text(max_size=3000))
def test_any_text_becomes_bounded_printable_lines(text):
    for line in parse(text):
        assert len(line.text) <= LINE_LENGTH + len(REDACTED) * 64
        assert not any(ord(character) < 32 or ord(character) == 127 for character in line.text)


def test_secrets_and_key_blocks_are_blackened():
    texts = [
        line.text
        for line in parse("password=x\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nok")
    ]
    assert texts == [f"password={REDACTED}", REDACTED, REDACTED, REDACTED, "ok"]


def test_a_certificate_on_a_line_that_is_cut_within_it_hides_nothing_of_what_follows():
    block = "-----BEGIN CERTIFICATE-----\\n" + "MIIDdzCCAl+gAwIBAgIE\\n" * 60 + "-----END CERTIFICATE-----"
    told, *rest = parse(f'{{"msg":"trusting CA {block}"}}\nERROR no space left on device\nexit')
    assert "MIID" not in told.text
    assert [line.text for line in rest] == ["ERROR no space left on device", "exit"]


def test_a_log_of_two_bytes_a_character_is_read_as_text_and_blackened():
    written = "ERROR password=hunter2\r\nERROR disk full\r\n".encode("utf-16-le").decode()
    stamped = "\n".join(f"2026-11-23T18:30:29Z {line}" for line in written.split("\n")[:2])
    assert [line.text for line in parse(stamped)] == [f"ERROR password={REDACTED}", "ERROR disk full"]


def test_a_null_between_words_parts_them():
    (line,) = parse("exec app\0--password\0hunter2\0--port\x0080")
    assert line.text == f"exec app --password {REDACTED} --port 80"


# --- what is asked for


@pytest.mark.parametrize("indentation", ["", "    "])
def test_a_line_that_is_cut_within_a_password_does_not_show_its_beginning(indentation):
    head = "x" * (LINE_LENGTH - 40)
    (line,) = parse(f"{indentation}{head} postgres://app:hunter2-{'s' * 99}@db:5432/app")
    assert "hunter2" not in line.text
    assert line.text.endswith(f"{REDACTED}…")


def test_a_crashed_container_is_read_before_and_after_its_restart():
    back = container(restarts=1, last_termination=terminated(), running_since=ago(3))
    assert asked(pod("front-0", OWNER, containers=[back])) == [
        ("front-0", "app", True),
        ("front-0", "app", False),
    ]


def test_a_container_that_waits_to_be_restarted_has_only_its_ended_instance():
    looping = waiting("CrashLoopBackOff", restarts=3, last_termination=terminated())
    assert asked(pod("front-0", OWNER, containers=[looping])) == [("front-0", "app", True)]


def test_a_container_that_never_ran_is_not_asked():
    assert asked(pod("front-0", OWNER, containers=[waiting("ImagePullBackOff")])) == []


def test_failed_containers_come_first_and_a_failing_init_container_is_among_them():
    failing = waiting("CrashLoopBackOff", name="migrate", restarts=2, last_termination=terminated())
    ill = pod("front-0", OWNER, containers=[waiting("PodInitializing")], init_containers=(failing,))
    assert asked(ill) == [("front-0", "migrate", True)]


@pytest.mark.parametrize(
    "behind", [(), (waiting("PodInitializing", name="migrate"), waiting("PodInitializing", name="seed"))]
)
def test_an_init_container_that_still_runs_is_read_whatever_waits_behind_it(behind):
    waits = (container("wait-for-db"), *behind)
    held = pod("front-0", OWNER, containers=[waiting("PodInitializing")], init_containers=waits)
    assert asked(held) == [("front-0", "wait-for-db", False)]


def test_an_init_container_is_read_before_those_that_it_keeps_from_starting_again():
    lost = [waiting("PodInitializing", name=name, last_termination=terminated()) for name in ("proxy", "app")]
    held = pod("front-0", OWNER, containers=lost, init_containers=(container("wait-for-db"),))
    assert asked(held)[0] == ("front-0", "wait-for-db", False)


def test_a_sidecar_that_is_ready_and_an_init_container_that_is_through_are_not_in_the_way():
    through = container("migrate", terminated=terminated("Completed", 0))
    beside = container("proxy", ready=True)
    assert asked(pod("front-0", OWNER, init_containers=(through, beside))) == [("front-0", "app", False)]


@pytest.mark.parametrize(
    "ailing",
    [
        waiting("CrashLoopBackOff", last_termination=terminated("Completed", 0)),
        waiting("CrashLoopBackOff", last_termination=terminated()),
        container(),
    ],
)
def test_a_container_that_is_not_ready_comes_before_all_that_are_even_those_that_failed_once(ailing):
    beside = [container(name, ready=True, last_termination=terminated()) for name in ("proxy", "vault")]
    assert {name for _, name, _ in asked(pod("front-0", OWNER, containers=[*beside, ailing]))} == {
        "app",
        "proxy",
    }


def test_pods_are_bounded_and_one_healthy_sibling_is_read_for_contrast():
    many = [pod(f"front-{n}", OWNER) for n in range(9)]
    assert len(asked(*many)) == MAX_PODS
    names = [name for name, *_ in asked(*many, healthy=[pod("well", OWNER), pod("too", OWNER)])]
    assert len(names) == MAX_PODS
    assert names[-1] == "well"


async def test_a_log_that_cannot_be_read_is_named_and_the_others_are_numbered_through():
    kube = FakeKube()
    kube.log_text = {
        ("shop", "front-0", "app", False): "one\ntwo",
        ("shop", "front-2", "app", False): "three",
    }
    for name in ("front-0", "front-1", "front-2"):
        kube.put({"kind": "Pod", "metadata": {"name": name, "namespace": "shop"}})
    sources = Sources()
    kube.fail("logs", "Pod", NotFound("get pods front-0/log: gone"))
    requests = wanted([pod(f"front-{n}", OWNER) for n in range(3)], [])
    found = await read_logs(kube, sources, requests, 100, Redactor())
    assert [line.index for line in found] == list(range(len(found)))
    assert len(sources.missing) >= 1


@pytest.mark.parametrize("kept", range(1, 13))
def test_half_of_a_password_in_a_colourful_line_that_was_cut_is_blackened(kept: int):
    """The cut is before the colours are taken off, so that what is left may be short."""
    start = "\x1b[31m" * 700 + " postgres://app:"
    padding = "x" * (4 * LINE_LENGTH - kept - len(start))
    cut = clean("\x1b[31m" * 700 + padding + " postgres://app:hunter2secret@db/shop")
    assert "postgres://app:" in cut, "else there is nothing to blacken"
    assert "h" not in Redactor().text(cut).partition("postgres://")[2]


async def test_half_of_a_password_in_what_a_source_says_of_its_failure_is_blackened():
    left = 0
    for length in range(160, 190):
        sources = Sources()
        sources.note("alerts", "x" * length + " postgres://app:hunter2secret@db/shop")
        (line,) = Redactor().lines(sources.missing)
        left += "postgres://" in line
        assert "h" not in line.partition("postgres://")[2]
    assert left, "else there is nothing to blacken"
