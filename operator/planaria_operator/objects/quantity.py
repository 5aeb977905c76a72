"""Resource quantities, as in https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/."""

import math
import re
from decimal import Decimal
from typing import Final

_SUFFIX: Final = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}
_PATTERN: Final = re.compile(r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]?i?)$")


def parse_quantity(text: str | float) -> Decimal:
    """The number that a quantity stands for. Raises ValueError naming the text."""
    match = _PATTERN.match(str(text))
    if not match or match[2] not in _SUFFIX:
        raise ValueError(f"quantity {text!r}: expected a number with a suffix such as 128Mi or 250m")
    return Decimal(match[1]) * _SUFFIX[match[2]]


def to_bytes(text: str | float) -> int:
    return math.ceil(parse_quantity(text))


def to_millicores(text: str | float) -> int:
    return math.ceil(parse_quantity(text) * 1000)
