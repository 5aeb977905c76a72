"""The shipped file: one zip archive with the network, its words, the n-gram model and everything that was measured."""

import io
import json
import os
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from planaria_contract import CLASSES, Model
from planaria_semantics.encoder.ngrams import BUCKETS, NgramModel

SHIPPED: Final = Path(__file__).parent / "model" / "encoder.zip"
LARGEST: Final = 25 * 1024 * 1024
QUANTILES: Final = 101
_DAMAGED: Final = (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile, zlib and numpy raise at bytes that are not what they were."""


class BundleError(ValueError):
    """A model file that is missing or cannot be used; the message names it and the remedy."""


class Blend(Model):
    """How the parts are weighed; fitted on systems that neither part was trained on."""

    encoder: float
    ngrams: float
    joint: float
    """Share of the reading of all lines together; the rest is that of each line by itself."""
    temperature: float
    leaning: tuple[float, ...] = (0.0,) * len(CLASSES)
    """Logits that each class gets."""


class Manifest(Model):
    id: str
    version: str
    """Digest of corpus and recipe: equal where the same model was made from the same data."""
    classes: tuple[str, ...]
    blend: Blend
    novelty: tuple[float, ...]
    """Quantiles 0 .. 100 % of the distance of held-out, yet known, text: what turns a distance into a rarity."""
    unknown_novelty: float
    """From this rarity on, an unsure reading is called unknown."""
    unknown_probability: float
    """An unsure reading: its best class is less probable than this."""
    longest: int
    """Tokens of one text."""


@dataclass(frozen=True)
class Bundle:
    manifest: Manifest
    network: bytes
    """ONNX: (ids, mask) -> (fault logits, severity logits, unit vectors)."""
    tokenizer: str
    ngrams: NgramModel
    prototypes: npt.NDArray[np.float32]
    """(prototypes, 384): unit vectors around which the training text lies."""

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Self:
        """Raises `BundleError`."""
        try:
            with zipfile.ZipFile(path) as archive:
                return cls._read(archive)
        except _DAMAGED as error:
            raise BundleError(
                f"{path}: no usable encoder model ({type(error).__name__}: {error}); "
                "reinstall planaria, or make it anew with: make semantics"
            ) from error

    @classmethod
    def _read(cls, archive: zipfile.ZipFile) -> Self:
        manifest = Manifest.from_json(archive.read("manifest.json"))
        if manifest.classes != tuple(fault.value for fault in CLASSES):
            raise ValueError("it was trained on other classes than this version knows")
        if len(manifest.blend.leaning) != len(CLASSES):
            raise ValueError(
                f"its leaning has {len(manifest.blend.leaning)} numbers for {len(CLASSES)} classes"
            )
        arrays = np.load(io.BytesIO(archive.read("arrays.npz")), allow_pickle=False)
        if arrays["weights"].shape != (BUCKETS, len(CLASSES)):
            raise ValueError("its n-gram model is of another size than this version's")
        ngrams = NgramModel(arrays["weights"], arrays["scale"], arrays["bias"])
        prototypes = arrays["prototypes"].astype(np.float32)
        return cls(
            manifest,
            archive.read("network.onnx"),
            archive.read("tokenizer.json").decode(),
            ngrams,
            prototypes,
        )

    def save(self, path: Path) -> None:
        """The same bundle gives the same bytes."""
        arrays = io.BytesIO()
        np.savez(
            arrays,
            weights=self.ngrams.weights,
            scale=self.ngrams.scale,
            bias=self.ngrams.bias,
            prototypes=self.prototypes.astype(np.float16),
        )
        members = {
            "manifest.json": json.dumps(self.manifest.model_dump(), indent=1).encode(),
            "tokenizer.json": self.tokenizer.encode(),
            "arrays.npz": arrays.getvalue(),
            "network.onnx": self.network,
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        _replace(path, file.getvalue())


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all: an operator may be loading the file that stands there."""
    if len(content) > LARGEST:
        raise BundleError(
            f"{path}: {len(content)} bytes, more than the {LARGEST} that may ship; "
            "nothing was written; keep fewer words (tokens.py) or n-gram buckets (ngrams.py)"
        )
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise BundleError(
            f"{path}: cannot be written ({error.strerror}); nothing was; make room there, or name another file with --output"
        ) from error
