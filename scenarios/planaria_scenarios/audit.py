"""What was really changed, by whom: read from the API server's audit log, which the one who did it cannot gloss over."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from planaria_scenarios.environment import OPERATOR_ACCOUNT, OPERATOR_NAMESPACE
from planaria_scenarios.errors import EnvironmentalError

OPERATOR: Final = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_ACCOUNT}"
"""The user as which every call of the operator arrives, whichever of its parts makes it."""
READING: Final = frozenset({"get", "list", "watch"})
RUNNING: Final = frozenset({"pods/exec", "pods/attach"})
"""Run something in a container whatever their verb is."""
QUESTIONS: Final = frozenset({"authorization.k8s.io", "authentication.k8s.io"})
"""What is created there is an answer, and is kept nowhere."""
EVENTS: Final = frozenset({("", "events"), ("events.k8s.io", "events")})
LEASES: Final = ("coordination.k8s.io", "leases")


@dataclass(frozen=True, order=True)
class Change:
    """One answered call that changes something, or would without its dry run."""

    time: float
    """When it arrived, in seconds since the epoch."""
    user: str
    agent: str
    verb: str
    group: str
    resource: str
    """With its subresource, such as `pods/eviction`."""
    namespace: str
    name: str
    code: int
    dry_run: bool

    @property
    def about_ourselves(self) -> bool:
        """Records, Events and the lead: what the operator may always write. All else is somebody's property."""
        place = self.group, self.resource.partition("/")[0]
        return self.group == "planaria.dev" or place in EVENTS or place == LEASES

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def effective(self) -> bool:
        """Whether it may have changed what it names."""
        return self.accepted and not self.dry_run

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.verb} {self.resource} {where}{self.name}: {self.code}{' (dry run)' if self.dry_run else ''}"


def changes(log: Path, *, user: str = OPERATOR, since: float = 0) -> list[Change]:
    """Every change by `user`, in the order of arrival, from `log` and what was set aside beside it.

    Raises EnvironmentalError where there is no log, or a line in it is not what an API server writes.
    """
    files = [*sorted(log.parent.glob(f"{log.stem}-*{log.suffix}")), log]
    if not log.exists():
        raise EnvironmentalError(
            f"{log}: no such file; `python -m planaria_cluster up` makes the API server write one"
        )
    found = (change for file in files for change in read(file, user))
    return sorted(change for change in found if change.time >= since)


def read(file: Path, user: str) -> Iterator[Change]:
    """The changes by `user` in one file."""
    with file.open() as lines:
        for number, line in enumerate(lines, start=1):
            if user not in line:
                continue  # most lines, and reading one is what takes long
            if not line.endswith("\n"):
                return  # it is being written
            try:
                change = parse(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise EnvironmentalError(
                    f"{file}, line {number}: not an event of an audit log: {error!r}"
                ) from error
            if change and change.user == user:
                yield change


def parse(event: dict[str, Any]) -> Change | None:
    """None for what changes nothing, and for stages before the answer."""
    about = event.get("objectRef") or {}
    resource = "/".join(part for part in (about.get("resource", ""), about.get("subresource", "")) if part)
    if event["stage"] not in ("ResponseComplete", "Panic"):
        return None
    if (event["verb"] in READING and resource not in RUNNING) or about.get("apiGroup") in QUESTIONS:
        return None
    return Change(
        time=datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp(),
        user=event["user"]["username"],
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        group=about.get("apiGroup", ""),
        resource=resource,
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        code=int((event.get("responseStatus") or {}).get("code", 0)),
        dry_run=bool(parse_qs(urlsplit(event["requestURI"]).query).get("dryRun")),
    )


def on_targets(found: Iterable[Change], namespaces: Iterable[str] | None = None) -> list[Change]:
    """Those that are not about ourselves; in these namespaces, where any are given, or on what is in none, such as nodes."""
    places = None if namespaces is None else {*namespaces, ""}
    return [
        each for each in found if not each.about_ourselves and (places is None or each.namespace in places)
    ]
