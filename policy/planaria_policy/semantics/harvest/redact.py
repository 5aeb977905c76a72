"""Takes this machine out of the text: its paths, its name, its users' folders."""

import re
import socket
import sys
from pathlib import Path
from typing import Final

_CONTROL: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_HERE: Final = Path(__file__).parent
_PLACES: Final = (
    (re.compile(re.escape(str(_HERE / "data"))), "/app"),
    (re.compile(r"/var/lib/planaria/planaria/nodes/\d+"), "/var/lib"),
    (re.compile(r"/var/lib/planaria(/planaria)?"), "/var/lib/kubernetes"),
    (re.compile(re.escape(str(Path(sys.base_prefix)))), "/usr/local"),
    (re.compile(re.escape(sys.prefix)), "/usr/local"),
    (re.compile(r"/(?:root|home/\w+)/[.\w]+(?:/versions/[\d.]+)?"), "/usr/local"),
    (re.compile(re.escape(str(_HERE.parents[3]))), "/app"),
    (re.compile(r"planaria-node-"), "worker-"),
    (re.compile(r"planaria\.local/"), "registry.example.com/"),
    (re.compile(r"planaria"), "acme"),
)


def redact(text: str, folder: Path, shared: Path) -> str:
    """`folder` and `shared` are where the experiment ran; programs see them as /var/lib/app and /app."""
    for path, name in ((folder, "/var/lib/app"), (shared, "/app")):
        text = text.replace(str(path), name)
    for pattern, name in _PLACES:
        text = pattern.sub(name, text)
    host = re.escape(socket.gethostname())
    text = re.sub(rf"(?<![\w./-]){host}(?![\w/-])", "web-0", text)
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
