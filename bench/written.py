"""What every command writes down, whatever it measured."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def origin(table: str, **machine: Any) -> dict[str, Any]:
    """Which table, when, and on what; `machine` says more of that."""
    return {
        "table": table,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), **machine},
    }


def write_json(file: Path, body: Any, *, indent: int = 2) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(body, indent=indent) + "\n", encoding="utf-8")
