"""The command: a line out for every line in, whatever it holds."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planaria_semantics.classify import main
from planaria_semantics.questions import BadLineError, question
from planaria_semantics.vllm.fake import FakeVllm
from tests.semantics_service.windows import answer

FIELDS = ["id", "fault", "secondary", "confidence", "novelty", "severity", "evidence", "source"]
HEAP = {"id": "a", "kind": "container_log", "text": "java.lang.OutOfMemoryError: Java heap space"}
FULL = {"id": "b", "kind": "kernel", "text": "EXT4-fs error: write failed: No space left on device"}


@pytest.fixture
def run(tmp_path):
    """Lines in; exit status and parsed lines out."""

    def classify(*lines, extractor="rules", **options):
        source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
        source.write_text(
            "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        )
        more = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", str(value))]
        status = main(["-i", str(source), "-o", str(target), "-e", extractor, *more])
        return status, [json.loads(line) for line in target.read_text().splitlines()]

    return classify


@pytest.mark.parametrize("extractor", ["rules", "encoder"])
def test_each_line_has_its_answer_with_the_lines_that_show_it(run, extractor):
    status, found = run(HEAP, FULL, extractor=extractor)
    assert status == 0
    assert [list(each) for each in found] == [FIELDS, FIELDS]
    assert [(each["id"], each["fault"]) for each in found] == [
        ("a", "memory_exhaustion"),
        ("b", "storage_fault"),
    ]
    for each, asked in zip(found, (HEAP, FULL), strict=True):
        assert each["source"] == extractor
        assert 0.3 < each["confidence"] <= 1
        assert 0 <= each["novelty"] <= 1
        assert each["severity"] >= 1
        assert {"kind": "log", "index": 0, "text": asked["text"]} in each["evidence"]


@pytest.mark.parametrize(
    ("line", "identity", "words"),
    [
        ("{broken", None, ["line 2", "'{broken", "JSON object"]),
        ("[1, 2]", None, ["line 2", "[1, 2]", "JSON object"]),
        ("[" * 100_000, None, ["line 2", "JSON object"]),
        ({"kind": "mixed", "text": "x"}, None, ["line 2", "id is None", "string or an integer"]),
        ({"id": True, "text": "x"}, None, ["line 2", "id is True"]),
        ({"id": 7, "kind": "poem", "text": "x"}, 7, ["line 2", "kind is 'poem'", "container_log, k8s_event"]),
        ({"id": 7, "kind": ["x"], "text": "x"}, 7, ["line 2", "kind is ['x']"]),
        ({"id": "c"}, "c", ["line 2", "text is None", "one string"]),
        ({"id": "c", "text": ["x"]}, "c", ["line 2", "text is ['x']"]),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_a_bad_line_is_named_and_nothing_is_lost(run, capsys, line, identity, words):
    status, found = run(HEAP, line, FULL)
    assert status == 1
    assert [each["id"] for each in found] == ["a", identity, "b"]
    assert list(found[1]) == ["id", "error"]
    told = capsys.readouterr().err
    assert len(told) < 400
    for word in words:
        assert word in found[1]["error"]
        assert word in told


@pytest.mark.parametrize("text", ["", "\n\n", " \t ", "\x00\x1b[0m\u200b"])
@pytest.mark.parametrize("kind", ["container_log", "k8s_event", "kernel", "mixed"])
def test_text_without_words_is_healthy_and_hardly_sure(run, text, kind):
    status, (found,) = run({"id": 1, "kind": kind, "text": text}, extractor="encoder")
    assert status == 0
    assert (found["fault"], found["severity"], found["evidence"]) == ("healthy", 0, [])
    assert found["confidence"] <= 0.3


def test_whatever_stands_in_a_line_it_has_an_answer(run):
    odd = [
        "\ud800",
        "\x00" * 100,
        "x" * 400_000,
        "[" * 9999,
        "\u202e" * 50,
        "Warning",
        "\n".join("abc" * 2000),
    ]
    lines = [{"id": "\udfff" + text[:5], "kind": "mixed", "text": text} for text in odd]
    status, found = run(*lines, extractor="encoder")
    assert status == 0
    assert [each["id"] for each in found] == [line["id"] for line in lines]


def test_order_is_kept_and_blank_lines_are_no_lines(run):
    lines = [{"id": number, "text": ("FATAL out of memory\n" * (number % 7)) + "x"} for number in range(60)]
    status, found = run("", *lines, "  ")
    assert status == 0
    assert [each["id"] for each in found] == list(range(60))


def test_events_are_read_as_events(run):
    event = "Warning  FailedScheduling  3s  default-scheduler  0/3 nodes are available: 3 Insufficient cpu"
    for extractor in ("rules", "encoder"):
        _, (found,) = run({"id": 1, "kind": "k8s_event", "text": event}, extractor=extractor)
        assert found["fault"] == "scheduling_blocked"
        assert found["evidence"][0]["kind"] == "event"


def test_a_thousand_short_inputs_take_much_less_than_a_minute(run):
    lines = [
        {
            **HEAP,
            "id": number,
            "text": f"ERROR worker {number}: cannot open /data/{number}: no space left on device",
        }
        for number in range(1000)
    ]
    started = time.monotonic()
    status, found = run(*lines, extractor="encoder")
    assert time.monotonic() - started < 45
    assert (status, len(found)) == (0, 1000)  # fmt: skip


async def test_a_vllm_is_asked_and_its_absence_told_line_by_line(tmp_path):
    """In a process of its own: the command has an event loop of its own."""
    command = [
        sys.executable,
        "-m",
        "planaria_semantics.classify",
        "-e",
        "vllm",
        "--model-name",
        "fake",
        "--url",
    ]
    import asyncio

    async with FakeVllm(answer=answer()) as server:
        done = await asyncio.to_thread(main_in_process, [*command, server.url])
        assert (done.returncode, json.loads(done.stdout)["fault"]) == (0, "dependency_unavailable")
        assert json.loads(done.stdout)["source"] == "vllm"
        hybrid = [word if word != "vllm" else "hybrid" for word in command]
        done = await asyncio.to_thread(main_in_process, [*hybrid, server.url])
        assert json.loads(done.stdout)["source"] == "hybrid"
        url = server.url
    done = await asyncio.to_thread(main_in_process, [*command, url])
    assert done.returncode == 1
    assert "NotReached" in json.loads(done.stdout)["error"]
    assert "NotReached" in done.stderr


def main_in_process(command):
    line = json.dumps({"id": 1, "text": "dial tcp 10.0.0.1:80: connect: connection refused"}) + "\n"
    return subprocess.run(command, input=line, capture_output=True, text=True, timeout=60, check=False)


def test_standard_input_and_output_and_answers_before_the_end():
    command = [sys.executable, "-m", "planaria_semantics.classify", "-e", "rules"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        first = [json.dumps({"id": number, "text": "panic: x"}) + "\n" for number in range(20)]
        running.stdin.writelines(first)
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["fault"] == "application_crash"
        running.stdin.close()
        assert len(running.stdout.readlines()) == 19
        assert running.wait(20) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-i", "missing.jsonl"], "missing.jsonl"),
        (["-e", "vllm"], "--url and --model-name"),
        (["-e", "hybrid", "--url", "http://x"], "--url and --model-name"),
        (["-i", "same.jsonl", "-o", "./same.jsonl"], "overwrite"),
        (["--model", "none.zip"], "none.zip"),
    ],
)
def test_wrong_usage_says_what_to_do(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(HEAP) + "\n"))
    (tmp_path / "same.jsonl").write_text(json.dumps(HEAP))
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("how", ["hard link", "standard input", "both standard"])
def test_the_input_is_not_emptied_where_it_is_the_output_under_another_name(
    tmp_path, capsys, monkeypatch, how
):
    same, other = tmp_path / "same.jsonl", tmp_path / "other.jsonl"
    same.write_text(json.dumps(HEAP) + "\n")
    other.hardlink_to(same)
    arguments = ["-e", "rules"]
    with same.open() as source, same.open("a") as target:
        if how == "hard link":
            arguments += ["-i", str(same), "-o", str(other)]
        else:
            monkeypatch.setattr(sys, "stdin", source)
        if how == "standard input":
            arguments += ["-o", str(same)]
        if how == "both standard":
            monkeypatch.setattr(sys, "stdout", target)
        assert main(arguments) == 2
    assert "would overwrite the input" in capsys.readouterr().err
    assert same.read_text() == json.dumps(HEAP) + "\n"


def test_one_terminal_may_be_both_input_and_output(monkeypatch):
    with Path("/dev/null").open("r+") as null:
        monkeypatch.setattr(sys, "stdin", null)
        assert main(["-e", "rules", "-o", "/dev/null"]) == 0


def test_without_anything_to_read_with_the_output_keeps_what_it_held(tmp_path, monkeypatch):
    kept = tmp_path / "kept.jsonl"
    kept.write_text("of yesterday\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(HEAP) + "\n"))
    assert main(["--model", str(tmp_path / "none.zip"), "-o", str(kept)]) == 2
    assert kept.read_text() == "of yesterday\n"


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "planaria semantics classify --input" in capsys.readouterr().out


def test_a_kind_may_be_left_out():
    assert question('{"id": 1, "text": "x"}', 1).kind == "mixed"
    with pytest.raises(BadLineError):
        question('{"id": 1, "kind": null, "text": "x"}', 1)
