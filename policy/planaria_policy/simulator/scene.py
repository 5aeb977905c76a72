"""A scenario written by hand, as data: what is wrong, and whatever of the world must not be left to the dice.

    cause: leak-in-one-replica
    seed: 7
    pods: 3
    world: {previous: true}

`seed` draws everything that is not named, so the same file always plays the same incident.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from planaria_policy.errors import BadData
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.generate import Sizes
from planaria_policy.simulator.noise import Noise
from planaria_policy.simulator.world import NO_CAUSE, SLOTS, World


class Scene(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cause: str
    """A name of causes.yaml."""
    joined_by: str | None = None
    """A second cause."""
    seed: int = 1
    pods: int | None = Field(default=None, ge=1, le=100)
    """Of the target. Default: drawn."""
    nodes: int | None = Field(default=None, ge=2, le=100)
    """At most so many in the cluster; 2 is exactly two. Default: six."""
    world: dict[str, bool | int | float] = Field(default_factory=dict)
    """Names of `World` that have one value for a cluster, and the value."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `BadData` naming the file and the field."""
        try:
            return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise BadData(f"{path}: {error}") from error

    def environment(self, noise: Noise | None = None) -> Environment:
        """With this one incident in it, at its beginning. Raises `BadData` for a name that is not known."""
        usual = Sizes(waited=0.0)
        sizes = replace(usual, nodes=self.nodes or usual.nodes)
        environment = Environment(1, self.seed, noise=noise, sizes=sizes, autoreset=False)
        table = environment.table
        second = table.at(self.joined_by) if self.joined_by else NO_CAUSE
        causes = torch.tensor([[table.at(self.cause), second]])
        assert causes.shape[1] == SLOTS
        world = environment.generator.draw(1, causes, self.pods)
        for name, value in self.world.items():
            _put(world, name, value)
        environment.set(world)
        return environment


def _put(world: World, name: str, value: Any) -> None:
    single = [field for field, tensor in world.tensors().items() if tensor.dim() == 1 and field != "total"]
    if name not in single:
        raise BadData(f"world: {name!r} is not something that can be set; one of: {', '.join(single)}")
    tensor = getattr(world, name)
    tensor[0] = torch.tensor(value).to(tensor.dtype)
