"""GitOps controllers and foreign owners, as the API server itself records them."""

from typing import Any

import pytest

from planaria_contract import Restart, Rollback, Scale
from planaria_contract.actions import Parameters
from planaria_operator.act.builder import Refusal
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody, PatchType
from tests.act.live import Live, template_with, workload_body

pytestmark = pytest.mark.cluster


async def applied(live: Live, manager: str, command: str, *, with_replicas: bool) -> JsonBody:
    """As a GitOps controller applies a manifest from Git."""
    body = workload_body("Deployment", command=command)
    if not with_replicas:
        del body["spec"]["replicas"]
    body |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    return await live.kube.patch(
        "Deployment",
        live.namespace,
        "app",
        body,
        patch_type=PatchType.APPLY,
        field_manager=manager,
        force=True,
    )


async def two_revisions(live: Live, manager: str, *, with_replicas: bool = False) -> None:
    await applied(live, manager, "sleep 3600", with_replicas=with_replicas)
    await live.settled("Deployment")
    await applied(live, manager, "sleep 1800", with_replicas=with_replicas)
    await live.settled("Deployment")


async def refusal(live: Live, parameters: Parameters, **spec: Any) -> Reason:
    found = await live.plan("Deployment", parameters, **spec)
    assert isinstance(found, Refusal), found
    return found.reason


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller"])
async def test_the_server_says_which_fields_come_from_git(live: Live, manager: str):
    await two_revisions(live, manager)

    assert await refusal(live, Rollback()) is Reason.OWNED_BY_GIT_OPS
    assert isinstance(await live.plan("Deployment", Scale(ratio=2.0)), Plan), "Git has no replicas"
    assert isinstance(await live.plan("Deployment", Restart(scope="workload")), Plan)
    told = [{"type": "rollback", "gitOps": "Override"}]
    assert isinstance(await live.plan("Deployment", Rollback(), actions=told), Plan)


async def test_a_replica_count_from_git_is_not_scaled(live: Live):
    await two_revisions(live, "argocd-controller", with_replicas=True)
    assert await refusal(live, Scale(ratio=2.0)) is Reason.OWNED_BY_GIT_OPS


async def test_what_a_person_applied_by_hand_is_rolled_back(live: Live):
    await two_revisions(live, "kubectl", with_replicas=True)
    assert isinstance(await live.plan("Deployment", Rollback()), Plan)


async def test_a_workload_that_another_object_controls_is_changed_in_its_pods_alone(live: Live):
    parent = await live.kube.create(
        "Service", live.namespace, {"metadata": {"name": "pg"}, "spec": {"ports": [{"port": 1}]}}
    )
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": "pg",
        "uid": parent["metadata"]["uid"],
        "controller": True,
    }
    await live.create("Deployment")
    await live.settled("Deployment")
    await live.change("Deployment", {"metadata": {"ownerReferences": [owner]}, **template_with("sleep 1800")})
    await live.settled("Deployment")
    await live.running(1)

    for parameters in (Rollback(), Scale(ratio=2.0)):
        assert await refusal(live, parameters) is Reason.FOREIGN_OWNER
    plan = await live.plan("Deployment", Restart(scope="workload"))
    assert isinstance(plan, Plan)
    assert [each.verb for each in plan.operations] == [Verb.EVICT]
