"""What the operator's command line says of who reads."""

from pathlib import Path

import pytest

from planaria_operator import cli
from planaria_operator.settings import Settings
from planaria_semantics.settings import SemanticsSettings

MODEL = ("--vllm-url", "http://vllm:8000", "--vllm-model", "m")


@pytest.fixture
def settings(monkeypatch):
    """The settings that a command line gives, without running anything."""

    def parse(*arguments):
        from planaria_operator import app

        taken = []

        async def run(found):
            taken.append(found)
            return 0

        monkeypatch.setattr(app, "run_until_stopped", run)
        assert cli.main(["run", *arguments]) == 0
        return taken[0].semantics

    return parse


def test_without_any_flag_the_encoder_reads(settings):
    assert settings() == Settings().semantics == SemanticsSettings(extractor="encoder")


def test_with_the_address_of_a_model_both_read(settings):
    found = settings(*MODEL)
    assert (found.extractor, found.vllm_url, found.vllm_model) == ("hybrid", "http://vllm:8000", "m")


@pytest.mark.parametrize("name", ["rules", "encoder"])
def test_what_is_asked_for_comes_before_what_is_usual(settings, name):
    assert settings("--extractor", name, *MODEL).extractor == name


def test_every_flag_reaches_its_setting(settings):
    found = settings(
        *(
            "--extractor",
            "vllm",
            *MODEL,
            "--vllm-api-key-file",
            "/run/key",
            "--vllm-reliability",
            "/run/r.json",
        ),
        *("--vllm-deadline", "2.5", "--vllm-concurrency", "3", "--vllm-queue", "9", "--vllm-examples", "0"),
        *("--encoder-deadline", "7"),
    )
    assert found == SemanticsSettings(
        "vllm", "http://vllm:8000", "m", api_key_file=Path("/run/key"), reliability_file=Path("/run/r.json"),
        deadline_seconds=2.5, encoder_deadline_seconds=7.0, concurrency=3, queue=9, examples=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--extractor", "vllm"], ["--extractor vllm", "--vllm-url", "--vllm-model"]),
        (["--extractor", "hybrid", "--vllm-url", "http://x"], ["--extractor hybrid", "--vllm-model"]),
        (["--vllm-url", "http://x"], ["--vllm-model"]),
    ],
)
def test_what_cannot_be_is_refused_with_flag_and_fix(settings, capsys, arguments, told):
    with pytest.raises(SystemExit) as caught:
        settings(*arguments)
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert all(part in last for part in told), last


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--extractor", "oracle", "encoder"),
        ("--vllm-deadline", "soon", "more than 0 seconds"),
        ("--vllm-deadline", "0", "more than 0 seconds"),
        ("--vllm-deadline", "inf", "more than 0 seconds"),
        ("--encoder-deadline", "-1", "more than 0 seconds"),
        ("--policy-deadline", "nan", "more than 0 seconds"),
        ("--vllm-queue", "x", "whole number"),
        ("--vllm-examples", "-1", "whole number"),
        ("--vllm-concurrency", "0", "no number of at least 1"),
        ("--max-acting", "2.5", "whole number"),
        ("--max-actions-per-hour", "-4", "whole number"),
        ("--listen", "8080", "HOST:PORT"),
        ("--listen", "127.0.0.1:99999", "HOST:PORT"),
        ("--listen", "127.0.0.1:\u00b2", "HOST:PORT"),
    ],
)
def test_what_is_no_value_is_refused_by_name(settings, capsys, flag, value, told):
    with pytest.raises(SystemExit) as caught:
        settings(f"{flag}={value}")
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert all(part in error for part in (flag, value, told)), error
