"""Values on the command line, refused where nothing could go by them: argparse names the flag, these name value and fix.

The plugin uses it too: nothing heavier than argparse is imported here.
"""

import argparse
import math
from typing import Final

from planaria_operator.addresses import usable

HIGHEST_PORT: Final = 65535


def deadline(text: str) -> float:
    """Seconds, more than 0 and not for ever."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} must be more than 0 seconds, such as 2")
    return seconds


def count(text: str) -> int:
    """0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of 0 or more")
    return int(text)


def address(text: str) -> tuple[str, int]:
    """Host and port."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} must be HOST:PORT, such as 127.0.0.1:8080")
    return host, int(port)


def url(text: str) -> str:
    """An address of http:// or https://. Not quoted in the error: it may hold a password."""
    if not usable(text):
        raise argparse.ArgumentTypeError("must be an address such as http://host:8000")
    return text


def positive(text: str) -> int:
    """1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)
