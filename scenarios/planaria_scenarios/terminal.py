"""A command on a terminal of its own, and the terminal as a picture."""

import io
import os
import pty
import re
import shlex
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from planaria_scenarios.errors import EnvironmentalError

COLUMNS: Final = 118
LINES: Final = 200
FONT: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""A page that shows the picture should not have to ask another site for a font."""


def typed(command: str, environment: Mapping[str, str]) -> str:
    """What `command` prints on a terminal, colours and all. Raises EnvironmentalError where it fails."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (LINES, COLUMNS))
    try:
        process = subprocess.Popen(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
    finally:
        os.close(theirs)
    with os.fdopen(ours, "rb") as screen:
        printed = _read(screen).decode(errors="replace").replace("\r\n", "\n")
    if process.wait():
        raise EnvironmentalError(f"`{command}` failed: {printed.strip()[-300:]}")
    return printed


def _read(screen: io.BufferedReader) -> bytes:
    """All that is written until the last writer is gone, which Linux reports as an error and others as an end."""
    parts = []
    try:
        while part := screen.read1(65536):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def draw(title: str, played: Sequence[tuple[str, str]], file: Path) -> None:
    """`played`: commands and what they printed. Writes an SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="256")
    for number, (command, printed) in enumerate(played):
        console.print(Text(f"{chr(10) if number else ''}$ {command}", style="bold"))
        console.print(Text.from_ansi(printed.rstrip()), highlight=False)
    svg = console.export_svg(title=title, unique_id=file.stem)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(FONT.sub("", svg).replace("<svg ", '<svg xml:space="preserve" ', 1) + "\n")
