"""What the chart grants: each action its own verbs, nothing to nobody else, and never a wildcard."""

import pytest

from planaria_operator.evidence.events import NODE_NAMESPACE
from tests.chart.rendering import (
    CASES,
    named,
    of_case,
    of_kind,
    of_operator,
    permissions,
    render,
    set_values,
)

TEMPLATES = {("apps", kind, "patch") for kind in ("deployments", "statefulsets", "daemonsets")}
SCALES = {
    ("apps", f"{kind}/scale", verb) for kind in ("deployments", "statefulsets") for verb in ("get", "patch")
}
BOUNDS = {("autoscaling", "horizontalpodautoscalers", "patch"), ("keda.sh", "scaledobjects", "patch")}
NEEDS = {
    "restart": {("", "pods/eviction", "create"), *TEMPLATES},
    "rollback": TEMPLATES,
    "scale": SCALES | BOUNDS,
    "resize": {("", "pods/resize", "patch"), *TEMPLATES},
    "migrate": {("", "pods/eviction", "create"), ("", "nodes", "patch")},
    "isolate": {("", "pods/eviction", "create"), ("", "nodes", "patch")},
    "reload": {("", "pods/exec", "create"), ("", "pods/exec", "get"), ("", "pods", "patch")},
}
ACTIONS = sorted(NEEDS)
OF_A_CLUSTER = {"namespaces", "nodes", "nodes/proxy", "persistentvolumes", "customresourcedefinitions"}
OF_MANY_NAMESPACES = {
    *(("planaria.dev", "clusterhealingpolicies", verb) for verb in ("get", "list", "watch")),
    ("planaria.dev", "clusterhealingpolicies/status", "patch"),
}
NEVER = {"*", "secrets", "configmaps", "pods/exec", "escalate", "bind", "impersonate", "deletecollection"}


def with_actions(*on: str):
    return set_values(*(f"actions.{action}.enabled={str(action in on).lower()}" for action in ACTIONS))


def acting(bodies):
    """What the operator may do to things that are not its own records."""
    granted = permissions(of_operator(bodies, "ClusterRole"))
    return {
        (group, resource, verb)
        for group, resource, verb in granted
        if (verb not in {"get", "list", "watch"} or resource.endswith(("/scale", "/exec")))
        and group not in {"planaria.dev", "events.k8s.io"}
    }


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_alone_brings_its_own_verbs_and_no_other(action: str):
    assert acting(with_actions(action)) == NEEDS[action]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_that_is_off_leaves_only_what_the_others_need(action: str):
    others = [each for each in ACTIONS if each != action]
    assert acting(with_actions(*others)) == set().union(*(NEEDS[each] for each in others))


def test_with_every_action_off_nothing_can_be_changed_but_records():
    bodies = with_actions()
    assert acting(bodies) == set()
    assert ("planaria.dev", "remediations", "create") in permissions(of_operator(bodies, "ClusterRole"))


@pytest.mark.parametrize("case", CASES)
def test_no_role_of_any_case_has_a_wildcard_or_a_way_to_more(case: str):
    roles = of_kind(render(*of_case(case)), "Role", "ClusterRole")
    granted = permissions(roles)
    assert [each for each in granted if NEVER & set(each)] == []
    assert [each for each in granted if each[0] == "rbac.authorization.k8s.io"] == []


@pytest.mark.parametrize("case", CASES)
def test_every_role_is_bound_to_an_account_of_the_release(case: str):
    bodies = render(*of_case(case))
    accounts = {body["metadata"]["name"] for body in of_kind(bodies, "ServiceAccount")}
    for binding in of_kind(bodies, "RoleBinding", "ClusterRoleBinding"):
        namespace = binding["metadata"].get("namespace")
        role = named_in(bodies, binding["roleRef"]["kind"], binding["roleRef"]["name"], namespace)
        assert role["metadata"].get("namespace") == namespace
        assert {subject["name"] for subject in binding["subjects"]} <= accounts
        assert {subject["namespace"] for subject in binding["subjects"]} == {"planaria-system"}


def named_in(bodies, kind, name, namespace):
    scoped = [body for body in bodies if body["metadata"].get("namespace") == namespace]
    return named(scoped if kind == "Role" else bodies, kind, name)


def test_with_namespaces_only_what_has_none_is_granted_for_the_whole_cluster():
    everywhere = permissions(of_operator(set_values(), "ClusterRole"))
    bodies = set_values("watchNamespaces={shop,api}")
    wide = permissions(of_operator(bodies, "ClusterRole"))
    assert {resource for _, resource, _ in wide} == OF_A_CLUSTER
    for namespace in ("shop", "api"):
        roles = [role for role in of_operator(bodies, "Role") if role["metadata"]["namespace"] == namespace]
        assert permissions(roles) == everywhere - wide - OF_MANY_NAMESPACES


