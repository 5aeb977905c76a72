"""The hidden root causes, read from `causes.yaml`, and the same as tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from planaria_contract import CLASSES, Action, Fault, SymptomKind
from planaria_policy.errors import BadData
from planaria_policy.spaces.choices import CATEGORIES
from planaria_policy.spaces.sights import SYMPTOMS

CAUSES: Final = Path(__file__).parent / "causes.yaml"

Reach = Literal["one", "some", "all", "new", "node"]
REACHES: Final[tuple[Reach, ...]] = ("one", "some", "all", "new", "node")
NODE_STATES: Final = ("fine", "pressure", "lost")
RESOURCES: Final = ("none", "cpu", "memory")

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class Cause(BaseModel):
    """One way in which something can be wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fault: Fault
    """The class that a perfect extractor would name."""
    reach: Reach
    """Which of the target's pods it hits: one, some, all, those of the newest revision, those on one node."""
    impact: tuple[Share, Share]
    """Share of their traffic that the hit pods lose once it is fully grown: from, to."""
    grows: Seconds
    """Time constant of its growth from the onset."""
    heals: Seconds | None = None
    """Mean time after which it passes by itself, or Kubernetes mends it. None: never."""
    revision: Literal["any", "young"] = "any"
    starts: bool = True
    """Whether a new pod would come up while the cause lasts."""
    root: Literal["target", "dependency"] = "target"
    at_zero: bool = False
    """The dependency stands at zero replicas."""
    node: Literal["fine", "pressure", "lost"] = "fine"
    """What the node shows that the hit pods are on."""
    memory: tuple[Share, Share] = (0.15, 0.8)
    siblings: tuple[Share, Share] = (0.15, 0.8)
    cpu: tuple[Share, Share] = (0.05, 0.7)
    """Usage as a share of the limit: of the fullest hit pod, the fullest other pod, the busiest pod."""
    symptoms: dict[SymptomKind, Share]
    """How likely each is seen."""
    need: tuple[float, float] = (1.0, 1.0)
    """Ratio that a resize or a scale has to reach at least."""
    resource: Literal["none", "cpu", "memory"] = "none"
    """Which limit a resize has to raise."""
    cures: dict[Action, Share]
    """How likely an action with the right parameters removes the cause."""
    relieves: dict[Action, Seconds] = Field(default_factory=dict)
    """Actions that only bring quiet for a while."""
    anew: bool = False
    """It is a start that takes its time: a pod that is replaced begins from the front."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """How often it is drawn, relative to the others."""

    @model_validator(mode="after")
    def _ranges_rise(self) -> Self:
        for name in ("impact", "memory", "siblings", "cpu", "need"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: [{low}, {high}] falls; write the smaller number first")
        if self.fault is Fault.UNKNOWN:
            raise ValueError("fault: unknown is what an extractor answers; a cause has one of the 16 classes")
        return self


def read_causes(path: Path = CAUSES) -> tuple[Cause, ...]:
    """Raises `BadData` naming the file, the entry, the field and what is wrong with it."""
    try:
        found = TypeAdapter(tuple[Cause, ...]).validate_python(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise BadData(f"{path}: {error}") from error
    names = [cause.name for cause in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{path}: name: {', '.join(twice)} is given twice; every cause needs a name of its own")
    return found


@dataclass(frozen=True)
class CauseTable:
    """Row v is cause v. V causes, C categories, K symptoms; ranges are [V, 2]."""

    names: tuple[str, ...]
    fault: torch.Tensor
    """[V], index into the 16 classes."""
    reach: torch.Tensor
    node: torch.Tensor
    resource: torch.Tensor
    young: torch.Tensor
    starts: torch.Tensor
    dependency: torch.Tensor
    at_zero: torch.Tensor
    impact: torch.Tensor
    memory: torch.Tensor
    siblings: torch.Tensor
    cpu: torch.Tensor
    need: torch.Tensor
    grows: torch.Tensor
    heals: torch.Tensor
    """[V] mean seconds; infinite where it never heals."""
    symptoms: torch.Tensor
    """[V, K] probabilities."""
    cures: torch.Tensor
    """[V, C] probabilities."""
    relieves: torch.Tensor
    """[V, C] seconds."""
    anew: torch.Tensor
    weight: torch.Tensor

    def at(self, name: str) -> int:
        """Raises `BadData` where there is no such cause."""
        if name not in self.names:
            raise BadData(f"cause: {name!r} is unknown; one of: {', '.join(self.names)}")
        return self.names.index(name)

    def families(self) -> dict[Fault, list[int]]:
        """The causes of each class."""
        return {
            fault: [row for row, index in enumerate(self.fault.tolist()) if CLASSES[index] is fault]
            for fault in CLASSES
        }


def table(causes: Sequence[Cause], device: str = "cpu") -> CauseTable:
    def numbers(values: Sequence[Any], kind: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.tensor(values, dtype=kind, device=device)

    def row(given: Mapping[Any, float], columns: Sequence[Any]) -> list[float]:
        return [given.get(column, 0.0) for column in columns]

    return CauseTable(
        names=tuple(cause.name for cause in causes),
        fault=numbers([CLASSES.index(cause.fault) for cause in causes], torch.long),
        reach=numbers([REACHES.index(cause.reach) for cause in causes], torch.long),
        node=numbers([NODE_STATES.index(cause.node) for cause in causes], torch.long),
        resource=numbers([RESOURCES.index(cause.resource) for cause in causes], torch.long),
        young=numbers([cause.revision == "young" for cause in causes], torch.bool),
        starts=numbers([cause.starts for cause in causes], torch.bool),
        dependency=numbers([cause.root == "dependency" for cause in causes], torch.bool),
        at_zero=numbers([cause.at_zero for cause in causes], torch.bool),
        impact=numbers([cause.impact for cause in causes]),
        memory=numbers([cause.memory for cause in causes]),
        siblings=numbers([cause.siblings for cause in causes]),
        cpu=numbers([cause.cpu for cause in causes]),
        need=numbers([cause.need for cause in causes]),
        grows=numbers([cause.grows for cause in causes]),
        heals=numbers([float("inf") if cause.heals is None else cause.heals for cause in causes]),
        symptoms=numbers([row(cause.symptoms, SYMPTOMS) for cause in causes]),
        cures=numbers([row(cause.cures, CATEGORIES) for cause in causes]),
        relieves=numbers([row(cause.relieves, CATEGORIES) for cause in causes]),
        anew=numbers([cause.anew for cause in causes], torch.bool),
        weight=numbers([cause.weight for cause in causes]),
    )


@cache
def shipped(device: str = "cpu") -> CauseTable:
    return table(read_causes(), device)
