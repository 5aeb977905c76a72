"""Who may approve, in whose name, and what an Approval may be: asked of the API server itself, with the roles that are shipped."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from planaria_operator.api.base import API_VERSION
from planaria_operator.api.remediation import Stage
from tests.api import example
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

MANIFEST = Path(__file__).parents[2] / "operator" / "manifests" / "rbac.yaml"
OPERATOR = "system:serviceaccount:planaria-system:planaria-operator"
ANNA, EDDA = "anna@example.com", "edda@example.com"
PATIENCE = 60


def approval(approver: str = ANNA, **spec: Any) -> str:
    whole = {
        "remediation": "web-1a2b3c4d",
        "digest": example.PLAN.digest,
        "verdict": "Approve",
        "approver": approver,
        **spec,
    }
    body = {
        "apiVersion": API_VERSION,
        "kind": "Approval",
        "metadata": {"generateName": "web-1a2b3c4d-"},
        "spec": whole,
    }
    return yaml.safe_dump(body)


@pytest.fixture(scope="module")
def people(kubectl: Kubectl) -> Iterator[str]:
    """A namespace where anna is bound to the approver's role, edda may edit, and a Remediation and a policy stand."""
    kubectl("apply", "--server-side", "--force-conflicts", "--warnings-as-errors", "-f", str(MANIFEST))
    namespace = f"approve-{int(time.time()) % 1000000}"
    kubectl("create", "namespace", namespace)
    for role, user in (("planaria-approver", ANNA), ("edit", EDDA)):
        kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={user}", "-n", namespace)
    head = {"apiVersion": API_VERSION, "metadata": {"name": "web-1a2b3c4d"}}
    kubectl.apply(namespace, {**head, "kind": "Remediation", "spec": example.SPEC.to_body()})
    kubectl.apply(namespace, {**head, "kind": "HealingPolicy", "spec": {"mode": "Approve"}})
    until_in_force(kubectl, namespace)
    yield namespace
    kubectl("delete", "namespace", namespace, "--wait=false")


