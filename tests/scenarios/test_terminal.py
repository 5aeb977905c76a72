"""A terminal as a picture: what was typed, what was printed, in its colours, and nothing that a page would have to fetch."""

from pathlib import Path

import pytest

from planaria_scenarios import terminal
from planaria_scenarios.errors import EnvironmentalError

COLOURED = r"printf '\033[31mrefused\033[0m by a guard\n'"


def test_a_program_sees_a_terminal_of_the_pictures_width() -> None:
    assert terminal.typed("stty -F /dev/stdout size", {}).split()[1] == str(terminal.COLUMNS)


def test_what_failed_is_not_drawn() -> None:
    with pytest.raises(EnvironmentalError, match="no/such/file"):
        terminal.typed("cat no/such/file", {})


def test_the_picture_holds_command_output_and_colour_and_fetches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "picture.svg"
    terminal.draw("a title", [("say it", terminal.typed(COLOURED, {}))], file)
    svg = file.read_text()
    assert all(words in svg for words in ("a&#160;title", "say&#160;it", ">refused<", "by&#160;a&#160;guard"))
    assert "font-face" not in svg
    assert "@import" not in svg
    assert "url(http" not in svg
