"""Against a real API server: what is read, that nothing is changed, and what a viewer may do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from planaria_operator.api.base import API_VERSION
from planaria_operator.api.policy_status import BreakerStatus
from planaria_operator.api.remediation import Stage
from tests.api import example
from tests.kube.real import NOWHERE, deployment
from tests.kubectl_plugin.conftest import new_namespace

pytestmark = pytest.mark.apiserver

POLICY = "web"
SPEC = {
    "mode": "Enforce",
    "selector": {"matchLabels": {"tier": "web"}},
    "guardrails": {"minHealthy": 0},
    "triggers": {"unschedulableForSeconds": 3600},
}
REMEDIATION = "front-1a2b3c4d"


@pytest.fixture(scope="module")
def namespace(kubectl):
    """One for all tests here: none of them changes anything."""
    yield from new_namespace(kubectl)


@pytest.fixture(scope="module")
def shop(kubectl, namespace):
    """A Deployment with limits whose pods no node takes, a policy that an operator has seen, and one open record."""
    front = deployment("front", replicas=2, **NOWHERE)
    front["metadata"]["labels"] = {"tier": "web"}
    front["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "32Mi"}}
    made = kubectl.apply(namespace, front)
    head = {"apiVersion": API_VERSION, "kind": "HealingPolicy", "metadata": {"name": POLICY}}
    policy = kubectl.apply(namespace, {**head, "spec": SPEC})
    seen = example.POLICY_STATUS.model_copy(
        update={
            "observed_generation": policy["metadata"]["generation"],
            "reservations": (),
            "breaker": BreakerStatus(),
            "storm": None,
        }
    )
    kubectl.apply_status(namespace, {**head, "status": seen.to_body()})
    kubectl("wait", "pod", "-l", "app=front", "--for=condition=PodScheduled=false", "-n", namespace)
    record(kubectl, namespace, made["metadata"]["uid"])
    return namespace


def record(kubectl, namespace, uid):
    about = example.WEB.model_copy(update={"name": "front", "namespace": namespace, "uid": uid})
    spec = example.SPEC.model_copy(update={"policy": POLICY, "target": about})
    head = {"apiVersion": API_VERSION, "kind": "Remediation", "metadata": {"name": REMEDIATION}}
    kubectl.apply(namespace, {**head, "spec": spec.to_body()})
    decision = example.DECISION.model_copy(
        update={
            "target": about,
            "parameters": example.DECISION.parameters.model_copy(update={"container": None, "pods": ()}),
        }
    )
    status = example.STATUS.model_copy(
        update={
            "stage": Stage.BLOCKED,
            "attempts": (),
            "finished_at": None,
            "healthy_since": None,
            "next_check_at": None,
            "decision": decision,
        }
    )
    kubectl.apply_status(namespace, {**head, "status": status.to_body()})


def versions(kubectl, namespace):
    """Every object of the namespace that an action could touch, and the nodes' specs."""
    kinds = "deployments,replicasets,pods,events,healingpolicies,remediations,controllerrevisions"
    found = {
        (each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"]
        for each in kubectl.items(kinds, namespace)
    }
    nodes = {each["metadata"]["name"]: each["spec"] for each in kubectl.json("get", "nodes")["items"]}
    return found, nodes


def test_status_shows_the_policy_and_what_is_open(plugin, shop):
    report = plugin("status")
    (policy,), (active,) = report["policies"], report["active"]
    assert (report["apiVersion"], report["kind"]) == ("kubectl.planaria.dev/v1", "StatusReport")
    assert (policy["name"], policy["mode"], policy["ready"], policy["seen"]) == (
        "web",
        "Enforce",
        "True",
        True,
    )
    assert (active["name"], active["target"], active["stage"]) == (REMEDIATION, "Deployment/front", "Blocked")
    assert REMEDIATION in plugin("status", table=True)
    assert REMEDIATION in plugin("status", "-A", table=True)


def test_why_explains_the_record_and_the_policies(plugin, shop):
    report = plugin("why", "deploy/front")
    assert report["conclusion"]["code"] == "HeldBack"
    assert [each["kind"] for each in report["symptoms"]] == ["Unschedulable"] * 2
    assert [(each["name"], each["heals"]) for each in report["policies"]] == [("web", True)]
    assert [each["name"] for each in report["remediations"]] == [REMEDIATION]
    assert plugin("why", "deploy/nope")["conclusion"]["code"] == "NoSuchObject"


def test_diff_of_a_decision_that_is_held_back_is_what_would_be_planned_now(plugin, shop, kubectl):
    before = versions(kubectl, shop)
    report = plugin("diff", REMEDIATION)
    assert (report["origin"], report["action"]) == ("PlannedNow", "resize")
    (patch,) = (each for each in report["operations"] if each["phase"] == "apply")
    assert patch["standing"] == "Fits"
    change = patch["changes"][0]
    assert (change["before"]["limits"]["memory"], change["after"]["limits"]["memory"]) == ("32Mi", "48Mi")
    assert "- " in plugin("diff", REMEDIATION, table=True)
    assert versions(kubectl, shop) == before
    assert "no attempt 2" in plugin("diff", REMEDIATION, "--attempt", "2", fails=True)
    assert '"nope" not found' in plugin("diff", "nope", fails=True)


@pytest.mark.parametrize("fault", ["memory_exhaustion", "application_crash", "overload", "bad_configuration"])
def test_simulate_asks_the_server_and_changes_nothing(plugin, shop, kubectl, fault):
    before = versions(kubectl, shop)
    report = plugin("simulate", "deploy/front", "--fault", fault, "--pods", "2")
    assert versions(kubectl, shop) == before
    if fault != "bad_configuration":  # there is no revision to go back to
        assert report["code"] == "WouldAct", report["message"]
        assert report["dryRun"]["accepted"] is True
        assert all(each["allowed"] for each in report["guards"])
    assert report["ladder"] or report["code"] == "WouldEscalate"


def test_kubectl_finds_it_as_its_plugin(kubectl, shop):
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_COLOR": "1",
    }
    environment["KUBECONFIG"] = str(kubectl.kubeconfig)
    words = [str(kubectl.program), "planaria", "status", "-n", shop]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("POLICIES\n  NAMESPACE")
    assert "\x1b" not in done.stdout


