"""What is refused about one incident, one record or one policy holds back no other, and its policy says why nothing is done."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from planaria_operator.api.conditions import Condition
from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import Forbidden, Invalid, KubeError, Unavailable
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.setbacks import LONGEST_PAUSE
from tests.reconcile.harness import World
from tests.reconcile.passes import add_policy_of_stock, break_apps, break_stock, passes, world

QUOTA = Forbidden("create Remediation in namespace shop: exceeded quota: count/remediations.planaria.dev")
FRONT = "shop", "front-4a2e97ef"


def refuse(
    here: World,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    error: KubeError,
    *,
    of: str,
    kind: str = "Remediation",
) -> list[datetime]:
    """From now on, for the objects of one namespace; when that was tried."""
    call, tried = getattr(here.kube, verb), []

    async def refusing(asked: str, namespace: str, *args: Any, **options: Any) -> Any:
        if (asked, namespace) == (kind, of):
            tried.append(here.now)
            raise error
        return await call(asked, namespace, *args, **options)

    monkeypatch.setattr(here.kube, verb, refusing)
    return tried


def two_policies(monkeypatch: pytest.MonkeyPatch) -> tuple[World, Engine]:
    """Of the namespaces shop, which comes first, and stock, each with a workload that is ill."""
    here, engine = world(monkeypatch)
    add_policy_of_stock(here)
    break_stock(here)
    return here, engine


def gone_on_with(here: World) -> list[str]:
    """Whose Remediation was not only opened."""
    records = here.store.remediations.values()
    return [each.spec.target.name for each in records if each.status.stage is not Stage.DETECTED]


def ready(here: World, namespace: str = "shop") -> Condition:
    policy = here.store.policies[namespace, "default"]
    return next(each for each in policy.status.conditions if each.type == "Ready")


async def test_an_incident_that_is_refused_for_good_holds_back_no_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = two_policies(monkeypatch)
    refuse(here, monkeypatch, "create", QUOTA, of="shop")
    await passes(engine, here, 2)
    assert gone_on_with(here) == ["back"]
    assert (ready(here).status, ready(here, "stock").status) == ("False", "True")


async def test_the_policy_says_what_cannot_be_written_down_until_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    break_apps(here, 2)
    here.kube.fail("create", "Remediation", QUOTA, times=3)
    await passes(engine, here, 1)
    assert ready(here).reason == "Rejected"
    assert ready(here).message == (
        f"3 of its incidents cannot be written down, so nothing is done about them: shop/Deployment/app-0: {QUOTA}"
    )
    here.now += LONGEST_PAUSE
    await passes(engine, here, 1)
    assert (ready(here).status, len(here.store.remediations)) == ("True", 3)


async def test_a_record_of_a_newer_version_is_left_alone_and_the_policy_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = two_policies(monkeypatch)
    await passes(engine, here, 1)
    here.kube.objects["Remediation", *FRONT]["status"]["stage"] = "Newer"
    here.store.drop_remediation(*FRONT)
    await passes(engine, here, 2)
    assert gone_on_with(here) == ["back"]
    assert ready(here).reason == "RecordUnreadable"
    assert "Remediation shop/front-4a2e97ef cannot be read: status.stage" in ready(here).message
    assert here.kube.objects["Remediation", *FRONT]["status"]["stage"] == "Newer"


async def test_what_is_refused_is_tried_ever_more_rarely_and_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = world(monkeypatch)
    began, tried = here.now, refuse(here, monkeypatch, "create", QUOTA, of="shop")
    with capture_logs() as logs:
        for _ in range(120):
            await passes(engine, here, 1)
            here.now += timedelta(seconds=1)
    told = [line for line in logs if line["log_level"] == "warning"]
    assert [(line["error"], "Deployment/front" in line["what"]) for line in told] == [(str(QUOTA), True)]
    assert [(each - began).total_seconds() for each in tried] == [0, 1, 3, 7, 15, 31, 61, 91]


async def test_a_clock_that_is_set_back_does_not_lengthen_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = world(monkeypatch)
    here.kube.fail("create", "Remediation", QUOTA)
    await passes(engine, here, 1)
    here.now -= timedelta(seconds=10)
    await passes(engine, here, 1)
    assert gone_on_with(here) == ["front"]


async def test_what_never_gets_an_answer_does_not_end_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as an admission webhook that is away in one namespace: the API server then answers with 500."""
    here, engine = two_policies(monkeypatch)
    refuse(here, monkeypatch, "create", Unavailable("failed calling webhook"), of="shop")
    for _ in range(5):
        try:
            await passes(engine, here, 1)
        except Unavailable:
            here.now += timedelta(seconds=1)
    assert gone_on_with(here) == ["back"]


async def test_an_old_record_that_cannot_be_deleted_holds_back_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, engine = two_policies(monkeypatch)
    await passes(engine, here, 1)
    record = here.store.remediations[FRONT]
    over = record.status.model_copy(
        update={"stage": Stage.FINISHED, "finished_at": here.now - timedelta(days=99)}
    )
    await here.parts.records.write(record, over)
    tried = refuse(here, monkeypatch, "delete", Forbidden("not allowed to delete remediations"), of="shop")
    await passes(engine, here, 1)
    assert len(tried) == 1
    assert "back" in gone_on_with(here)


async def test_a_policy_whose_status_is_refused_holds_back_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    here, engine = two_policies(monkeypatch)
    refuse(here, monkeypatch, "patch", Invalid("status.failures: too long"), of="shop", kind="HealingPolicy")
    await passes(engine, here, 2)
    assert "back" in gone_on_with(here)
