"""The operator's role allows what the stations do, and nothing that nobody needs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from planaria_operator.kube.interface import RESOURCES
from tests.kubectl import Kubectl

MANIFEST = Path(__file__).parents[2] / "operator" / "manifests" / "rbac.yaml"
OPERATOR = "system:serviceaccount:planaria-system:planaria-operator"

ALLOWED = {
    "": "get pods, watch pods, get pods/log, create pods/eviction, patch pods/resize, watch nodes, patch nodes, "
    "get nodes/proxy, watch services, watch namespaces, get persistentvolumeclaims, get persistentvolumes",
    "apps": "get deployments, watch replicasets, list controllerrevisions, patch deployments, patch statefulsets, "
    "patch daemonsets, get deployments/scale, patch statefulsets/scale",
    "discovery.k8s.io": "watch endpointslices",
    "autoscaling": "watch horizontalpodautoscalers, get horizontalpodautoscalers, patch horizontalpodautoscalers",
    "keda.sh": "get scaledobjects, list scaledobjects, patch scaledobjects",
    "policy": "watch poddisruptionbudgets",
    "events.k8s.io": "list events, create events, patch events",
    "planaria.dev": "watch healingpolicies, patch healingpolicies/status, watch clusterhealingpolicies, "
    "patch clusterhealingpolicies/status, create remediations, delete remediations, "
    "patch remediations/status",
}
DENIED = {
    "": "get secrets, list configmaps, create pods, delete pods, patch pods, create pods/exec, get pods/exec, create nodes/proxy, "
    "delete nodes, update nodes/status, create serviceaccounts/token, impersonate users, delete namespaces",
    "apps": "create deployments, delete deployments, update deployments, patch replicasets",
    "autoscaling": "update horizontalpodautoscalers, delete horizontalpodautoscalers, patch horizontalpodautoscalers/status",
    "keda.sh": "create scaledobjects, delete scaledobjects, watch triggerauthentications",
    "policy": "patch poddisruptionbudgets, delete poddisruptionbudgets",
    "planaria.dev": "patch healingpolicies, create healingpolicies, delete healingpolicies, patch remediations, "
    "patch clusterhealingpolicies, create clusterhealingpolicies",
    "apiextensions.k8s.io": "list customresourcedefinitions, create customresourcedefinitions",
    "rbac.authorization.k8s.io": "escalate clusterroles, bind clusterroles, create clusterrolebindings",
}
ACTIONS = ("restart", "rollback", "scale", "resize", "migrate", "isolate")
"""Reload is not among them: running a command in a pod is a right that somebody has to ask for."""
STATIONS = ("watch", "evidence", "guard", "act", "record")
NEVER_READ = {"SelfSubjectAccessReview"}


def documents(kind: str) -> list[dict[str, Any]]:
    return [body for body in yaml.safe_load_all(MANIFEST.read_text()) if body["kind"] == kind]


def operator_rules() -> list[dict[str, Any]]:
    roles = [
        body for body in documents("ClusterRole") if body["metadata"]["name"].startswith("planaria-operator")
    ]
    return [rule for body in roles for rule in body["rules"]]


def lead_rules() -> list[dict[str, Any]]:
    """Those of its own namespace."""
    return [rule for body in documents("Role") for rule in body["rules"]]


def test_no_rule_has_a_wildcard_or_reaches_for_secrets_or_more_rights():
    for rule in (*operator_rules(), *lead_rules()):
        words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert not words & {
            "*",
            "secrets",
            "escalate",
            "bind",
            "impersonate",
            "pods/exec",
            "deletecollection",
        }
        assert "rbac.authorization.k8s.io" not in rule["apiGroups"]


def test_every_rule_says_which_station_needs_it():
    lines = MANIFEST.read_text().partition("kind: ClusterRoleBinding")[0].splitlines()
    comments = [
        comment_above(lines, number) for number, line in enumerate(lines) if line.startswith("  - apiGroups")
    ]
    assert len(comments) == len(operator_rules())
    assert [comment for comment in comments if not comment.startswith(STATIONS)] == []


def comment_above(lines: list[str], number: int) -> str:
    start = number
    while lines[start - 1].startswith("  # "):
        start -= 1
    return " ".join(line.removeprefix("  # ") for line in lines[start:number])


@pytest.mark.parametrize("kind", sorted(set(RESOURCES) - NEVER_READ))
def test_every_kind_that_the_operator_knows_can_be_read(kind: str):
    resource = RESOURCES[kind]
    group = resource.api_version.rpartition("/")[0]
    readable = [
        rule
        for rule in (*operator_rules(), *lead_rules())
        if group in rule["apiGroups"] and resource.plural in rule["resources"]
    ]
    verbs = {verb for rule in readable for verb in rule["verbs"]}
    assert verbs & {"get", "list"}


def test_every_role_of_the_operator_is_bound_to_its_account_alone():
    bound = {body["roleRef"]["name"]: body["subjects"] for body in documents("ClusterRoleBinding")}
    account = {"kind": "ServiceAccount", "name": "planaria-operator", "namespace": "planaria-system"}
    parts = ("read", "usage", "record", *ACTIONS)
    assert bound == {f"planaria-operator-{part}": [account] for part in parts}


def review(group: str, sentence: str) -> dict[str, Any]:
    verb, _, resource = sentence.partition(" ")
    name, _, subresource = resource.partition("/")
    attributes = {
        "group": group,
        "verb": verb,
        "resource": name,
        "subresource": subresource,
        "namespace": "shop",
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": OPERATOR, "resourceAttributes": attributes},
    }


def answers(kubectl: Kubectl, questions: dict[str, str]) -> dict[str, bool]:
    """What the API server says to each, in one call."""
    asked = [(group, sentence) for group, text in questions.items() for sentence in text.split(", ")]
    reviews = {"apiVersion": "v1", "kind": "List", "items": [review(*question) for question in asked]}
    query = r'jsonpath={.status.allowed}{"\n"}'
    said = kubectl("create", "-f", "-", "-o", query, stdin=yaml.safe_dump(reviews)).split()
    return {
        f"{sentence}.{group}": answer == "true" for (group, sentence), answer in zip(asked, said, strict=True)
    }


@pytest.fixture(scope="module")
def granted(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "--server-side", "--force-conflicts", "--warnings-as-errors", "-f", str(MANIFEST))
    return kubectl


@pytest.mark.apiserver
def test_the_server_allows_what_the_stations_do(granted: Kubectl):
    said = answers(granted, ALLOWED)
    assert [sentence for sentence, allowed in said.items() if not allowed] == []


@pytest.mark.apiserver
def test_the_server_denies_what_nobody_needs(granted: Kubectl):
    said = answers(granted, DENIED)
    assert [sentence for sentence, allowed in said.items() if allowed] == []


@pytest.mark.apiserver
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("create pods --subresource=eviction", "yes"),
        ("get customresourcedefinitions/remediations.planaria.dev", "yes"),
        ("get customresourcedefinitions/others.example.com", "no"),
        ("get secrets", "no"),
    ],
)
def test_kubectl_says_the_same(granted: Kubectl, question: str, answer: str):
    words = question.split()
    scope = [] if "customresource" in question else ["-n", "shop"]
    said = granted.run("auth", "can-i", *words, *scope, f"--as={OPERATOR}")
    assert said.stdout.strip() == answer


@pytest.mark.apiserver
def test_who_may_view_a_namespace_may_view_its_records(granted: Kubectl):
    role = granted.json("get", "clusterrole", "view")
    rules = [rule for rule in role["rules"] if "planaria.dev" in rule["apiGroups"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
