"""The chart's NetworkPolicies where they are enforced: what Planaria needs passes, and nothing else does.

On the cluster beside, because enforcing is for a whole cluster.
"""

import secrets
from collections.abc import Iterator

import pytest

from planaria_cluster import Provider
from tests.chart.conftest import RESTRICTED
from tests.chart.installed import Release
from tests.chart.waiting import eventually, until_finished
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, policy
from tests.kubectl import Kubectl, condition, image_of

pytestmark = [pytest.mark.cluster, pytest.mark.images, pytest.mark.apart]

TIMED_OUT = 143
"""Dropped, as a policy does it; a refusal would be something else."""
SELECTED = "app.kubernetes.io/instance=policed,app.kubernetes.io/component"


@pytest.fixture(scope="module")
def policed(apart: Provider) -> Provider:
    apart.up(nodes=2, network_policies=True)
    return apart


@pytest.fixture(scope="module")
def kubectl(policed: Provider) -> Kubectl:
    return Kubectl(policed.kubectl(), policed.kubeconfig())


@pytest.fixture(scope="module")
def release(policed: Provider, kubectl: Kubectl) -> Iterator[Release]:
    """Ready at all only where the operators reach the API server and the kubelet's probes reach every pod."""
    kubectl("create", "namespace", "planaria")
    kubectl("label", "namespace", "planaria", *(f"{key}={value}" for key, value in RESTRICTED.items()))
    release = Release("policed", "planaria", policed.kubeconfig())
    release.install(
        "--set", "networkPolicy.dnsPorts={53,5300},policy.deadlineSeconds=5"
    )  # here CoreDNS is a program of the host, on 5300
    yield release
    release.uninstall()


@pytest.fixture(scope="module")
def outsiders(kubectl: Kubectl) -> dict[str, str]:
    """A pod that serves on port 8080 in each of two namespaces, by namespace: its address."""
    for namespace in ("stranger", "monitoring"):
        kubectl("create", "namespace", namespace)
        kubectl("apply", "-n", namespace, "-f", "-", stdin=OUTSIDER)
    found = {}
    for namespace in ("stranger", "monitoring"):
        kubectl("wait", "--for=condition=Ready", "pod/outsider", "-n", namespace, "--timeout=60s")
        found[namespace] = kubectl.json("get", "pod", "outsider", "-n", namespace)["status"]["podIP"]
    return found


OUTSIDER = """
apiVersion: v1
kind: Pod
metadata: {name: outsider}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: planaria.local/busybox:1
    command: [sh, -c, 'mkdir /www; echo here > /www/index.html; exec httpd -f -p 8080 -h /www']
"""


def pod(kubectl: Kubectl, component: str) -> tuple[str, str]:
    """Name and address of one."""
    (first, *_) = kubectl.json("get", "pods", "-n", "planaria", "-l", f"{SELECTED}={component}")["items"]
    return first["metadata"]["name"], first["status"]["podIP"]


def fetches(kubectl: Kubectl, namespace: str, url: str) -> bool:
    done = kubectl.run("exec", "outsider", "-n", namespace, "--", "timeout", "4", "wget", "-q", "-O-", url)
    assert done.returncode in {0, TIMED_OUT}, done.stderr
    return done.returncode == 0


def connects(kubectl: Kubectl, name: str, address: str, port: int) -> bool:
    """From a pod of the release, which has Python and no shell to speak of."""
    program = f"import socket; socket.create_connection(({address!r}, {port}), 3).close()"
    done = kubectl.run("exec", name, "-n", "planaria", "--", "python3", "-c", program)
    assert done.returncode == 0 or "TimeoutError" in done.stderr, done.stderr
    return done.returncode == 0


def test_the_round_trip_passes(release: Release):
    assert "Succeeded" in release.test()


def test_a_fault_is_healed_and_the_policy_service_is_asked(release: Release, kubectl: Kubectl):
    name = f"shop-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    kubectl.apply(name, policy(name))
    kubectl.apply(name, deployment(name))
    kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    kubectl.apply(name, deployment(name, BAD))
    assert image_of(until_finished(kubectl, name, seconds=120)) == IMAGE
    body = kubectl.json("get", "healingpolicy", "web", "-n", name)
    assert condition(body["status"], "PolicyServiceAvailable")["reason"] != "PolicyNotReached"
    (record,) = kubectl.items("remediations", name)
    assert record["status"]["decision"].get("shadow"), "by the name of its Service, so DNS was asked too"


@pytest.mark.parametrize(("component", "port"), [("operator", 8080), ("policy", 8090)])
def test_metrics_are_for_who_may_scrape_and_nobody_else(
    component: str, port: int, release: Release, kubectl: Kubectl, outsiders: dict[str, str]
):
    _, address = pod(kubectl, component)
    assert fetches(kubectl, "monitoring", f"http://{address}:{port}/metrics")
    assert not fetches(kubectl, "stranger", f"http://{address}:{port}/metrics")


@pytest.mark.parametrize("component", ["operator", "policy"])
def test_nothing_leaves_for_where_nobody_named(
    component: str, release: Release, kubectl: Kubectl, outsiders: dict[str, str]
):
    name, _ = pod(kubectl, component)
    # The other outsider reaches it, so it is the sender's policy that keeps these away.
    assert fetches(kubectl, "monitoring", f"http://{outsiders['stranger']}:8080/")
    assert not connects(kubectl, name, outsiders["stranger"], 8080)


def test_the_policy_service_does_not_reach_the_api_server(release: Release, kubectl: Kubectl):
    operator, service = pod(kubectl, "operator")[0], pod(kubectl, "policy")[0]
    address = kubectl.json("get", "service", "kubernetes", "-n", "default")["spec"]["clusterIP"]
    assert connects(kubectl, operator, address, 443)
    assert not connects(kubectl, service, address, 443)


def test_without_the_policies_everybody_passes(release: Release, kubectl: Kubectl, outsiders: dict[str, str]):
    """Last: so it was they that denied."""
    release.upgrade("--set", "networkPolicy.enabled=false")
    _, address = pod(kubectl, "operator")
    eventually(lambda: fetches(kubectl, "stranger", f"http://{address}:8080/metrics"), seconds=30)
    assert connects(kubectl, pod(kubectl, "policy")[0], outsiders["stranger"], 8080)
