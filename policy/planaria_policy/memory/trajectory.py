"""One incident from its first decision to its end, as the trainer needs it and as a person would tell it."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from planaria_policy.errors import BadData
from planaria_policy.spaces.choices import HEADS

Source = Literal["simulator", "cluster"]
SOURCES: Final[tuple[Source, ...]] = get_args(Source)
PARTS: Final = ("category", *HEADS)
"""The keys of `legal`, in the order of an action's row."""
MOST: Final = 65_504.0
"""The largest number that float16 holds; what the policy sees lies between -1 and 1."""

Numbers = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Trajectory:
    """T decisions, F facts, N candidate nodes with G facts each.

    Raises BadData, with the field's name, where shapes do not fit together or a number is not finite.
    """

    facts: Numbers
    """[T, F]; kept to the precision of float16, which is 0.0005 at 1."""
    nodes: Numbers
    """[T, N, G]; kept to the precision of float16."""
    legal: dict[str, Flags]
    """`category` and every head of `spaces.choices.HEADS`: [T, choices]."""
    rows: Rows
    """[T, 1 + heads], as `spaces.choices` describes a row."""
    log_probability: Numbers
    """[T] of what was chosen, by the policy that chose it."""
    value: Numbers
    """[T] what that policy expected."""
    reward: Numbers
    """[T]."""
    terminated: bool
    """The incident ended, rather than being cut off."""
    incident: str
    """Unique: the same incident added twice is kept once, in its newer form."""
    fault: str
    """Its class, as `planaria_contract.Fault` names it."""
    recovered: bool
    harmed: bool
    policy_version: int
    source: Source
    note: str = ""
    """What was done, in words, for people."""

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_numbers(self)
        _check_names(self)

    @property
    def total(self) -> float:
        """R of equation 9: the sum of rewards, not discounted."""
        return float(self.reward.sum())

    @property
    def failed(self) -> bool:
        """It did not recover, or something was harmed on the way."""
        return self.harmed or not self.recovered


def _check_shapes(one: Trajectory) -> None:
    _need(one, "facts", one.facts.ndim == 2 and len(one.facts) > 0, "[T, F] with at least one decision")
    decisions = len(one.facts)
    _need(one, "nodes", one.nodes.ndim == 3 and len(one.nodes) == decisions, f"[{decisions}, N, G]")
    _need(one, "rows", one.rows.shape == (decisions, len(PARTS)), f"[{decisions}, {len(PARTS)}]")
    for name in ("log_probability", "value", "reward"):
        _need(one, name, getattr(one, name).shape == (decisions,), f"[{decisions}]")
    _need(one, "legal", set(one.legal) == set(PARTS), f"a mask for each of {', '.join(PARTS)}")
    for part, mask in one.legal.items():
        fine = mask.ndim == 2 and len(mask) == decisions and mask.dtype == np.bool_
        _need(one, f"legal[{part!r}]", fine, f"[{decisions}, choices] of bool")


def _check_numbers(one: Trajectory) -> None:
    for name in ("facts", "nodes", "log_probability", "value", "reward"):
        numbers = getattr(one, name)
        fine = bool((np.abs(numbers) <= MOST).all())  # not a number is not <= either
        _need(one, name, fine, f"finite and at most {MOST:.0f} in size")
    choices = np.iinfo(np.int16)
    _need(one, "rows", bool(((one.rows >= 0) & (one.rows <= choices.max)).all()), "choices from 0 to 32767")


def _check_names(one: Trajectory) -> None:
    _need(one, "incident", bool(one.incident), "a name of its own")
    _need(one, "fault", bool(one.fault), "a fault class, such as 'unknown'")
    _need(one, "source", one.source in SOURCES, " or ".join(SOURCES))
    for name in ("incident", "fault", "note"):
        _need(one, name, _storable(getattr(one, name)), "text without NUL characters and lone surrogates")


def _storable(text: str) -> bool:
    return "\0" not in text and text.encode(errors="replace").decode() == text


def _need(one: Trajectory, field: str, fine: bool, wanted: str) -> None:
    if not fine:
        raise BadData(f"trajectory {one.incident!r}: {field} must be {wanted}")
