"""The API server's etcd is put back to a snapshot under a running operator, which then knows of newer versions than there are."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import Conflict
from planaria_operator.reconcile.races import TOLD_AFTER
from tests.reconcile.harness import RESTART, World
from tests.reconcile.passes import passes, stages, world


def restored(here: World, kind: str, snapshot: dict[Any, Any]) -> None:
    for key in [key for key in here.kube.objects if key[0] == kind]:
        here.kube.objects[key] = copy.deepcopy(snapshot[key])


async def test_a_record_that_went_back_goes_on_from_what_the_api_server_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    await passes(engine, here, 1)
    snapshot = copy.deepcopy(here.kube.objects)
    await passes(engine, here, 1)
    assert stages(here) == ["Acting"]
    restored(here, "Remediation", snapshot)
    await passes(engine, here, 1)
    assert stages(here) == ["Understood"], "one conflict, and what there is now is known"
    here.script.decisions.append(RESTART)
    await passes(engine, here, 3)
    assert stages(here) == ["Verifying"]


async def test_a_policy_that_went_back_can_be_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    snapshot = copy.deepcopy(here.kube.objects)
    await passes(engine, here, 1)
    restored(here, "HealingPolicy", snapshot)
    await passes(engine, here, 4)
    assert stages(here) == ["Verifying"]
    assert [each.attempt for each in here.policy.status.reservations] == [1]


async def test_what_was_written_while_a_refused_record_was_read_anew_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    await passes(engine, here, 1)
    (old,) = here.store.remediations.values()
    body = here.kube.objects["Remediation", old.namespace, old.name]
    here.kube.put({**body, "metadata": {**body["metadata"], "labels": {"by": "somebody"}}})
    get = here.kube.get

    async def overtaken(*asked: Any, **options: Any) -> Any:
        read = await get(*asked, **options)
        here.store.put_remediation(old.model_copy(update={"resource_version": "99999"}))
        return read

    monkeypatch.setattr(here.kube, "get", overtaken)
    with pytest.raises(Conflict):
        await here.parts.records.write(old, old.status.model_copy(update={"stage": Stage.BLOCKED}))
    assert here.store.remediations[old.namespace, old.name].resource_version == "99999"


def conflicts(here: World, kind: str, times: int) -> None:
    here.kube.fail("patch", kind, Conflict(f"patch {kind}: the object has been modified"), times=times)


@pytest.mark.parametrize(
    ("kind", "what"),
    [("Remediation", "shop/front-4a2e97ef"), ("HealingPolicy", "HealingPolicy shop/default")],
)
async def test_what_loses_every_race_is_told_once(
    monkeypatch: pytest.MonkeyPatch, kind: str, what: str
) -> None:
    here, engine = world(monkeypatch)
    conflicts(here, kind, 1000)
    with capture_logs() as lines:
        for _ in range(3 * TOLD_AFTER):
            await passes(engine, here, 1)
            here.now += timedelta(seconds=1)
    told = [line for line in lines if line["log_level"] == "warning"]
    assert [(line["record"], line["times"]) for line in told] == [(what, TOLD_AFTER)]
    assert told[0]["error"] == f"patch {kind}: the object has been modified"


async def test_races_that_are_lost_now_and_then_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    with capture_logs() as lines:
        for _ in range(3):
            conflicts(here, "Remediation", TOLD_AFTER - 1)
            await passes(engine, here, TOLD_AFTER + 1)
    assert [line for line in lines if line["log_level"] == "warning"] == []
