"""Where `planaria semantics classify` reads and writes: files, or - for the standard streams."""

import io
import os
import stat
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TextIO


def refuse_the_same(source: str, target: str) -> None:
    """Raises ValueError where both are one file, under whatever names: to open the output would empty the input."""
    read, put = _standing(source, sys.stdin), _standing(target, sys.stdout)
    if read and put and stat.S_ISREG(read.st_mode) and os.path.samestat(read, put):
        raise ValueError(f"--output {target} would overwrite the input; name another file")


def _standing(name: str, standard: TextIO) -> os.stat_result | None:
    """Of the file behind a name or a stream, whatever else it is called; None where there is none yet."""
    try:
        return os.fstat(standard.fileno()) if name == "-" else Path(name).stat()
    except (OSError, ValueError, AttributeError):  # a stream may be closed, or kept in memory
        return None


def opened(name: str, stack: ExitStack) -> tuple[TextIO, int | None]:
    """The input, and its size in bytes where that is known."""
    if name == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
        return sys.stdin, None
    file = Path(name)
    stream = file.open(encoding="utf-8-sig", errors="replace", newline="\n")
    return stack.enter_context(stream), file.stat().st_size


def target(name: str) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if name == "-" else Path(name).open("w", encoding="utf-8")
