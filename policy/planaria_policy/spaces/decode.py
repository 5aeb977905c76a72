"""From a row of choices back to the contract: parameters with the names of real pods and nodes, and what is acted on."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_contract import (
    Action,
    Consultation,
    Escalate,
    Isolate,
    Migrate,
    ObjectRef,
    Reload,
    Resize,
    Restart,
    Rollback,
    Scale,
    Wait,
)
from planaria_contract.actions import Parameters
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, DELAYS, DRAINS, SCALES, SCOPES, SIZES, WAITS
from planaria_policy.spaces.view import View

Row = npt.NDArray[np.int64]


def decode(row: Row, asked: Consultation) -> tuple[Parameters, ObjectRef]:
    """(parameters, target) of one legal row, as `spaces/choices.py` describes it."""
    view = View(asked)
    category = CATEGORIES[int(row[0])]
    parameters = BUILD[category](row, view)
    return parameters, _target(row, category, view)


def _target(row: Row, category: Action, view: View) -> ObjectRef:
    if category is Action.SCALE and SCALES[_at(row, "scale")][0] == "dependency":
        assert view.broken is not None, "masked where no dependency is broken"
        assert view.broken.workload is not None, "masked where it has no workload"
        return view.broken.workload.ref
    if category is Action.ISOLATE:
        return ObjectRef(kind="Node", name=view.observation.nodes[_at(row, "node")].name)
    return view.observation.target


def _at(row: Row, head: str) -> int:
    return int(row[COLUMN[head]])


def _restart(row: Row, view: View) -> Restart:
    scope, delay = SCOPES[_at(row, "scope")], DELAYS[_at(row, "delay")]
    if scope == "workload":
        return Restart(scope="workload", delay_seconds=delay)
    return Restart(scope="pod", pods=_names(view), delay_seconds=delay)


def _migrate(row: Row, view: View) -> Migrate:
    nodes, place = view.observation.nodes, _at(row, "place")
    pods = tuple(pod.name for pod in view.affected if pod.movable)
    lost = sorted(view.holding & view.not_ready) or sorted(view.holding)
    return Migrate(
        pods=pods,
        source=lost[0] if lost else None,
        node=nodes[place].name if place < len(nodes) else None,
        delay_seconds=DELAYS[_at(row, "delay")],
    )


def _resize(row: Row, _view: View) -> Resize:
    resource, ratio = SIZES[_at(row, "size")]
    return Resize.model_validate({"resource": resource, "ratio": ratio})


def _escalate(_row: Row, view: View) -> Escalate:
    state = view.asked.state
    return Escalate(
        reason=f"{state.fault.value} ({state.confidence:.0%} sure): a person is worth more here than another try"
    )


def _names(view: View) -> tuple[str, ...]:
    return tuple(pod.name for pod in view.affected)


BUILD: Final[dict[Action, Callable[[Row, View], Parameters]]] = {
    Action.NONE: lambda row, _: Wait(wait_seconds=WAITS[_at(row, "wait")]),
    Action.RESTART: _restart,
    Action.MIGRATE: _migrate,
    Action.SCALE: lambda row, _: Scale(
        ratio=SCALES[_at(row, "scale")][1], delay_seconds=DELAYS[_at(row, "delay")]
    ),
    Action.RESIZE: _resize,
    Action.ROLLBACK: lambda _, view: Rollback(
        revision=view.workload.previous_revision if view.workload else None
    ),
    Action.ISOLATE: lambda row, view: Isolate(
        node=view.observation.nodes[_at(row, "node")].name, drain=DRAINS[_at(row, "drain")]
    ),
    Action.RELOAD: lambda _, view: Reload(pods=_names(view)),
    Action.ESCALATE: _escalate,
}
