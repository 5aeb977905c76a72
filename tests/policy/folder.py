"""A folder of policies, for the tests of what is served from one."""

import hashlib
import os
import shutil
from pathlib import Path

from planaria_policy.serving.file import SHIPPED, PolicyFile


def put(folder: Path, name: str, number: int, body: bytes | None = None) -> None:
    """The shipped policy, or `body`, as NAME.zip. A higher `number` makes a newer file."""
    path = folder / f"{name}.zip"
    shutil.copy(SHIPPED, path) if body is None else path.write_bytes(body)
    os.utime(path, (1_000_000 + number, 1_000_000 + number))


def put_trained(folder: Path, name: str, number: int, training: str) -> None:
    """A network that decides as the shipped one, and is another for all that: `training` stands in it."""
    shipped = PolicyFile.load(SHIPPED)
    network = shipped.network + b"\x32" + bytes([len(training)]) + training.encode()  # ONNX: the doc string
    told = {"checksum": hashlib.sha256(network).hexdigest(), "about": {"training": training}}
    path = folder / f"{name}.zip"
    PolicyFile(shipped.manifest.model_copy(update=told), network).save(path)
    os.utime(path, (1_000_000 + number, 1_000_000 + number))
