"""Somebody else is at work at the same moment, on a real API server: one right record, and no second action."""

from datetime import timedelta
from typing import Any

import pytest

from planaria_contract import Restart, Rollback, Scale
from planaria_operator.kube.errors import Conflict
from planaria_operator.kube.interface import JsonBody
from planaria_operator.objects.workload import parse_workload
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.case import Case
from tests.act.live import Live, eventually, is_ready, template_with, workload_body
from tests.act.test_autoscalers_on_cluster import HPA, hpa_body
from tests.reconcile.harness import said
from tests.reconcile.live import Race, Stations, outcomes

pytestmark = pytest.mark.cluster
TWICE = Scale(ratio=2.0)


def race(live: Live, *decisions: Any) -> Race:
    return Race(live, Stations(list(decisions)))


def replicas(body: JsonBody) -> int:
    return int(body["spec"]["replicas"])


def generation(body: JsonBody) -> int:
    return int(body["metadata"]["generation"])


async def broken(live: Live) -> None:
    """A revision that ran, and one that does not."""
    await live.create("Deployment")
    await live.settled("Deployment")
    await live.change("Deployment", template_with("exit 3"))
    await eventually(live.pods, lambda pods: any(not is_ready(pod) for pod in pods))


async def is_overtaken(here: Race) -> None:
    """In its next step, which does nothing."""
    found = await here.step()
    assert (outcomes(found), said(found, "Executed")) == (["Superseded"], ("False", "WorldChanged"))


async def test_an_autoscaler_that_changes_the_replicas_at_the_same_moment_has_the_last_word(live: Live):
    await live.create("Deployment", replicas=1)
    here = race(live, TWICE, TWICE)
    await here.begin(actions=[{"type": "scale", "raiseAutoscalerBounds": False}])
    await here.until("Acting")
    await live.kube.create(HPA, live.namespace, hpa_body(3, 5))
    await eventually(lambda: live.get("Deployment"), lambda body: replicas(body) == 3)

    await is_overtaken(here)

    handed_over = await here.until("Escalated")
    assert outcomes(handed_over) == ["Superseded"]
    assert replicas(await live.get("Deployment")) == 3


async def test_a_bound_that_somebody_moves_at_the_same_moment_stays_theirs(live: Live):
    await live.create("Deployment", replicas=2)
    await live.kube.create(HPA, live.namespace, hpa_body(1, 3))
    await eventually(lambda: live.get(HPA), lambda body: bool((body.get("status") or {}).get("conditions")))
    here = race(live, TWICE)
    await here.begin()
    await here.until("Acting")
    theirs = await live.change(HPA, {"spec": {"minReplicas": 2}})

    await is_overtaken(here)
    await here.until("Escalated")
    assert (await live.get(HPA))["spec"] == theirs["spec"]


@pytest.mark.parametrize("theirs", [None, 5])
async def test_a_bound_that_did_not_help_is_put_back_unless_somebody_has_moved_it(
    live: Live, theirs: int | None
):
    await live.create("Deployment", replicas=2)
    await live.kube.create(HPA, live.namespace, hpa_body(1, 8))
    await eventually(lambda: live.get(HPA), lambda body: bool((body.get("status") or {}).get("conditions")))
    here = race(live, TWICE)
    await here.begin()
    await here.until("Verifying")
    assert (await live.get(HPA))["spec"]["minReplicas"] == 4
    if theirs:
        await live.change(HPA, {"spec": {"minReplicas": theirs}})

    here.late += timedelta(minutes=2)
    over = await here.until("Escalated")
    assert outcomes(over) == ["Ineffective"]
    assert said(over, "Reverted") == (("False", "RevertFailed") if theirs else ("True", "ActionReverted"))
    assert (await live.get(HPA))["spec"]["minReplicas"] == (theirs or 1)


