"""How long things take, in seconds: `measured/times.yaml`."""

from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from planaria_contract import Action
from planaria_policy.errors import BadData
from planaria_policy.spaces.choices import CATEGORIES

MEASURED: Final = Path(__file__).parent / "measured" / "times.yaml"

Seconds = Annotated[float, Field(ge=0, le=3600)]


class Times(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    works: dict[Action, Seconds]
    """From applied to recovered, measured on the real cluster."""
    assumed: dict[Action, Seconds] = Field(default_factory=dict)
    """The same for actions that no real scenario takes yet."""
    notice: Seconds
    """From the fault being visible to the first decision."""
    verify: Seconds
    """How long an action that does not help is watched before it is undone."""
    person: Seconds
    """How long a person takes to solve what was escalated."""

    def of(self, category: Action) -> float:
        return self.works.get(category, self.assumed.get(category, 0.0))

    def row(self) -> list[float]:
        """For each category."""
        return [self.of(category) for category in CATEGORIES]


def read_times(path: Path = MEASURED) -> Times:
    """Raises `BadData` naming the file and the field."""
    try:
        return Times.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise BadData(f"{path}: {error}") from error
