"""A trajectory as bytes, and back: a framing of our own, so that reading can never run code as pickle could.

4 bytes   PLNT
1 byte    the format's number
4 bytes   CRC-32 of the rest
the rest, zlib level 1:
  4 bytes   length of the head
  head      JSON: shapes, choices of each mask, and what is not an array
  arrays    facts, nodes (float16), rows (int16), log probability, value, reward (float32), masks (one bit each)
"""

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_policy.errors import BadData
from planaria_policy.memory.trajectory import PARTS, Flags, Trajectory

MAGIC: Final = b"PLNT"
FORMAT: Final = 1
FRAME: Final = struct.Struct("<4sBI")
LENGTH: Final = struct.Struct("<I")
MOST_BYTES: Final = 64 * 2**20
"""A trajectory takes some kilobytes; what unpacks to more is no trajectory."""
ABOUT: Final = (
    "terminated", "incident", "fault", "recovered", "harmed", "policy_version", "source", "note",
)  # fmt: skip


def encode(trajectory: Trajectory) -> bytes:
    head = {name: getattr(trajectory, name) for name in ABOUT}
    head["nodes"] = trajectory.nodes.shape
    head["facts"] = trajectory.facts.shape
    head["legal"] = {part: trajectory.legal[part].shape[1] for part in PARTS}
    told = json.dumps(head, separators=(",", ":")).encode()
    body = zlib.compress(b"".join((LENGTH.pack(len(told)), told, *_packed(trajectory))), 1)
    return FRAME.pack(MAGIC, FORMAT, zlib.crc32(body)) + body


def _packed(trajectory: Trajectory) -> tuple[bytes, ...]:
    masks = np.concatenate([trajectory.legal[part] for part in PARTS], axis=1)
    return (
        trajectory.facts.astype("<f2").tobytes(),
        trajectory.nodes.astype("<f2").tobytes(),
        trajectory.rows.astype("<i2").tobytes(),
        trajectory.log_probability.astype("<f4").tobytes(),
        trajectory.value.astype("<f4").tobytes(),
        trajectory.reward.astype("<f4").tobytes(),
        np.packbits(masks).tobytes(),
    )


def decode(blob: bytes) -> Trajectory:
    """Raises BadData where the bytes are damaged, of another format, or made for other heads."""
    body = _unpacked(_checked(blob))
    try:
        (length,) = LENGTH.unpack_from(body)
        head = json.loads(body[LENGTH.size : LENGTH.size + length])
        return _read(head, _Reader(body, LENGTH.size + length))
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise BadData(f"a stored trajectory is damaged: {error}") from error


def _checked(blob: bytes) -> bytes:
    if len(blob) < FRAME.size or blob[:4] != MAGIC:
        raise BadData(f"a stored trajectory is damaged: it does not begin with {MAGIC.decode()}")
    _, number, checksum = FRAME.unpack_from(blob)
    if number != FORMAT:
        raise BadData(
            f"a stored trajectory has format {number}, and this Planaria knows only {FORMAT}: upgrade Planaria"
        )
    body = blob[FRAME.size :]
    if zlib.crc32(body) != checksum:
        raise BadData("a stored trajectory is damaged: its checksum does not fit")
    return body


def _unpacked(body: bytes) -> bytes:
    unpack = zlib.decompressobj()
    try:
        found = unpack.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise BadData(f"a stored trajectory is damaged: {error}") from error
    if not unpack.eof:
        raise BadData("a stored trajectory is damaged: it is cut short, or unpacks to more than 64 MiB")
    return found


@dataclass
class _Reader:
    """Takes one array after another from the bytes."""

    body: bytes
    place: int

    def take(self, kind: str, *shape: int) -> npt.NDArray[np.generic]:
        size = int(np.prod(shape, dtype=np.int64))
        found = np.frombuffer(self.body, kind, size, self.place).reshape(shape)
        self.place += found.nbytes
        return found

    def numbers(self, kind: str, *shape: int) -> npt.NDArray[np.float32]:
        return self.take(kind, *shape).astype(np.float32)


def _read(head: dict[str, object], reader: _Reader) -> Trajectory:
    facts, nodes, choices = head.pop("facts"), head.pop("nodes"), head.pop("legal")
    if not (isinstance(facts, list) and isinstance(nodes, list) and isinstance(choices, dict)):
        raise BadData("a stored trajectory is damaged: its head has no shapes")
    if tuple(choices) != PARTS:
        raise BadData(f"a stored trajectory was made for the heads {tuple(choices)}, not {PARTS}")
    if set(head) != set(ABOUT):
        raise ValueError("its head is not complete")
    decisions = facts[0]
    arrays = {
        "facts": reader.numbers("<f2", *facts),
        "nodes": reader.numbers("<f2", *nodes),
        "rows": reader.take("<i2", decisions, len(PARTS)).astype(np.int64),
        "log_probability": reader.numbers("<f4", decisions),
        "value": reader.numbers("<f4", decisions),
        "reward": reader.numbers("<f4", decisions),
    }
    legal = _masks(reader, decisions, choices)
    if reader.place != len(reader.body):
        raise ValueError("it goes on after its end")
    return Trajectory(legal=legal, **arrays, **head)  # type: ignore[arg-type]  # __post_init__ looks at each


def _masks(reader: _Reader, decisions: int, choices: dict[str, int]) -> dict[str, Flags]:
    wide = sum(choices.values())
    bits = np.unpackbits(
        reader.take("u1", -(-decisions * wide // 8)).astype(np.uint8), count=decisions * wide
    )
    ends = np.cumsum(list(choices.values()))[:-1]
    parts = np.split(bits.reshape(decisions, wide).astype(np.bool_), ends, axis=1)
    return dict(zip(choices, parts, strict=True))
