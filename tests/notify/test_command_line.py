"""Receivers on the operator's command line."""

from pathlib import Path

import pytest

from planaria_operator import app, cli
from planaria_operator.settings import Settings


def settings(monkeypatch: pytest.MonkeyPatch, *words: str) -> Settings:
    seen: list[Settings] = []

    async def run(found: Settings) -> int:
        seen.append(found)
        return 0

    monkeypatch.setattr(app, "run_until_stopped", run)
    assert cli.main(["run", *words]) == 0
    return seen[0]


def test_nobody_is_told_by_default(monkeypatch: pytest.MonkeyPatch):
    found = settings(monkeypatch)
    assert found.receivers == {}
    assert found.receivers_directory == Path("/var/run/planaria/receivers")


def test_receivers_have_a_name_and_a_format(monkeypatch: pytest.MonkeyPatch):
    words = ("--receiver", "oncall", "--receiver", "chat=slack", "--receivers-dir", "/etc/told")
    found = settings(monkeypatch, *words)
    assert found.receivers == {"oncall": "generic", "chat": "slack"}
    assert found.receivers_directory == Path("/etc/told")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("On_Call", "small letters, digits and '-'"),
        ("../x", "small letters, digits and '-'"),
        ("a" * 64, "small letters, digits and '-'"),
        ("chat=xml", "one of generic, slack"),
    ],
)
def test_a_wrong_receiver_ends_it_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str, said: str
):
    with pytest.raises(SystemExit) as ended:
        settings(monkeypatch, "--receiver", word)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "--receiver" in last
    assert said in last