async def test_a_person_who_fixes_it_before_the_action_is_thanked_and_left_alone(live: Live):
    await broken(live)
    here = race(live, Rollback())
    await here.begin()
    await here.until("Acting")
    await live.change("Deployment", template_with("sleep 1800"))
    theirs = await live.settled("Deployment")

    await is_overtaken(here)

    await here.look()
    here.well = True
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("True", "RecoveredWithoutAction")
    assert generation(await live.get("Deployment")) == generation(theirs)


async def test_a_person_who_fixes_it_before_the_decision_cancels_what_is_queued(live: Live):
    await broken(live)
    here = race(live, Rollback())
    await here.begin()
    await here.until("Understood")
    await live.change("Deployment", template_with("sleep 1800"))
    theirs = await live.settled("Deployment")
    await here.look()
    here.well = True

    done = await here.until("Finished")
    assert (outcomes(done), said(done, "Succeeded")) == ([], ("True", "RecoveredWithoutAction"))
    assert generation(await live.get("Deployment")) == generation(theirs)


@pytest.mark.parametrize("decision", [Rollback(), TWICE], ids=["rollback", "scale"])
async def test_an_object_made_anew_under_the_same_name_is_not_the_target(live: Live, decision: Any):
    await broken(live)
    here = race(live, decision)
    await here.begin()
    await here.until("Acting")
    await live.kube.delete("Deployment", live.namespace, "app")
    await eventually(here.deployment, lambda body: body is None)
    made = await live.kube.create("Deployment", live.namespace, workload_body("Deployment"))

    await is_overtaken(here)

    await here.look()
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("False", "TargetGone")
    assert (await live.get("Deployment"))["spec"] == made["spec"]


@pytest.mark.parametrize("decision", [Rollback(), TWICE], ids=["rollback", "scale"])
async def test_a_target_that_is_deleted_between_decision_and_action_closes_the_record(
    live: Live, decision: Any
):
    await broken(live)
    here = race(live, decision)
    await here.begin()
    await here.until("Acting")
    await live.kube.delete("Deployment", live.namespace, "app")
    await eventually(here.deployment, lambda body: body is None)

    await is_overtaken(here)

    await here.look()
    done = await here.until("Finished")
    assert said(done, "Succeeded") == ("False", "TargetGone")
    assert outcomes(done) == ["Superseded"], "nothing failed, so the breaker does not count it"


async def test_of_two_writers_of_one_record_the_stale_one_loses_and_acts_not(live: Live):
    await live.create("Deployment", replicas=1)
    here = race(live, TWICE, TWICE)
    await here.begin()
    stale = await here.until("Understood")
    await here.until("Acting")

    with pytest.raises(Conflict):
        await advance(here.parts, Case(stale, here.policy, (here.incident,), here.clock()))

    await here.until("Verifying")
    (record,) = await live.kube.list("Remediation", live.namespace)
    assert len(record["status"]["attempts"]) == 1
    assert replicas(await live.get("Deployment")) == 2


async def test_an_eviction_that_a_new_budget_refuses_waits_for_it_and_is_made_once(live: Live):
    await live.create("Deployment")
    (pod,) = await live.running(1)
    here = race(live, Restart())
    await here.begin()
    await here.until("Acting")
    budget = {
        "metadata": {"name": "app"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "app"}}},
    }
    await live.kube.create("PodDisruptionBudget", live.namespace, budget)
    await eventually(
        lambda: live.get("PodDisruptionBudget"), lambda body: body["status"].get("currentHealthy") == 1
    )

    held = await here.step()
    assert (held.status.stage, said(held, "Executed")) == ("Acting", ("False", "DisruptionBudget"))
    assert (await live.get("Pod", pod["metadata"]["name"]))["metadata"].get("deletionTimestamp") is None

    await live.kube.delete("PodDisruptionBudget", live.namespace, "app")
    applied = await here.until("Verifying")
    assert outcomes(applied) == ["Pending"]
    settled = await live.settled("Deployment")
    assert parse_workload("Deployment", settled).ready == 1
