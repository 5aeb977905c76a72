"""What the operator wrote into its Remediations, as far as it is judged or shown."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Applied:
    """One attempt that was sent to the API server, or was about to be."""

    remediation: str
    number: int
    action: str
    target: str
    summary: str
    objects: tuple[str, ...]
    """Kind/name of everything that an operation is made on."""
    reserved: float
    applied: float | None
    outcome: str
    reverted: float | None = None
    """When it was undone, because it did not help."""


@dataclass(frozen=True)
class Record:
    """One Remediation."""

    name: str
    target: str
    stage: str
    succeeded: str
    fault: str
    held: str = ""
    """Why nothing has been done last, in the record's own words."""
    read_by: str = ""
    """What took it for that fault: vllm, hybrid, encoder or rules."""
    read_from: tuple[str, ...] = ()
    """The lines that it was told by."""
    attempts: tuple[Applied, ...] = ()
    body: Body = field(default_factory=dict, repr=False, compare=False)

    @property
    def closed(self) -> bool:
        return self.stage == "Finished"


def read(body: Body) -> Record:
    status = body.get("status") or {}
    name = body["metadata"]["name"]
    meaning = status.get("semanticState") or {}
    conditions = {item["type"]: item for item in status.get("conditions") or []}
    return Record(
        name=name,
        target=_ref(body["spec"]["target"]),
        stage=status.get("stage", ""),
        succeeded=conditions.get("Succeeded", {}).get("status", "Unknown"),
        fault=meaning.get("fault", ""),
        held=_held(conditions.get("Executed", {})),
        read_by=meaning.get("source", ""),
        read_from=tuple(item["excerpt"] for item in meaning.get("evidence") or []),
        attempts=tuple(_applied(name, item) for item in status.get("attempts") or []),
        body=body,
    )


def _held(executed: Body) -> str:
    return f"{executed['reason']}: {executed['message']}" if executed.get("status") == "False" else ""


def _applied(remediation: str, attempt: Body) -> Applied:
    plan = attempt["plan"]
    return Applied(
        remediation=remediation,
        number=attempt["number"],
        action=plan["action"],
        target=_ref(plan["target"]),
        summary=plan["summary"],
        objects=tuple(_ref(operation["object"]) for operation in plan.get("operations") or []),
        reserved=seconds(attempt["reservedAt"]),
        applied=seconds(attempt["appliedAt"]) if attempt.get("appliedAt") else None,
        outcome=attempt.get("outcome", ""),
        reverted=seconds(attempt["revertedAt"]) if attempt.get("revertedAt") else None,
    )


def _ref(reference: Body) -> str:
    return f"{reference['kind']}/{reference['name']}"


def seconds(text: str) -> float:
    """RFC 3339 to seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()
