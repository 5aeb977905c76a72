"""Looking into an image archive: what Docker, podman and buildah write is the same tar of tars."""

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from planaria_cluster.errors import UsageError

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A file of the image. `size` in bytes; `layer` counts from 0, the lowest."""

    size: int
    mode: int
    layer: int


@dataclass(frozen=True)
class Archive:
    path: Path

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        (only,) = json.loads(self._member("manifest.json"))
        return dict(only)

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The image's configuration as the OCI specification has it: `config`, `rootfs`, `created`, `history`."""
        return dict(json.loads(self._member(self._manifest["Config"])))

    @property
    def layers(self) -> list[str]:
        return list(self._manifest["Layers"])

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Regular files by path without a leading slash, as a container sees them."""
        return self._merged(lambda number, member, _: Entry(member.size, member.mode, number))

    def read(self, wanted: Callable[[str], bool]) -> dict[str, bytes]:
        """The contents of the regular files whose path `wanted` accepts."""
        return self._merged(
            lambda _, member, layer: _content(layer, member) if wanted(_name(member)) else None
        )

    def sizes(self) -> list[int]:
        """Bytes of the files in each layer, uncompressed, those included that a higher layer hides."""
        return [sum(member.size for member in layer) for layer in self._opened()]

    def _merged(self, make: Callable[[int, tarfile.TarInfo, tarfile.TarFile], T | None]) -> dict[str, T]:
        found: dict[str, T] = {}
        for number, layer in enumerate(self._opened()):
            made: dict[str, T] = {}
            for member in layer:
                folder, _, base = _name(member).rpartition("/")
                if base.startswith(
                    _WHITEOUT
                ):  # hides what lower layers have; an opaque one, the whole folder
                    _hide(found, folder if base == _OPAQUE else f"{folder}/{base.removeprefix(_WHITEOUT)}")
                elif member.isfile() and (value := make(number, member, layer)) is not None:
                    made[_name(member)] = value
            found |= made
        return found

    def _opened(self) -> Iterator[tarfile.TarFile]:
        with self._archive() as archive:
            for name in self.layers:
                with tarfile.open(fileobj=archive.extractfile(name), mode="r:*") as layer:
                    yield layer

    def _member(self, name: str) -> bytes:
        with self._archive() as archive:
            return _content(archive, archive.getmember(name))

    def _archive(self) -> tarfile.TarFile:
        try:
            return tarfile.open(self.path)
        except (OSError, tarfile.TarError) as error:
            raise UsageError(f"{self.path} is no image archive: {error}") from error


def _name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./").strip("/")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream is not None else b""


def _hide(found: dict[str, T], path: str) -> None:
    for name in [name for name in found if name == path or name.startswith(f"{path}/")]:
        del found[name]
