"""Where an attack gets in."""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from planaria_contract import EventFact, ObjectRef, Observation, SemanticState
from tests.attacks.attack import Attack
from tests.attacks.faults import FAULTS, POD
from tests.builders import ago

Place = Literal["before", "between", "after"]
PLACES: tuple[Place, ...] = get_args(Place)
EVENT_LENGTH = 1024
"""The API server takes no longer message."""
FEW = 9
"""Lines of an attack that somebody would put into one event."""


class Attacked(NamedTuple):
    what: str
    seen: Observation
    expected: tuple[object, ...]
    """Class, component and severity, as without the attack."""


def decision(state: SemanticState) -> tuple[object, ...]:
    """What no attack may change."""
    return (state.fault, state.component, state.severity)


def into_log(seen: Observation, attack: Attack, place: Place) -> Observation:
    """Before, between or after what the affected pod's own program wrote."""
    own = [at for at, line in enumerate(seen.logs) if line.pod == POD]
    at = {"before": own[0], "between": own[len(own) // 2], "after": own[-1] + 1}[place]
    beside = seen.logs[min(at, own[-1])]
    said = [
        *((line, line.text) for line in seen.logs[:at]),
        *((beside, text) for text in attack.lines),
        *((line, line.text) for line in seen.logs[at:]),
    ]
    logs = tuple(line.model_copy(update={"index": n, "text": text}) for n, (line, text) in enumerate(said))
    return seen.model_copy(update={"logs": logs})


def into_events(seen: Observation, attack: Attack) -> Observation:
    """What a probe printed ends up in the kubelet's event; a controller reports in words that it was given."""
    text = "\n".join(attack.lines)[:EVENT_LENGTH]
    pod = ObjectRef(kind="Pod", name=POD)
    probe = EventFact(
        reason="Unhealthy", message=f"Readiness probe failed: {text}"[:EVENT_LENGTH], subject=pod, last_seen=ago(5)
    )  # fmt: skip
    told = EventFact(reason="Reported", message=text, subject=pod, count=500, last_seen=ago(1))
    return seen.model_copy(update={"events": (told, *seen.events, probe)})


def under(attack: Attack, number: int, *, places: int = 1, faults: int = len(FAULTS)) -> Iterator[Attacked]:
    """For `faults` of the faults, others for each attack; the place goes round with attack and fault."""
    for turn in range(number, number + faults):
        situation, *expected = FAULTS[turn % len(FAULTS)]
        for extra in range(places):
            place = PLACES[(turn + extra) % len(PLACES)]
            seen = into_log(situation(), attack, place)
            yield Attacked(f"{situation.__name__} {place}", seen, tuple(expected))
        if len(attack.lines) <= FEW and (places > 1 or turn % 4 == 0):
            seen = into_events(situation(), attack)
            yield Attacked(f"{situation.__name__} in events", seen, tuple(expected))
