"""The memory as JSON lines, for people and for other programs."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from planaria_policy.errors import BadData
from planaria_policy.memory.trajectory import Trajectory
from planaria_policy.memory.words import actions


def told(one: Trajectory) -> dict[str, Any]:
    """One incident as a record that a person can read."""
    return {
        "incident": one.incident,
        "fault": one.fault,
        "actions": list(actions(one)),
        "return": round(one.total, 4),
        "recovered": one.recovered,
        "harmed": one.harmed,
        "policy_version": one.policy_version,
        "source": one.source,
        "note": one.note,
    }


def export(trajectories: Iterable[Trajectory], path: Path) -> int:
    """Returns how many were written. An old file stays until the new one is whole. Raises BadData."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as stream:
            count = write(trajectories, stream)
        draft.replace(path)
    except OSError as error:
        raise BadData(f"export to {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # of no interest beside what came before
            draft.unlink()
    return count


def write(trajectories: Iterable[Trajectory], stream: TextIO) -> int:
    count = 0
    for count, one in enumerate(trajectories, start=1):  # noqa: B007
        stream.write(json.dumps(told(one), ensure_ascii=False) + "\n")
    return count
