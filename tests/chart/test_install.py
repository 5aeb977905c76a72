"""The chart on the real cluster: install, round trip, a fault, upgrade, rollback, uninstall; in this order."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.images import builder
from planaria_cluster.products import build_products
from tests.api import example
from tests.chart.conftest import RESTRICTED
from tests.chart.installed import Release
from tests.chart.waiting import eventually
from tests.kubectl import Kubectl

pytestmark = [pytest.mark.cluster, pytest.mark.images]

BUSYBOX = "planaria.local/busybox:1"
TAINT = "planaria.dev/avoid"
KINDS = (
    "deployments,replicasets,pods,jobs,services,serviceaccounts,configmaps,leases,networkpolicies,"
    "poddisruptionbudgets,roles,rolebindings,clusterroles,clusterrolebindings,persistentvolumeclaims"
)


@pytest.fixture(scope="module")
def images(kubeconfig: Path) -> None:
    """Those of this checkout, on every node."""
    if builder() is None:
        pytest.skip("no Docker, podman or buildah here")
    for archive in build_products(("operator", "policy")):
        open_cluster().load(archive)


def new_namespace(kubectl: Kubectl, *labels: str) -> str:
    name = f"chart-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    if labels:
        kubectl("label", "namespace", name, *labels)
    return name


@pytest.fixture(scope="module")
def shop(kubectl: Kubectl) -> Iterator[str]:
    name = new_namespace(kubectl)
    yield name
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture(scope="module")
def release(images: None, kubectl: Kubectl, shop: str) -> Iterator[Release]:
    """In a namespace that enforces `restricted`, healing nothing but `shop`."""
    namespace = new_namespace(kubectl, *(f"{key}={value}" for key, value in RESTRICTED.items()))
    release = Release("healer", namespace, kubectl.kubeconfig)
    release.install("--set", f"watchNamespaces={{{shop}}}")
    yield release
    kubectl("delete", "namespace", namespace, "--wait=false")


def operator(kubectl: Kubectl, release: Release) -> dict[str, Any]:
    found: dict[str, Any] = kubectl.json(
        "get", "deployment", "healer-planaria-operator", "-n", release.namespace
    )
    return found


def arguments(kubectl: Kubectl, release: Release) -> list[str]:
    words: list[str] = operator(kubectl, release)["spec"]["template"]["spec"]["containers"][0]["args"]
    return words


def test_what_is_installed_is_ready(release: Release, kubectl: Kubectl):
    status = operator(kubectl, release)["status"]
    assert status["readyReplicas"] == status["replicas"]
    pods = kubectl.items("pods", release.namespace)
    assert {restart["restartCount"] for pod in pods for restart in pod["status"]["containerStatuses"]} == {0}


def test_the_round_trip_succeeds_and_leaves_nothing(release: Release, kubectl: Kubectl, shop: str):
    said = release.test()
    assert ("Succeeded" in said, said.count("TEST SUITE")) == (True, 1)
    assert kubectl.items("healingpolicies", shop) == []
    assert [
        pod["metadata"]["name"]
        for pod in kubectl.items("pods", release.namespace)
        if pod["metadata"]["name"].endswith("-test")
    ] == []


def broken(name: str) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "app", "image": BUSYBOX, "command": ["sh", "-c", "echo no route to host; exit 3"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.fixture(scope="module")
def record(release: Release, kubectl: Kubectl, shop: str) -> dict[str, Any]:
    """Of a fault that a policy in mode Observe saw."""
    spec = {"mode": "Observe", "actions": [{"type": "restart"}], "triggers": {"notReadyForSeconds": 5}}
    policy = {"apiVersion": "planaria.dev/v1alpha1", "kind": "HealingPolicy", "metadata": {"name": "watch"}}
    kubectl.apply(shop, {**policy, "spec": spec})
    kubectl.apply(shop, broken("front"))

    def understood() -> dict[str, Any] | None:
        found = kubectl.items("remediations", shop)
        return next((each for each in found if each.get("status", {}).get("decision")), None)

    found: dict[str, Any] = eventually(understood, seconds=120)
    return found


def test_a_fault_is_recorded_and_nothing_is_changed(record: dict[str, Any], kubectl: Kubectl, shop: str):
    assert record["spec"]["target"]["name"] == "front"
    assert record["status"]["semanticState"]["source"] == "encoder"
    deployment = kubectl.json("get", "deployment", "front", "-n", shop)
    assert deployment["metadata"]["generation"] == 1


def test_an_upgrade_brings_its_values_and_keeps_the_record(
    release: Release, kubectl: Kubectl, shop: str, record: dict[str, Any]
):
    watched = f"watchNamespaces={{{release.namespace},{shop}}}"
    release.upgrade("--set", f"operator.logLevel=debug,actions.migrate.enabled=false,{watched}")
    assert "--log-level=debug" in arguments(kubectl, release)
    assert kubectl.run("get", "clusterrole", "healer-planaria-operator-migrate").returncode != 0
    # Its own namespace, which is protected, is where the round trip goes by default.
    assert "Succeeded" in release.test()
    kept = kubectl.json("get", "remediation", record["metadata"]["name"], "-n", shop)
    assert kept["metadata"]["uid"] == record["metadata"]["uid"]


def test_a_rollback_brings_the_old_ones_back(release: Release, kubectl: Kubectl, record: dict[str, Any]):
    release.rollback(1)
    assert "--log-level=info" in arguments(kubectl, release)
    kubectl("get", "clusterrole", "healer-planaria-operator-migrate")
    assert (
        kubectl.run("get", "role", "healer-planaria-operator-read", "-n", release.namespace).returncode != 0
    )
    assert "Succeeded" in release.test()


def test_a_namespace_with_records_goes_while_the_operator_runs(
    release: Release, kubectl: Kubectl, shop: str, record: dict[str, Any]
):
    kubectl("delete", "namespace", shop, "--timeout=90s")
    assert kubectl.run("get", "namespace", shop).returncode != 0


def test_an_uninstall_says_what_stays_and_leaves_nothing_else(release: Release, kubectl: Kubectl):
    node = kubectl.json("get", "nodes")["items"][0]["metadata"]["name"]
    kubectl("taint", "node", node, f"{TAINT}:PreferNoSchedule")
    try:
        said = release.uninstall()
        taints = kubectl.json("get", "node", node)["spec"].get("taints") or []
    finally:
        kubectl.run("taint", "node", node, f"{TAINT}-")
    assert "kept due to the resource policy" in said
    assert "healingpolicies.planaria.dev" in said
    assert TAINT not in {taint["key"] for taint in taints}
    kubectl(
        "get", "crd", "healingpolicies.planaria.dev", "remediations.planaria.dev", "approvals.planaria.dev"
    )
    selected = ("-A", "-l", f"app.kubernetes.io/instance={release.name}", "-o", "name")
    # Helm does not wait for pods, which the garbage collector ends in its own time.
    eventually(lambda: kubectl("get", KINDS, *selected).split(), lambda left: left == [], seconds=180)


def test_a_namespace_with_records_goes_without_an_operator(kubectl: Kubectl):
    """A record that nobody keeps any more, in the midst of an action, owned by its policy."""
    name = new_namespace(kubectl)
    policy = {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "enforce-web"},
    }
    uid = kubectl.apply(name, policy)["metadata"]["uid"]
    owner = {"apiVersion": policy["apiVersion"], "kind": policy["kind"], "name": "enforce-web", "uid": uid}
    metadata = {"name": "web-1", "ownerReferences": [owner]}
    record = {"apiVersion": policy["apiVersion"], "kind": "Remediation", "metadata": metadata}
    kubectl.apply(name, {**record, "spec": example.SPEC.to_body()})
    kubectl.apply_status(name, {**record, "status": example.STATUS.to_body()})
    kubectl("delete", "namespace", name, "--timeout=60s")
