"""Equation 4 of the paper: a_t = (a_t^h, a_t^l), a category and the parameters that belong to it."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from planaria_contract.base import Model


class Action(StrEnum):
    """The high-level action a_t^h."""

    NONE = "none"
    RESTART = "restart"
    MIGRATE = "migrate"
    SCALE = "scale"
    RESIZE = "resize"
    ROLLBACK = "rollback"
    ISOLATE = "isolate"
    RELOAD = "reload"
    ESCALATE = "escalate"


Delay = Annotated[int, Field(ge=0, le=3600, description="Seconds to wait before the action is applied.")]


class Wait(Model):
    """Look again later; the only action that is always allowed."""

    category: Literal[Action.NONE] = Action.NONE
    wait_seconds: int = Field(default=30, ge=1, le=3600)


class Restart(Model):
    category: Literal[Action.RESTART] = Action.RESTART
    scope: Literal["pod", "workload"] = "pod"
    pods: tuple[str, ...] = ()
    """Which pods, for scope `pod`."""
    delay_seconds: Delay = 0


class Migrate(Model):
    category: Literal[Action.MIGRATE] = Action.MIGRATE
    pods: tuple[str, ...] = ()
    source: str | None = None
    """The node that is left."""
    node: str | None = None
    """The node that is preferred; None leaves the choice to the scheduler."""
    delay_seconds: Delay = 0


class Scale(Model):
    category: Literal[Action.SCALE] = Action.SCALE
    ratio: float = Field(ge=0.5, le=2.0)
    """Of the desired replicas, rounded up; from zero it restores the last known count."""
    delay_seconds: Delay = 0


class Resize(Model):
    category: Literal[Action.RESIZE] = Action.RESIZE
    resource: Literal["cpu", "memory", "both"]
    ratio: float = Field(ge=0.75, le=3.0)
    container: str | None = None
    """None means every container that has a limit."""


class Rollback(Model):
    category: Literal[Action.ROLLBACK] = Action.ROLLBACK
    revision: str | None = None
    """None means the newest older revision."""


class Isolate(Model):
    category: Literal[Action.ISOLATE] = Action.ISOLATE
    node: str
    drain: bool = False


class Reload(Model):
    """Runs exactly the command that the policy object declares; it carries none of its own."""

    category: Literal[Action.RELOAD] = Action.RELOAD
    pods: tuple[str, ...] = ()


class Escalate(Model):
    category: Literal[Action.ESCALATE] = Action.ESCALATE
    reason: str = Field(max_length=280)


Parameters = Annotated[
    Wait | Restart | Migrate | Scale | Resize | Rollback | Isolate | Reload | Escalate,
    Field(discriminator="category"),
]
"""The low-level action a_t^l, told apart by its category."""
