"""The API server's audit log: who changed what, in the server's own words, whatever the program says of itself.

Only what changes something is written down, without bodies, so that it costs little enough to be always on.
"""

import json
from pathlib import Path
from typing import Any, Final

from planaria_cluster.bare.settings import Settings
from planaria_cluster.paths import make_folder, write_if_changed

MEGABYTES: Final = 32
"""After which a file is set aside under a name with the time."""
KEPT: Final = 8
"""Older files beside it; about a million changes in all."""


def log_file(settings: Settings) -> Path:
    """The file that is written now; what was set aside lies beside it as `audit-TIME.log`."""
    return settings.folder / "log" / "audit.log"


def policy() -> dict[str, Any]:
    """The first rule that fits an event decides."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [
            # A command in a container is a GET where it is sent over a WebSocket.
            {"level": "Metadata", "resources": [{"resources": ["pods/exec", "pods/attach"]}]},
            {"level": "None", "verbs": ["get", "list", "watch"]},
            # Heartbeats, by far the most of all writes.
            {"level": "None", "userGroups": ["system:nodes"]},
            {"level": "None", "users": ["planaria-kwok"]},
            {"level": "Metadata"},
        ],
    }


def policy_text() -> str:
    return json.dumps(policy(), indent=2) + "\n"


def flags(settings: Settings) -> dict[str, object]:
    """For the API server. `blocking`: it writes an event down itself, while it answers, and not in batches later."""
    return {
        "audit-policy-file": _policy_file(settings),
        "audit-log-path": log_file(settings),
        "audit-log-mode": "blocking",
        "audit-log-maxsize": MEGABYTES,
        "audit-log-maxbackup": KEPT,
    }


def ensure(settings: Settings) -> None:
    make_folder(log_file(settings).parent)
    write_if_changed(_policy_file(settings), policy_text())


def _policy_file(settings: Settings) -> Path:
    return settings.folder / "audit-policy.json"
