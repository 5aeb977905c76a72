"""Words of PromQL. Apart from `prometheus.py`, whose client library is only loaded where a Prometheus is configured."""

import re
from typing import Final

_VARIABLE: Final = re.compile(r"\$(namespace|name)\b")


def fill(query: str, **values: str) -> str:
    return _VARIABLE.sub(lambda match: quote(values[match[1]]), query)


def quote(text: str) -> str:
    """A PromQL string literal."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'