@pytest.mark.parametrize("watched", ["shop", f"shop,{NODE_NAMESPACE}"])
def test_with_namespaces_the_events_of_nodes_are_within_reach_and_nothing_else_where_they_are_kept(
    watched: str,
):
    roles = of_operator(set_values(f"watchNamespaces={{{watched}}}"), "Role")
    there = permissions(role for role in roles if role["metadata"]["namespace"] == NODE_NAMESPACE)
    events = {each for each in there if each[:2] == ("events.k8s.io", "events")}
    assert {verb for _, _, verb in events} == {"get", "list", "create", "patch"}
    assert (there == events) is (NODE_NAMESPACE not in watched.split(","))


def test_policies_for_many_namespaces_are_followed_by_an_operator_that_sees_all_of_them():
    assert permissions(of_operator(set_values(), "ClusterRole")) >= OF_MANY_NAMESPACES
    few = permissions(of_operator(set_values("watchNamespaces={shop}"), "ClusterRole", "Role"))
    assert few & OF_MANY_NAMESPACES == set()


def test_who_may_edit_all_namespaces_is_said_by_nobody_but_an_administrator():
    bodies = set_values()
    role = named(bodies, "ClusterRole", "planaria-cluster-edit")
    assert not [label for label in role["metadata"]["labels"] if "aggregate-to" in label]
    assert ("planaria.dev", "clusterhealingpolicies", "patch") in permissions([role])
    aggregated = [named(bodies, "ClusterRole", name) for name in ("planaria-edit", "planaria-view")]
    changing = {verb for _, resource, verb in permissions(aggregated) if resource == "clusterhealingpolicies"}
    assert changing == {"get", "list", "watch"}
    names = {
        body["metadata"]["name"] for body in of_kind(set_values("watchNamespaces={shop}"), "ClusterRole")
    }
    assert "planaria-cluster-edit" not in names


def test_without_usage_the_kubelets_are_out_of_reach():
    granted = permissions(of_operator(set_values("rbac.usage=false"), "ClusterRole", "Role"))
    assert "nodes/proxy" not in {resource for _, resource, _ in granted}


def test_the_lease_is_the_release_s_own_and_the_only_one_in_reach():
    bodies = set_values()
    role = named(bodies, "Role", "planaria-operator-lead")
    ruled = {verb: rule.get("resourceNames") for rule in role["rules"] for verb in rule["verbs"]}
    assert ruled == {
        "get": ["planaria-operator"],
        "patch": ["planaria-operator"],
        "create": None,
    }
    assert named(bodies, "Lease", "planaria-operator")["metadata"]["namespace"] == "planaria-system"


def test_who_may_edit_a_namespace_may_not_touch_records():
    bodies = set_values()
    edit = permissions([named(bodies, "ClusterRole", "planaria-edit")])
    assert {resource for _, resource, _ in edit} == {"healingpolicies"}
    names = {body["metadata"]["name"] for body in of_kind(set_values("rbac.aggregate=false"), "ClusterRole")}
    assert not {"planaria-edit", "planaria-view"} & names


@pytest.mark.parametrize("case", CASES)
def test_nothing_that_the_release_runs_may_approve(case: str):
    roles = of_operator(render(*of_case(case)), "ClusterRole") + of_operator(render(*of_case(case)), "Role")
    verbs = {verb for _, resource, verb in permissions(roles) if resource.startswith("approvals")}
    assert verbs <= {"get", "list", "watch"}


def test_approving_is_a_role_of_its_own_that_is_part_of_no_other():
    bodies = set_values("rbac.aggregate=false")
    role = named(bodies, "ClusterRole", "planaria-approver")
    granted = permissions([role])
    assert {each for each in granted if each[2] not in {"get", "list", "watch"}} == {
        ("planaria.dev", "approvals", "create")
    }
    assert not [label for label in role["metadata"]["labels"] if "aggregate" in label]
    others = [body for body in of_kind(bodies, "ClusterRole") if body is not role]
    assert ("planaria.dev", "approvals", "create") not in permissions(others)


def test_the_admission_policy_names_the_account_of_the_release():
    bodies = set_values("operator.serviceAccount.name=healer")
    policy = named(bodies, "ValidatingAdmissionPolicy", "planaria-approvals")
    rules = [each["expression"] for each in policy["spec"]["validations"]]
    assert 'request.userInfo.username != "system:serviceaccount:planaria-system:healer"' in rules
    assert "object.spec.approver == request.userInfo.username" in rules
    binding = named(bodies, "ValidatingAdmissionPolicyBinding", "planaria-approvals")
    assert binding["spec"] == {"policyName": "planaria-approvals", "validationActions": ["Deny"]}
    assert not of_kind(set_values("approvals.admissionPolicy=false"), "ValidatingAdmissionPolicy")