def until_in_force(kubectl: Kubectl, namespace: str) -> None:
    """Aggregation and admission policies are taken up within seconds, not at once."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lie = kubectl.run("create", "--dry-run=server", "-n", namespace, "-f", "-", stdin=approval())
        edit = kubectl.run("auth", "can-i", "patch", "healingpolicies", "-n", namespace, f"--as={EDDA}")
        if lie.returncode and edit.stdout.strip() == "yes":
            return
        assert time.monotonic() < deadline, "the roles, or the admission policy, are not in force"
        time.sleep(0.5)


def create(kubectl: Kubectl, namespace: str, user: str, body: str) -> Any:
    words = ("create", "-n", namespace, f"--as={user}", "-f", "-", "-o", "json")
    return json.loads(kubectl(*words, stdin=body))


def refused(kubectl: Kubectl, namespace: str, user: str, body: str) -> str:
    return kubectl.refusal("create", "-n", namespace, f"--as={user}", "-f", "-", stdin=body)


def may(kubectl: Kubectl, namespace: str, user: str, sentence: str) -> bool:
    verb, resource, *rest = sentence.split()
    said = kubectl.run("auth", "can-i", verb, resource, *rest, "-n", namespace, f"--as={user}")
    return said.stdout.strip() == "yes"


# --- who


def test_an_approver_approves_in_their_own_name(kubectl: Kubectl, people: str):
    stored = create(kubectl, people, ANNA, approval(reason="OPS-17"))
    assert stored["spec"]["approver"] == ANNA
    assert stored["metadata"]["name"].startswith("web-1a2b3c4d-")


@pytest.mark.parametrize(
    ("sentence", "allowed"),
    [
        ("create approvals.planaria.dev", True),
        ("get approvals.planaria.dev", True),
        ("get remediations.planaria.dev", True),
        ("get healingpolicies.planaria.dev", True),
        ("update approvals.planaria.dev", False),
        ("patch approvals.planaria.dev", False),
        ("delete approvals.planaria.dev", False),
        ("patch healingpolicies.planaria.dev", False),
        ("create healingpolicies.planaria.dev", False),
        ("patch remediations.planaria.dev", False),
        ("patch remediations.planaria.dev --subresource=status", False),
        ("delete remediations.planaria.dev", False),
        ("patch deployments.apps", False),
        ("create pods", False),
    ],
)
def test_an_approver_may_do_that_and_nothing_else(
    kubectl: Kubectl, people: str, sentence: str, allowed: bool
):
    assert may(kubectl, people, ANNA, sentence) is allowed


def test_an_approver_cannot_edit_what_they_approve(kubectl: Kubectl, people: str):
    for kind in ("hpol", "rem"):
        words = ("patch", kind, "web-1a2b3c4d", "-n", people, "--type=merge", f"--as={ANNA}")
        assert "forbidden" in kubectl.refusal(*words, "-p", '{"metadata":{"labels":{"a":"b"}}}')


def test_an_editor_edits_policies_and_cannot_approve(kubectl: Kubectl, people: str):
    words = ("patch", "hpol", "web-1a2b3c4d", "-n", people, "--type=merge", f"--as={EDDA}")
    kubectl(*words, "-p", '{"spec":{"approval":{"expiresAfterSeconds":600}}}')
    assert "cannot create resource" in refused(kubectl, people, EDDA, approval(EDDA))


def test_the_operators_own_roles_do_not_let_it_approve(kubectl: Kubectl, people: str):
    assert may(kubectl, people, OPERATOR, "watch approvals.planaria.dev")
    for verb in ("create", "update", "patch", "delete"):
        assert not may(kubectl, people, OPERATOR, f"{verb} approvals.planaria.dev")
    assert "cannot create resource" in refused(kubectl, people, OPERATOR, approval(OPERATOR))


def test_the_operator_cannot_approve_even_where_somebody_grants_it(
    kubectl: Kubectl, people: str, tmp_path: Path
):
    account = "--serviceaccount=planaria-system:planaria-operator"
    kubectl("create", "rolebinding", "careless", "--clusterrole=planaria-approver", account, "-n", people)
    try:
        assert may(kubectl, people, OPERATOR, "create approvals.planaria.dev")
        said = refused(kubectl, people, OPERATOR, approval(OPERATOR))
        assert "the operator that proposes an action must not approve it" in said
        token = kubectl("create", "token", "planaria-operator", "-n", "planaria-system").strip()
        operator = Kubectl(kubectl.program, kubectl.with_token(token, tmp_path))
        said = operator.refusal("create", "-n", people, "-f", "-", stdin=approval(OPERATOR))
        assert "must not approve it" in said
    finally:
        kubectl("delete", "rolebinding", "careless", "-n", people)


@pytest.mark.parametrize("name", [EDDA, OPERATOR, "Anna@example.com", f"{ANNA} "])
def test_nobody_approves_in_anothers_name(kubectl: Kubectl, people: str, name: str):
    said = refused(kubectl, people, ANNA, approval(name))
    assert f"set it to {ANNA}" in said


def test_a_service_account_approves_under_its_full_name(kubectl: Kubectl, people: str, tmp_path: Path):
    kubectl("create", "serviceaccount", "robot", "-n", people)
    account = f"--serviceaccount={people}:robot"
    kubectl("create", "rolebinding", "robot", "--clusterrole=planaria-approver", account, "-n", people)
    token = kubectl("create", "token", "robot", "-n", people).strip()
    robot = Kubectl(kubectl.program, kubectl.with_token(token, tmp_path))
    assert "set it to system:serviceaccount" in robot.refusal(
        "create", "-n", people, "-f", "-", stdin=approval()
    )
    name = f"system:serviceaccount:{people}:robot"
    robot("create", "-n", people, "-f", "-", stdin=approval(name))
    assert "forbidden" in robot.refusal("get", "secrets", "-n", people)


def test_who_may_view_a_namespace_sees_who_approved(kubectl: Kubectl, people: str):
    role = kubectl.json("get", "clusterrole", "view")
    rules = [rule for rule in role["rules"] if "approvals" in rule["resources"]]
    assert [set(rule["verbs"]) for rule in rules] == [{"get", "list", "watch"}]


# --- what


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"verdict": "Reject"}, "a rejection needs a reason"),
        ({"verdict": "Reject", "reason": "   "}, "a rejection needs a reason"),
        ({"verdict": "Perhaps"}, 'supported values: "Approve", "Reject"'),
        ({"digest": "latest"}, "spec.digest"),
        ({"digest": "A" * 32}, "spec.digest"),
        ({"remediation": ""}, "spec.remediation"),
        ({"reason": "x" * 513}, "spec.reason"),
        ({"approver": ""}, "spec.approver"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_field(
    kubectl: Kubectl, people: str, changed: dict[str, Any], complaint: str
):
    assert complaint in refused(kubectl, people, ANNA, approval(**{"approver": ANNA, **changed}))


def test_an_answer_is_never_changed(kubectl: Kubectl, people: str):
    stored = create(kubectl, people, ANNA, approval(verdict="Reject", reason="not now"))
    for change in ({"verdict": "Approve"}, {"approver": EDDA}, {"digest": "0" * 32}, {"reason": "other"}):
        patch = json.dumps({"spec": change})
        name = stored["metadata"]["name"]
        said = kubectl.refusal("patch", "appr", name, "-n", people, "--type=merge", "-p", patch)
        assert "spec is immutable" in said


def test_kubectl_tells_it_in_one_line(kubectl: Kubectl, people: str):
    create(kubectl, people, ANNA, approval(verdict="Reject", reason="the image is being mended"))
    selector = "spec.verdict=Reject,spec.remediation=web-1a2b3c4d"
    lines = kubectl("get", "appr", "-n", people, "--field-selector", selector).splitlines()
    assert lines[0].split() == ["NAME", "REMEDIATION", "VERDICT", "APPROVER", "REASON", "AGE"]
    assert f"web-1a2b3c4d   Reject    {ANNA}   the image is being mended" in "\n".join(lines)
    status = example.STATUS.model_copy(update={"stage": Stage.AWAITING}).to_body()
    head = {"apiVersion": API_VERSION, "kind": "Remediation", "metadata": {"name": "web-1a2b3c4d"}}
    kubectl.apply_status(people, {**head, "status": status})
    assert "Awaiting" in kubectl("get", "rem", "-n", people)
    assert "APPROVED" in kubectl("get", "rem", "-n", people, "-o", "wide")
