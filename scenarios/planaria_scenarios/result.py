"""What came of one run, as the tests, the bench and the demo read it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from planaria_scenarios.records import Applied


@dataclass
class Result:
    """Times are seconds since the first sign of the fault in the API; None where it did not happen."""

    name: str
    title: str
    kind: str
    operator: bool
    namespace: str
    limit_seconds: int
    injected: list[str] = field(default_factory=list)
    sign: str = ""
    """The first thing that the API showed."""
    visible_after: float | None = None
    """From injection."""
    faults: list[str] = field(default_factory=list)
    """What each incident was taken for."""
    read_by: list[str] = field(default_factory=list)
    """By which reader, in the order of `faults`."""
    open_records: list[str] = field(default_factory=list)
    """Remediations that were not closed in the end."""
    actions: list[Applied] = field(default_factory=list)
    applied_after: float | None = None
    recovered_after: float | None = None
    breaks: int = 0
    """How often it looked healthy and then was not."""
    problems: list[str] = field(default_factory=list)
    harm: list[str] = field(default_factory=list)
    error: str = ""
    """Why the run could not be judged at all."""

    @property
    def recovered(self) -> bool:
        return self.recovered_after is not None

    @property
    def ok(self) -> bool:
        return not (self.problems or self.harm or self.error)

    @property
    def complaints(self) -> list[str]:
        return [*([self.error] if self.error else []), *self.harm, *self.problems]

    @property
    def deeds(self) -> list[str]:
        """What was done, for whoever reads of a failure."""
        return [
            f"{each.action} {each.target} ({each.outcome or 'open'}): {each.summary}" for each in self.actions
        ]

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "recovered": self.recovered, "ok": self.ok}
