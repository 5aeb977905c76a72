"""Writes the incidents of the service's self-test: `python -m planaria_policy.simulator.selftest_cases [--check]`.

They are clear cases, read without error and with every action allowed; on the right answer a person would not argue.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from planaria_contract import Action
from planaria_policy.serving.selftest import CASES
from planaria_policy.simulator.masks import AT
from planaria_policy.simulator.noise import perfect
from planaria_policy.simulator.render import render
from planaria_policy.simulator.scene import Scene

SMALL: Final = {
    "previous": True,
    "movable": True,
    "limited": True,
    "autoscaled": False,
    "healed": False,
}
PLAIN: Final = {**SMALL, "broken": False, "at_zero": False, "attempts_left": 3}
NEW: Final = {**PLAIN, "previous": False, "revision_age": 60}
"""A target that was created a minute ago, so that a slow start is not far to seek."""
CLEAR: Final[dict[str, tuple[Action, ...]]] = {
    "leak-in-one-replica": (Action.RESTART, Action.MIGRATE),
    "hanging-replica": (Action.RESTART, Action.MIGRATE),
    "memory-limit-too-low": (Action.RESIZE,),
    "load-tripled": (Action.SCALE, Action.RESIZE, Action.NONE),
    "bad-configuration-rollout": (Action.ROLLBACK,),
    "image-that-does-not-exist": (Action.ROLLBACK,),
    "dependency-scaled-to-zero": (Action.SCALE,),
    "lost-node": (Action.MIGRATE,),
    "deleted-pod": (Action.NONE,),
    "rolling-update-under-way": (Action.NONE,),
    "cluster-is-full": (Action.NONE, Action.ESCALATE),
}

PATIENT: Final[dict[str, tuple[Action, ...]]] = {
    "load-tripled": (Action.SCALE, Action.RESIZE),
    "hanging-replica": (Action.RESTART, Action.MIGRATE),
    "leak-in-one-replica": (Action.RESTART, Action.MIGRATE),
}
"""What must be done at last where three waits have changed nothing."""


def cases() -> Iterator[dict[str, Any]]:
    for cause, good in CLEAR.items():
        yield _case(cause, cause, good, PLAIN)
    for cause, good in PATIENT.items():
        yield _case(f"{cause}, waited three times", cause, good, PLAIN, waits=3)
    for cause in ("load-tripled", "hanging-replica"):
        yield _case(f"{cause} in a new target, waited three times", cause, PATIENT[cause], NEW, waits=3)
    for waits in (0, 3):
        name = f"lost-node, one other node, waited {waits} times"
        yield _case(name, "lost-node", (Action.MIGRATE,), {**PLAIN, "is_node": True}, waits=waits, nodes=2)
    used_up = {**PLAIN, "attempts_left": 0}
    yield _case("attempts used up", "leak-in-one-replica", (Action.ESCALATE,), used_up)


def _case(
    name: str,
    cause: str,
    good: tuple[Action, ...],
    told: dict[str, Any],
    *,
    waits: int = 0,
    nodes: int | None = None,
) -> dict[str, Any]:
    world: dict[str, Any] = {}
    if cause in {"bad-configuration-rollout", "image-that-does-not-exist", "rolling-update-under-way"}:
        world |= {"rolling": True, "old_fine": True, "old_affected": False, "revision_age": 60}
    else:
        world |= {"rolling": False, "old_fine": False, "old_affected": False, "revision_age": 400_000}
    world |= told
    if cause == "dependency-scaled-to-zero":
        world |= {"broken": True, "at_zero": True}
    environment = Scene(cause=cause, seed=5, pods=3, nodes=nodes, world=world).environment(perfect())
    environment.world.allowed[:] = True
    environment.world.node_open[:] = environment.world.node_exists
    environment.world.tried[:, AT[Action.NONE]] = waits
    environment.world.clock += 30.0 * waits
    asked = render(environment.world)
    return {
        "name": name,
        "asked": asked.model_dump(mode="json", exclude_none=True),
        "good": [action.value for action in good],
    }


def main() -> int:
    text = json.dumps(list(cases()), indent=1) + "\n"
    if "--check" in sys.argv:
        same = CASES.exists() and CASES.read_text(encoding="utf-8") == text
        if not same:
            sys.stderr.write(
                f"{CASES} is not what the code says; run python -m planaria_policy.simulator.selftest_cases\n"
            )
        return 0 if same else 1
    CASES.parent.mkdir(exist_ok=True)
    CASES.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
