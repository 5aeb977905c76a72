"""What goes wrong in the play, how it shows, and which action it yields to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_contract import Action
from planaria_observability.play.bodies import Body, stamp

Symptom = Callable[[Body, datetime], None]
"""Changes a pod's body to what the API would show."""


@dataclass(frozen=True, slots=True)
class Trouble:
    name: str
    shows: Symptom
    log: str
    cured_by: frozenset[Action]
    """Empty: nothing that Planaria may do helps; somebody mends it after `lasts` seconds."""
    new_release: bool = False
    """It came with a new revision of the template."""
    pods: int = 3
    """How many of the three show it."""
    lasts: float = 2400


def _status(body: Body) -> Body:
    (status,) = body["status"]["containerStatuses"]
    found: Body = status
    return found


def _unready(body: Body, since: datetime) -> None:
    body["status"]["conditions"][0].update(status="False", lastTransitionTime=stamp(since))


def _waiting(reason: str, message: str, *, ended: Body | None = None) -> Symptom:
    def show(body: Body, since: datetime) -> None:
        _unready(body, since)
        status = _status(body)
        status.update(state={"waiting": {"reason": reason, "message": message}}, started=False)
        if ended:
            last = {**ended, "startedAt": stamp(since), "finishedAt": stamp(since)}
            status.update(restartCount=4, lastState={"terminated": last})

    return show


CRASH: Final[Body] = {"reason": "Error", "exitCode": 1}
OOM: Final[Body] = {"reason": "OOMKilled", "exitCode": 137}
BACK_OFF: Final = "back-off 40s restarting failed container=app"

TROUBLES: Final = (
    Trouble(
        "out of memory",
        _waiting("CrashLoopBackOff", BACK_OFF, ended=OOM),
        "{app} worker started\nloading index into memory\nfatal error: runtime: out of memory\n",
        frozenset({Action.RESIZE}),
    ),
    Trouble(
        "bad release",
        _waiting("CrashLoopBackOff", BACK_OFF, ended=CRASH),
        "Traceback (most recent call last):\n  File \"{app}.py\", line 7, in <module>\nKeyError: 'PAYMENT_URL'\n"
        "configuration error: environment variable PAYMENT_URL is not set\n",
        frozenset({Action.ROLLBACK}),
        new_release=True,
    ),
    Trouble(
        "wrong image",
        _waiting("ImagePullBackOff", 'Back-off pulling image "app:v2-typo": not found'),
        "",
        frozenset({Action.ROLLBACK}),
        new_release=True,
    ),
    Trouble(
        "hang",
        _unready,
        "{app} watchdog: no progress for 60 s\nthread pool exhausted: all 16 workers blocked on a lock\ndeadlock detected\n",
        frozenset({Action.RESTART, Action.MIGRATE}),
        pods=1,
    ),
    Trouble(
        "crash",
        _waiting("CrashLoopBackOff", BACK_OFF, ended=CRASH),
        "panic in {app}: index out of range [3] with length 3\ngoroutine 1 [running]:\nmain.serve(...)\n",
        frozenset({Action.RESTART}),
        pods=1,
    ),
    Trouble(
        "expired certificate",
        _waiting("CrashLoopBackOff", BACK_OFF, ended=CRASH),
        "tls: {app}: failed to verify certificate: x509: certificate has expired or is not yet valid\n",
        frozenset(),
    ),
    Trouble(
        "dependency down",
        _unready,
        "{app}: connect to db:5432: connection refused\nretrying in 5 s\nconnect to db:5432: connection refused\n",
        frozenset(),
        lasts=900,
    ),
)
"""In turn, so that a play without chance shows all of them."""
