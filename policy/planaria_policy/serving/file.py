"""The file that is served: a zip with the network as ONNX and a manifest of what it understands."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict

from planaria_policy.errors import BadData
from planaria_policy.replace import replace
from planaria_policy.spaces.choices import CATEGORIES, HEADS
from planaria_policy.spaces.sights import NODE_SIGHTS, SIGHTS

SHIPPED: Final = Path(__file__).parent / "model" / "policy.zip"
NETWORK, MANIFEST = "network.onnx", "manifest.json"
LARGEST: Final = 32 * 2**20
"""Bytes of one member; a file that unpacks to more is not ours."""
EPOCH: Final = (2026, 1, 1, 0, 0, 0)
"""The time of every member, so that the same network makes the same file."""


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    id: str
    version: str
    checksum: str
    """SHA-256 of the network."""
    categories: tuple[str, ...]
    heads: tuple[str, ...]
    sights: tuple[str, ...]
    node_sights: tuple[str, ...]
    """What the network was trained to see and to choose; a service that means something else must not serve it."""
    about: dict[str, Any] = {}


@dataclass(frozen=True)
class PolicyFile:
    manifest: Manifest
    network: bytes

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Raises `BadData` where the file is missing, damaged, or made for another version of Planaria."""
        try:
            with zipfile.ZipFile(path) as archive:
                manifest = Manifest.model_validate_json(_member(archive, MANIFEST))
                network = _member(archive, NETWORK)
        except Exception as error:  # zipfile has no common base of what a damaged file makes it raise
            raise BadData(
                f"{path}: not a policy file ({error}); make one with planaria policy export"
            ) from error
        if hashlib.sha256(network).hexdigest() != manifest.checksum:
            raise BadData(f"{path}: the network is not the one that the manifest names; the file is damaged")
        _same(path, "categories", manifest.categories, tuple(category.value for category in CATEGORIES))
        _same(path, "heads", manifest.heads, tuple(HEADS))
        _same(path, "sights", manifest.sights, tuple(SIGHTS))
        _same(path, "node_sights", manifest.node_sights, tuple(NODE_SIGHTS))
        return cls(manifest, network)

    def save(self, path: Path) -> None:
        """Whole or not at all: raises `BadData` where it cannot be written."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(MANIFEST, EPOCH), self.manifest.model_dump_json(indent=1))
            archive.writestr(zipfile.ZipInfo(NETWORK, EPOCH), self.network)
        replace(path, packed.getbuffer())


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST:
        raise ValueError(f"{name} unpacks to more than {LARGEST >> 20} MiB")
    return archive.read(name)


def _same(path: Path, what: str, given: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    if given != wanted:
        odd = sorted(set(given) ^ set(wanted)) or ["their order"]
        raise BadData(
            f"{path}: {what}: differ from this version's in {', '.join(odd[:5])}; train the policy anew"
        )
