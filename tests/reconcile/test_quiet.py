"""A target that is not well and shows no fault now: nothing is done about it on what it showed before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from planaria_contract import Restart, SymptomKind
from planaria_operator.api.attempt import AttemptOutcome
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.detector import detect
from planaria_operator.objects.store import View
from tests import builders
from tests.builders import NOW, ago, deployment, pod, replica_set, terminated, waiting
from tests.reconcile.harness import RESTART, Script, condition
from tests.reconcile.seeing import Seeing

FRONT = deployment(desired=4, ready=3, available=3)
SET = replica_set(FRONT, desired=4)
FIX = replica_set(FRONT, 2, desired=4, ready=2, created=NOW + timedelta(seconds=60))
PAUSED = NOW + timedelta(seconds=90)
"""Until then nothing is begun."""


def crashing(name: str = "front-0") -> Any:
    loop = waiting("CrashLoopBackOff", restarts=4, last_termination=terminated())
    return pod(name, SET, ready=False, ready_since=ago(60), containers=[loop])


def starting(name: str, owner: Any = SET, *, since: datetime = PAUSED) -> Any:
    container = waiting("ContainerCreating")
    return pod(
        name, owner, ready=False, created=since, started_at=since, ready_since=since, containers=[container]
    )


GROWN: Sequence[View] = (
    deployment(desired=6, ready=4, available=4),
    pod("front-0", SET),
    *(starting(name) for name in ("front-4", "front-5")),
)
"""The pod got well by itself; then an autoscaler added two."""

ROLLED: Sequence[View] = (
    deployment(desired=4, ready=2, available=2, progressing_reason="ReplicaSetUpdated"),
    FIX,
    *(pod(name, FIX, created=FIX.meta.created) for name in ("new-0", "new-1")),
    *(starting(name, FIX) for name in ("new-2", "new-3")),
)
"""A person has rolled out a fix, and two of its pods are still to come."""

ON_TRIAL: Sequence[View] = (deployment(desired=4, available=3), pod("front-0", SET))
"""The pod got well by itself, and `minReadySeconds` are not over."""

UNMADE: Sequence[View] = (FRONT,)
"""The pod is gone, and a quota refuses its successor."""


class Shop(Seeing):
    def __init__(self, monkeypatch: pytest.MonkeyPatch, **spec: Any) -> None:
        script = Script([RESTART for _ in range(4)])
        super().__init__(script, monkeypatch, **spec)
        others = [pod(f"front-{number}", SET) for number in (1, 2, 3)]
        self.see(FRONT, SET, crashing(), *others, builders.node("node-1"), builders.space())

    def changed(self, views: Sequence[View]) -> None:
        """The pod that crashed is gone, or is another now."""
        self.store.remove(crashing())
        if FIX in views:
            for number in (1, 2, 3):
                self.store.remove(pod(f"front-{number}"))
        self.see(*views)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Shop:
    pause = {"requester": "ann", "reason": "I am looking", "until": PAUSED.isoformat()}
    return Shop(monkeypatch, pause_requests=[pause])


async def quiet(here: Shop, views: Sequence[View] = GROWN) -> Remediation:
    """Held until the pause is over, and looked at again when nothing shows any more."""
    await here.until("Blocked", seconds=1)
    here.changed(views)
    here.now = PAUSED
    return await here.step(5)


def reason(record: Remediation) -> str:
    return condition(record, "Executed").reason


@pytest.mark.parametrize("views", [GROWN, ROLLED, ON_TRIAL, UNMADE], ids=["grown", "fix", "trial", "unmade"])
async def test_nothing_is_sent_on_what_the_target_showed_before(here: Shop, views: Sequence[View]) -> None:
    await quiet(here, views)
    for _ in range(20):
        record = await here.step(5)
    assert here.script.applied == []
    assert (record.status.stage, reason(record)) == (Stage.BLOCKED, Reason.NOTHING_SHOWS.value)


async def test_it_says_once_what_is_lacking_and_when_a_person_is_asked(here: Shop) -> None:
    said = (await quiet(here)).status.timeline
    assert (await here.step(60)).status.timeline == said
    assert said[-1].message == (
        "Deployment/front has 4 ready, 6 updated and 4 available of 6 pods, and no fault shows now: "
        "it goes on when one does; else a person is asked at 12:21:35Z"
    )


async def test_it_goes_on_at_once_when_a_fault_shows_again(here: Shop) -> None:
    await quiet(here)
    here.see(crashing("front-4"))
    assert (await here.step(1)).status.stage is Stage.UNDERSTOOD


async def test_it_closes_when_all_its_pods_have_started(here: Shop) -> None:
    await quiet(here)
    here.see(deployment(desired=6))
    done = await here.until("Finished", limit=20)
    assert done.status.attempts == ()


async def test_a_person_is_asked_where_nothing_ever_shows(here: Shop) -> None:
    """Of a start that is silent the deadline is in sight; of pods that cannot be made there is none."""
    await quiet(here, UNMADE)
    asked = await here.until("Escalated", seconds=30, limit=41)
    assert here.now - PAUSED >= timedelta(seconds=1200)
    assert asked.status.timeline[-1].message == (
        "Deployment/front has 3 ready, 4 updated and 3 available of 4 pods, and no fault has shown for 1200 s: "
        "its events may say why"
    )


async def test_a_silent_start_is_waited_for_until_its_deadline(here: Shop) -> None:
    await quiet(here)
    await here.until("Understood", seconds=10, limit=70)
    kinds = {each.kind for found in detect(here.store, here.policy, here.now) for each in found.symptoms}
    assert kinds == {SymptomKind.NOT_READY}


async def test_what_an_attempt_was_watched_for_in_vain_is_not_waited_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Shop(monkeypatch)
    here.script.decisions.append(Restart(pods=("front-4",)))
    await here.until("Verifying", seconds=1)
    here.store.remove(crashing())
    here.see(starting("front-4", since=here.now))
    record = await here.until("Understood", seconds=5, limit=60)
    assert [each.outcome for each in record.status.attempts] == [AttemptOutcome.INEFFECTIVE]
    assert here.now - NOW < timedelta(seconds=300), "its deadline is 600 s away"


async def test_a_deadline_that_never_comes_is_not_waited_for(here: Shop) -> None:
    endless = deployment(desired=6, ready=4, available=4, progress_deadline=2**31 - 1)
    await quiet(here, [*GROWN[1:], endless])
    await here.until("Escalated", seconds=60, limit=121)
    assert here.now - PAUSED >= timedelta(seconds=7200)


async def test_what_is_queued_is_called_off_at_the_end_of_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Shop(monkeypatch)
    here.script.decisions = [Restart(pods=("front-0",), delay_seconds=60)]
    await here.until("Acting", seconds=1)
    await here.step(1)
    here.changed(GROWN)
    record = await here.step(60)
    assert [each.outcome for each in record.status.attempts] == [AttemptOutcome.SUPERSEDED]
    assert (here.script.applied, reason(record)) == ([], Reason.NOTHING_SHOWS.value)


async def test_a_record_says_first_what_opened_it(here: Shop) -> None:
    """In a storm it may be minutes before anything is done about a record."""
    (found,) = detect(here.store, here.policy, here.now)
    await here.parts.records.open(found)
    here.changed(GROWN)
    record = await here.step(60)
    assert [line.reason for line in record.status.timeline] == ["IncidentOpened", "NothingShows"]
