"""Numbers on the command line, refused where nothing could go by them: argparse names the flag, these name value and fix."""

import argparse
import math


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


def positive(text: str) -> int:
    """1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of at least 1")
    return int(text)
