"""What a run tells while it goes on, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from planaria_scenarios.catalogue import Entry
from planaria_scenarios.records import Record
from planaria_scenarios.result import Result


@dataclass(frozen=True)
class Event:
    entry: Entry
    at: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Deployed(Event):
    """The workload is ready; the fault comes next."""

    namespace: str


@dataclass(frozen=True)
class Injecting(Event):
    what: str


@dataclass(frozen=True)
class Visible(Event):
    """The API shows the fault for the first time."""

    sign: str


@dataclass(frozen=True)
class RecordChanged(Event):
    """A Remediation is new, or moved on."""

    record: Record


@dataclass(frozen=True)
class Whole(Event):
    """The oracle is content, and has been for the settle time."""

    since: float


@dataclass(frozen=True)
class Ended(Event):
    result: Result


Listener = Callable[[Event], None]


def silent(_: Event) -> None:
    """For runs that nobody watches."""
