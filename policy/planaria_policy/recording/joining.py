"""Pending steps and the operator's report become one trajectory, as the simulator would have written it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_contract import Action, Outcome
from planaria_policy.memory import Trajectory
from planaria_policy.memory.trajectory import PARTS
from planaria_policy.memory.widening import widened
from planaria_policy.recording.deeds import Deed, deeds
from planaria_policy.recording.rewards import disturbs, reward
from planaria_policy.recording.step import Step
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, SCOPES, USED_BY
from planaria_policy.spaces.prices import PERSON_SECONDS, price
from planaria_policy.spaces.reencode import Place, Reencoded, reencode
from planaria_policy.spaces.sights import AT

LONGEST_NOTE: Final = 500
LEAST: Final = -65_000.0
"""Minutes; a trajectory holds no number beyond float16."""

Row = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Told:
    """A deed in the words of the action space."""

    deed: Deed
    row: Row
    log_probability: float
    note: str


def joined(steps: Sequence[Step], outcome: Outcome, version: int) -> Trajectory:
    """At least one step. `version` numbers the policy. Raises BadData where the report cannot be stored.

    What rules did has log-probability 0: they would always do it.
    """
    told = [_told(deed) for deed in deeds(steps, outcome)]
    width = max(each.deed.step.seen.nodes.shape[1] for each in told)
    seen = [widened(replace(each.deed.step.seen, rows=each.row[None]), width) for each in told]
    return Trajectory(
        facts=np.concatenate([each.facts for each in seen]),
        nodes=np.concatenate([each.nodes for each in seen]),
        legal=_legal(seen),
        rows=np.concatenate([each.rows for each in seen]),
        log_probability=np.array([each.log_probability for each in told], np.float32),
        value=np.concatenate([each.value for each in seen]),
        reward=np.array(_rewards(told, outcome), np.float32),
        terminated=outcome.recovered or outcome.escalated,
        incident=outcome.incident,
        fault=outcome.state.fault.value if outcome.state else seen[0].fault,
        recovered=outcome.recovered,
        harmed=bool(outcome.harm),
        policy_version=version,
        source="cluster",
        note=_note(told, outcome),
    )


def _told(deed: Deed) -> _Told:
    seen = deed.step.seen
    chosen = CATEGORIES[int(seen.rows[0, 0])]
    if deed.by_network and chosen is deed.parameters.category:
        return _Told(deed, seen.rows[0], float(seen.log_probability[0]), "")
    found: Reencoded = reencode(
        deed.parameters, deed.target, Place(deed.step.about.own, deed.step.about.nodes)
    )
    # A wait lasts as long as it lasts: how long was meant is not reported.
    note = "" if deed.parameters.category is Action.NONE else found.note
    return _Told(deed, found.row, 0.0, note)


def _legal(seen: Sequence[Trajectory]) -> dict[str, npt.NDArray[np.bool_]]:
    """What was done was possible, whatever the facts said."""
    legal = {part: np.concatenate([each.legal[part] for each in seen]) for part in PARTS}
    for number, each in enumerate(seen):
        row = each.rows[0]
        for part in ("category", *USED_BY[CATEGORIES[int(row[0])]]):
            legal[part][number, row[COLUMN[part]]] = True
    return legal


# --- what it cost


def _rewards(told: Sequence[_Told], outcome: Outcome) -> list[float]:
    harmful = _last_action(told) if outcome.harm else None
    found = [_cost(each, harmed=number == harmful) for number, each in enumerate(told)]
    if outcome.escalated:
        # The operator reports when it hands over; until a person has solved it takes as long as in the simulator.
        found[-1] -= told[-1].deed.step.share * PERSON_SECONDS / 60
    return [max(each, LEAST) for each in found]


def _cost(told: _Told, *, harmed: bool) -> float:
    deed = told.deed
    facts = deed.step.seen.facts[0]
    disturbed = disturbs(
        deed.parameters.category,
        whole_workload=SCOPES[int(told.row[COLUMN["scope"]])] == "workload",
        rolling=bool(facts[AT["rollout.running"]]),
        share=deed.step.share,
    )
    alone = reward(deed.parameters.category, deed.lost_seconds, disturbed=disturbed, harmed=harmed)
    return alone - sum(price(other.category) for other in deed.others)


def _last_action(told: Sequence[_Told]) -> int:
    """The last that changed something, else the last."""
    acts = [
        number
        for number, each in enumerate(told)
        if each.deed.parameters.category not in {Action.NONE, Action.ESCALATE}
    ]
    return acts[-1] if acts else len(told) - 1


# --- for people


def _note(told: Sequence[_Told], outcome: Outcome) -> str:
    ended = "recovered" if outcome.recovered else "handed to a person" if outcome.escalated else "cut off"
    others = [other.category.value for each in told for other in each.deed.others]
    parts = [
        f"{ended} after {outcome.seconds:.0f} s",
        *(f"harm: {code}" for code in outcome.harm),
        *(each.note for each in told if each.note),
        *([f"not asked about: {', '.join(others)}"] if others else []),
    ]
    whole = "; ".join(parts).replace("\0", " ")
    return whole[:LONGEST_NOTE].encode(errors="replace").decode()
