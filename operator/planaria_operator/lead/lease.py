"""What stands in the Lease, and what is written into it, by the rules of client-go's leader election.

https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planaria_operator.kube.interface import JsonBody


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A leader stops acting before anybody else may begin: `deadline` is shorter than `lease`."""

    lease: int = 15
    """Nobody takes a Lease over that was renewed within this time."""
    deadline: float = 10.0
    """A leader that could not renew for so long acts no more."""
    retry: float = 2.0


@dataclass(frozen=True, slots=True)
class Holding:
    """The Lease's spec. Its times are never compared with a clock of ours: two machines' clocks differ."""

    holder: str
    renewed: str
    transitions: int
    lease_seconds: int

    @classmethod
    def of(cls, body: JsonBody) -> "Holding":
        spec: dict[str, Any] = body.get("spec") or {}
        return cls(
            holder=spec.get("holderIdentity") or "",
            renewed=spec.get("renewTime") or "",
            transitions=int(spec.get("leaseTransitions") or 0),
            lease_seconds=int(spec.get("leaseDurationSeconds") or Timing().lease),
        )


def first(name: str, namespace: str, identity: str, seconds: int, now: datetime) -> JsonBody:
    """The Lease where there was none."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "planaria"},
        },
        "spec": _spec(identity, seconds, now, transitions=0),
    }


def taken(body: JsonBody, identity: str, seconds: int, now: datetime) -> JsonBody:
    """A merge patch that makes it ours or renews it, and loses against whoever wrote it since `body` was read."""
    was = Holding.of(body)
    spec = _spec(identity, seconds, now, transitions=was.transitions + (was.holder != identity))
    if was.holder == identity:
        del spec["acquireTime"]
    return _swap(body, spec)


def given_up(body: JsonBody) -> JsonBody:
    """A merge patch after which the next one need not wait."""
    return _swap(body, {"holderIdentity": "", "leaseDurationSeconds": 1})


def _spec(identity: str, seconds: int, now: datetime, *, transitions: int) -> JsonBody:
    time = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "holderIdentity": identity,
        "leaseDurationSeconds": seconds,
        "acquireTime": time,
        "renewTime": time,
        "leaseTransitions": transitions,
    }


def _swap(body: JsonBody, spec: JsonBody) -> JsonBody:
    return {"metadata": {"resourceVersion": body["metadata"]["resourceVersion"]}, "spec": spec}
