"""Another controller has the last word: what is refused, what is done all the same, and on whose word."""

from typing import Any

import pytest

from planaria_contract import Migrate, Resize, Restart, Rollback, Scale
from planaria_contract.actions import Parameters
from planaria_operator.act.builder import Refusal
from planaria_operator.act.planner import BUILDERS
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.kube.interface import JsonBody
from tests.act.bodies import owned_by, planned, pod, refused, replica_set, setting, template, workload

LIMITED = {"limits": {"memory": "256Mi"}}
GOOD, BAD = template("app:1", resources=LIMITED), template("app:2", resources=LIMITED)
OF_SPEC: list[Parameters] = [Rollback(), Resize(resource="memory", ratio=2.0), Scale(ratio=2.0)]
OF_PODS: list[Parameters] = [Restart(), Migrate(source="node-1")]
ARGO = {"labels": {"argocd.argoproj.io/instance": "shop"}}
FLUX = {
    "labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}
}


def name_of(parameters: Parameters) -> str:
    return parameters.category.value


def written_by(manager: str, *fields: str) -> list[JsonBody]:
    spec: JsonBody = {f"f:{field}": {} for field in fields}
    return [{"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": spec}}]


def front(**metadata: Any) -> JsonBody:
    body = workload(made_of=BAD)
    body["metadata"].update(metadata)
    return body


def asked(parameters: Parameters, target: JsonBody, **bounds: Any) -> Plan | Refusal:
    made = setting(
        parameters,
        target=target,
        pods=(pod(resources=LIMITED),),
        revisions=(replica_set(2, BAD), replica_set(1, GOOD)),
        **bounds,
    )
    return BUILDERS[parameters.category](made)


@pytest.mark.parametrize("parameters", OF_SPEC, ids=name_of)
def test_what_another_object_controls_is_changed_there(parameters: Parameters):
    found = asked(parameters, front(ownerReferences=owned_by("Cluster", "c")))
    assert refused(found) is Reason.FOREIGN_OWNER
    assert isinstance(found, Refusal)
    assert "Cluster/owner controls Deployment/front" in found.message


@pytest.mark.parametrize("parameters", OF_PODS, ids=name_of)
def test_its_pods_are_restarted_and_moved_all_the_same(parameters: Parameters):
    assert planned(asked(parameters, front(ownerReferences=owned_by("Cluster", "c"))))


def test_a_restart_of_the_whole_workload_is_then_one_of_its_pods():
    plan = planned(asked(Restart(scope="workload"), front(ownerReferences=owned_by("Cluster", "c"))))
    assert [each.verb for each in plan.operations] == [Verb.EVICT]


def test_an_owner_that_does_not_control_it_has_no_say():
    """Lifecycle managers set owner references for garbage collection alone."""
    mere = [{"kind": "ClusterServiceVersion", "name": "db.v1", "uid": "c", "controller": False}]
    assert planned(asked(Rollback(), front(ownerReferences=mere)))


@pytest.mark.parametrize("parameters", OF_SPEC, ids=name_of)
@pytest.mark.parametrize(("marks", "called"), [(ARGO, "Argo CD (application shop)"), (FLUX, "flux/apps")])
def test_what_git_ops_keeps_is_refused_until_told_otherwise(parameters: Parameters, marks, called: str):
    found = asked(parameters, front(**marks))
    assert refused(found) is Reason.OWNED_BY_GIT_OPS
    assert isinstance(found, Refusal)
    assert called in found.message
    assert "gitOps: Override" in found.message
    assert planned(asked(parameters, front(**marks), git_ops="Override"))


@pytest.mark.parametrize("parameters", [*OF_PODS, Restart(scope="workload")], ids=name_of)
def test_git_ops_does_not_mind_pods_nor_a_mark_that_git_does_not_have(parameters: Parameters):
    assert planned(asked(parameters, front(**ARGO)))


def test_a_replica_count_that_git_does_not_have_may_be_scaled():
    left_out = front(managedFields=written_by("argocd-controller", "template", "selector"), **ARGO)
    assert planned(asked(Scale(ratio=2.0), left_out))
    assert refused(asked(Rollback(), left_out)) is Reason.OWNED_BY_GIT_OPS
    written = front(managedFields=written_by("argocd-controller", "template", "replicas"), **ARGO)
    assert refused(asked(Scale(ratio=2.0), written)) is Reason.OWNED_BY_GIT_OPS
