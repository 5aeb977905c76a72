"""Whether an incident was lost or acted on twice. Pure, and by the API server's audit log: what the operator says of itself
only ever makes a verdict harder, never milder.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from planaria_scenarios.api import PLACES
from planaria_scenarios.audit import Change, on_targets
from planaria_scenarios.records import Applied
from planaria_scenarios.result import Result

REPEATABLE: Final = frozenset({"pods/resize"})
"""Absolute values: sent a second time they change nothing, and count as calls, not as actions. An eviction is not among
them although it is bound to a uid: the log does not show the uid, and a successor may have the same name."""
RECORD: Final = ("planaria.dev", "remediations")


@dataclass(frozen=True)
class Verdict:
    """What became of one incident."""

    namespace: str
    scenario: str
    kills: tuple[str, ...]
    """The station that was last passed at each kill that fell into its life."""
    lost: str
    """Why it counts as lost; empty where it does not."""
    doubles: tuple[str, ...]
    """Every action that came more often than it should."""
    harm: tuple[str, ...]
    attempts: int
    calls: int
    """The most accepted calls on one object for one attempt."""
    refused: int
    """Calls on targets that the API server turned down: a repetition that came too late shows here."""
    dry_runs: int
    recovered_after: float | None


def verdict(result: Result, found: Iterable[Change], *, kills: Sequence[str] = (), limit: int = 1) -> Verdict:
    """`found`: all changes by the operator; `limit`: how many actions are right for the fault."""
    changes = [each for each in found if each.namespace == result.namespace]
    targets = on_targets(changes)
    return Verdict(
        namespace=result.namespace,
        scenario=result.name,
        kills=tuple(kills),
        lost=_lost(result, changes),
        doubles=tuple(_doubles(result, targets, limit)),
        harm=tuple(result.harm),
        attempts=len(result.actions),
        calls=_most_calls(result.actions, targets),
        refused=sum(not each.accepted for each in targets),
        dry_runs=sum(each.accepted and each.dry_run for each in targets),
        recovered_after=result.recovered_after,
    )


def _lost(result: Result, changes: Iterable[Change]) -> str:
    opened = {
        each.name
        for each in changes
        if (each.group, each.resource) == RECORD and each.verb == "create" and each.effective
    }
    if result.error:
        return result.error
    if not opened:
        return "no Remediation was ever made"
    if not result.recovered:
        return "; ".join(result.problems) or "not recovered"
    if result.open_records:
        return f"not closed: {', '.join(result.open_records)}"
    return ""


def _doubles(result: Result, targets: Sequence[Change], limit: int) -> Iterable[str]:
    """By object: more changes than attempts that name it, or than are right; and what no attempt names at all.

    An attempt that was undone changes its objects twice, once each way.
    """
    allowed = _named(result.actions)
    undone = _named(each for each in result.actions if each.reverted)
    for (resource, name), count in sorted(_effective(targets).items()):
        place = (resource.partition("/")[0], name)
        named = allowed[place]
        times = (1 if resource in REPEATABLE else count) - undone[place]
        if not named:
            yield f"{resource} {name} was changed without an attempt that says so"
        elif times > min(named, limit):
            yield f"{resource} {name} was changed {times} times by {named} attempts, {limit} is right"
    if len(result.actions) > limit:
        yield f"{len(result.actions)} attempts, {limit} is right"


def _effective(targets: Iterable[Change]) -> Counter[tuple[str, str]]:
    return Counter((each.resource, each.name) for each in targets if each.effective)


def _named(attempts: Iterable[Applied]) -> Counter[tuple[str, str]]:
    """How many attempts operate on an object, by its resource and name."""
    references = (set(attempt.objects) for attempt in attempts)
    pairs = (ref.partition("/") for objects in references for ref in objects)
    return Counter((PLACES[kind].plural, name) for kind, _, name in pairs)


def _most_calls(attempts: Iterable[Applied], targets: Iterable[Change]) -> int:
    found = list(attempts)
    named = _named(found) + _named(each for each in found if each.reverted)
    shares = (
        -(-count // (named[resource.partition("/")[0], name] or 1))
        for (resource, name), count in _effective(targets).items()
    )
    return max(shares, default=0)