def test_a_viewer_sees_all_but_nodes_and_may_pause_nothing(plugin, shop, kubectl, tmp_path):
    kubectl("create", "serviceaccount", "viewer", "-n", shop)
    account = f"--serviceaccount={shop}:viewer"
    kubectl("create", "rolebinding", "viewer", "--clusterrole=view", account, "-n", shop)
    resources = "--resource=healingpolicies.planaria.dev,remediations.planaria.dev"
    kubectl("create", "role", "planaria-view", "--verb=get,list,watch", resources, "-n", shop)
    kubectl("create", "rolebinding", "planaria-view", "--role=planaria-view", account, "-n", shop)
    config = kubectl.with_token(kubectl("create", "token", "viewer", "-n", shop).strip(), tmp_path)

    assert plugin("status", config=config)["active"][0]["name"] == REMEDIATION
    why = plugin("why", "deploy/front", config=config)
    assert why["conclusion"]["code"] == "HeldBack"
    assert "you may not list nodes: whether a node is lost is not known" in why["notes"]
    assert {note.split(":")[0] for note in why["notes"]} == {
        "you may not list nodes",
        "you may not list clusterhealingpolicies",
    }
    simulated = plugin("simulate", "deploy/front", "--fault", "memory_exhaustion", config=config)
    assert simulated["decision"]["action"] == "resize"
    assert "you may not ask the API server" in simulated["dryRun"]["message"]
    assert plugin("diff", REMEDIATION, config=config)["action"] == "resize"
    refused = plugin("pause", POLICY, "--reason", "x", fails=True, config=config)
    assert "not allowed to patch healingpolicies.planaria.dev" in refused
    assert refused.count("\n") == 1
    assert "not allowed to list" in plugin("status", "-A", fails=True, config=config)
