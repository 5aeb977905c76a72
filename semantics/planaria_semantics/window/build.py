"""Observation -> Window: join what belongs together, group what is alike, rank by surprise, cut to the budget."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

from planaria_contract import EventFact, Observation
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signs import RULES, Sign, logs
from planaria_semantics.window import clean, cut
from planaria_semantics.window.records import Record, newest, records
from planaria_semantics.window.structured import told
from planaria_semantics.window.surprise import Group, surprise
from planaria_semantics.window.templates import Kin, Templates
from planaria_semantics.window.window import Budget, Entry, Origin, Window

CROWD: Final = 40
"""Groups of one kin from which on they are one crowd: what varies without end is no news each time."""
DELEGATES: Final = 5
"""Groups of a crowd that are shown: many times little must not outweigh the one line that says something."""
LAST: Final = 5
"""Records before the end of a container that count as its last words."""


_Crowd = tuple[Origin, Kin]


@dataclass(slots=True)
class _Item:
    """One record or event, on its way into a group."""

    kind: Literal["log", "event"]
    index: int
    text: str
    cause: str
    origin: Origin
    count: int = 1
    last: bool = False

    @property
    def basis(self) -> str:
        """What the template is made from: frames are not, since one crash may pass through many."""
        first = self.text.partition("\n")[0]
        return f"{first} | {self.cause}" if self.cause else first


def build(observation: Observation, budget: Budget | None = None) -> Window:
    """Same observation, same window. Its cost is bounded, whatever the logs hold."""
    limits = budget or Budget()
    items = [*_log_items(observation), *_event_items(observation)]
    entries = _entries(items, limits)
    kept = cut.fit(_delegates(entries), limits)
    return Window(observation, kept, facts(observation), len(entries) - len(kept))


def facts(observation: Observation) -> tuple[Sign, ...]:
    """What the structure says. The logs' words are taken out first, so that they can have no part in it."""
    speechless = tuple(line.model_copy(update={"text": ""}) for line in newest(observation.logs))
    reading = Reading(observation.model_copy(update={"logs": speechless}))
    found = [sign for rule in RULES if rule is not logs for sign in rule(reading)]
    return tuple(sorted(found, key=lambda sign: -sign.weight))


def _log_items(observation: Observation) -> list[_Item]:
    found = records(observation.logs)
    _mark_last(found, observation)
    affected = {pod.name for pod in observation.affected}
    items = []
    for record in found:
        origin: Origin = "affected"
        if record.line.dependent:
            origin = "dependent"
        elif observation.pods and record.line.pod not in affected:
            origin = "sibling"
        text = told("\n".join(record.lines).strip())
        items.append(_Item("log", record.index, text, record.cause, origin, last=record.last))
    return items


def _mark_last(found: list[Record], observation: Observation) -> None:
    """The end of every container instance that is over."""
    over = {pod.name for pod in observation.affected if pod.last_termination or pod.waiting_reason}
    seen: Counter[tuple[str, str, bool]] = Counter()
    for record in reversed(found):
        line = record.line
        stream = (line.pod, line.container, line.previous)
        seen[stream] += 1
        record.last = seen[stream] <= LAST and (line.previous or line.pod in over)


def _event_items(observation: Observation) -> list[_Item]:
    well = {pod.name for pod in observation.unaffected}
    return [
        _Item(
            "event",
            index,
            clean.line(f"{event.reason}: {event.message}" if event.reason else event.message).strip(),
            "",
            _origin_of(event, well),
            max(event.count, 1),
        )
        for index, event in enumerate(observation.events)
    ]


def _origin_of(event: EventFact, well: set[str]) -> Origin:
    if event.subject.kind == "Node":
        return "node"
    return "sibling" if event.subject.kind == "Pod" and event.subject.name in well else "affected"


def _entries(items: list[_Item], budget: Budget) -> list[tuple[Entry, _Crowd | None]]:
    """One of each group, in the order of the observation, with the crowd that it is of."""
    templates = Templates()
    groups: dict[tuple[Origin, int], list[_Item]] = {}
    totals: Counter[tuple[str, str]] = Counter()
    for item in items:
        groups.setdefault((item.origin, templates.group(item.kind, item.basis)), []).append(item)
        totals[item.kind, item.origin] += item.count
    crowds = _crowds(groups, templates)
    entries = []
    first = True
    for (origin, number), members in groups.items():
        known = _known(members, totals[members[0].kind, origin])
        crowd = (origin, templates.kin(number))
        known.kin = crowds.get(crowd, 0)
        if origin == "affected":
            siblings = sum(item.count for item in groups.get(("sibling", number), ()))
            known.share_of_siblings = siblings / max(totals[members[0].kind, "sibling"], 1)
            known.first = first and known.erroneous
            first = first and not known.first
        entry = _entry(members[0], known, templates.template(number), budget)
        entries.append((entry, crowd if known.kin else None))
    return entries


def _delegates(entries: list[tuple[Entry, _Crowd | None]]) -> list[Entry]:
    """All that are in no crowd and the most surprising of each crowd, in their order."""
    sent: Counter[_Crowd] = Counter()
    kept = []
    for at in sorted(range(len(entries)), key=lambda at: -entries[at][0].surprise):
        crowd = entries[at][1]
        if crowd:
            sent[crowd] += 1
        if crowd is None or sent[crowd] <= DELEGATES:
            kept.append(at)
    return [entries[at][0] for at in sorted(kept)]


def _crowds(groups: dict[tuple[Origin, int], list[_Item]], templates: Templates) -> dict[_Crowd, int]:
    """Kin with too many groups, and how many lines they are together."""
    families = Counter((origin, templates.kin(number)) for origin, number in groups)
    lines: Counter[_Crowd] = Counter()
    for (origin, number), members in groups.items():
        if families[origin, templates.kin(number)] >= CROWD:
            lines[origin, templates.kin(number)] += sum(item.count for item in members)
    return lines


def _known(members: list[_Item], total: int) -> Group:
    return Group(
        text=members[0].basis,
        count=sum(item.count for item in members),
        total=total,
        last=any(item.last for item in members),
        origin=members[0].origin,
    )


def _entry(head: _Item, known: Group, template: str, budget: Budget) -> Entry:
    return Entry(
        kind=head.kind,
        index=head.index,
        text=cut.shorten(head.text, budget.characters, head.cause),
        template=template,
        count=known.count,
        surprise=surprise(known),
        origin=head.origin,
    )
