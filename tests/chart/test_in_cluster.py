"""`make e2e-helm`: the faults and controls of the catalogue, healed by the operator that `helm install` put into the cluster."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planaria_cluster import open_cluster
from planaria_cluster.bare.provider import BareProvider
from planaria_cluster.images import builder
from planaria_cluster.products import build_products
from planaria_cluster.progress import Progress
from planaria_scenarios import show
from planaria_scenarios.catalogue import find, load_all
from planaria_scenarios.environment import prepare
from planaria_scenarios.result import Result
from planaria_scenarios.session import Session, play
from tests.chart.conftest import RESTRICTED
from tests.chart.installed import Release
from tests.chart.waiting import eventually, until_finished
from tests.e2e.bad_rollout import BAD, IMAGE, deployment, policy
from tests.kubectl import Kubectl, condition, image_of
from tests.scenarios.chosen import chosen

pytestmark = [pytest.mark.cluster, pytest.mark.images]

CATALOGUE = load_all()
FAULTS = [entry.name for entry in CATALOGUE if not entry.scenario.is_control]
CONTROLS = [entry.name for entry in CATALOGUE if entry.scenario.is_control]
LOST_LEAD = 3
"""Exit status of an operator that may not lead any more."""
FIRST_HEALED_SECONDS = 300
"""From `helm install` to the first healed fault, images present."""


@pytest.fixture(scope="module")
def release(kubeconfig: Path, kubectl: Kubectl) -> Iterator[Release]:
    """With default values: two operators, two policy services, every namespace."""
    if builder() is None:
        pytest.skip("no Docker, podman or buildah here")
    cluster, progress = open_cluster(), Progress()
    prepare(cluster, progress, operator=False)
    for archive in build_products(("operator", "policy"), progress=progress):
        cluster.load(archive)
    namespace = f"e2e-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, *(f"{key}={value}" for key, value in RESTRICTED.items()))
    release = Release("e2e", namespace, kubeconfig)
    try:
        release.install()
        yield release
        release.uninstall()
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def shop(kubectl: Kubectl) -> Iterator[str]:
    name = f"shop-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    kubectl.apply(name, policy(name))
    kubectl.apply(name, deployment(name))
    kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def holder(kubectl: Kubectl, release: Release) -> str:
    """The pod that leads."""
    lease = kubectl.json("get", "lease", "planaria-operator", "-n", release.namespace)
    identity: str = lease["spec"]["holderIdentity"]
    return identity.partition("_")[0]


def test_the_first_fault_is_healed_soon_after_the_install(release: Release, kubectl: Kubectl, shop: str):
    installed = kubectl.json("get", "deployment", "e2e-planaria-operator", "-n", release.namespace)
    kubectl.apply(shop, deployment(shop, BAD))
    assert image_of(until_finished(kubectl, shop)) == IMAGE
    (record,) = kubectl.items("remediations", shop)
    begin = time.strptime(installed["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
    end = time.strptime(record["status"]["finishedAt"][:19], "%Y-%m-%dT%H:%M:%S")
    seconds = time.mktime(end) - time.mktime(begin)
    Progress().say(f"first fault healed {seconds:.0f} s after the install")
    assert seconds < FIRST_HEALED_SECONDS


@pytest.fixture(scope="module")
def played(release: Release, kubeconfig: Path, request: pytest.FixtureRequest) -> dict[str, Result]:
    progress = Progress()
    session = Session(
        kubeconfig=kubeconfig,
        cluster=open_cluster(progress=progress),
        operator="external",
        listener=lambda event: progress.say(show.line(event)),
    )
    found = asyncio.run(play(find(chosen(request, __name__)), session))
    show.console().print(show.results(found))
    return {result.name: result for result in found}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_healed_by_the_right_action_and_without_harm(name: str, played: dict[str, Result]):
    result = played[name]
    assert result.complaints == [], result.deeds
    assert result.recovered
    assert any(action.applied for action in result.actions)


@pytest.mark.parametrize("name", CONTROLS)
def test_control_is_left_alone(name: str, played: dict[str, Result]):
    assert played[name].actions == []
    assert played[name].complaints == [], played[name].deeds


def test_a_leader_deleted_in_mid_incident_is_replaced_and_acts_once(
    release: Release, kubectl: Kubectl, shop: str
):
    leader = holder(kubectl, release)
    broken = kubectl.apply(shop, deployment(shop, BAD))
    deadline = time.monotonic() + 60
    while not kubectl.items("remediations", shop):
        assert time.monotonic() < deadline, "no incident was opened"
        time.sleep(0.1)
    kubectl("delete", "pod", leader, "-n", release.namespace, "--grace-period=0", "--force")
    healed = until_finished(kubectl, shop)
    assert healed["metadata"]["generation"] == broken["metadata"]["generation"] + 1, (
        "rolled back exactly once"
    )
    (record,) = kubectl.items("remediations", shop)
    assert len(record["status"]["attempts"]) == 1
    assert holder(kubectl, release) != leader


def test_without_the_policy_service_the_rules_heal_and_the_policy_object_says_so(
    release: Release, kubectl: Kubectl, shop: str
):
    service = ("deployment/e2e-planaria-policy", "-n", release.namespace)
    kubectl("scale", *service, "--replicas=0")
    try:
        # A pod that is still ending answers: wait until none is left.
        pods = "app.kubernetes.io/component=policy,app.kubernetes.io/instance=e2e"
        kubectl("wait", "--for=delete", "pod", "-l", pods, "-n", release.namespace, "--timeout=90s")
        kubectl.apply(shop, deployment(shop, BAD))
        healed = until_finished(kubectl, shop)
        assert image_of(healed) == IMAGE
        body = kubectl.json("get", "healingpolicy", "web", "-n", shop)
        assert condition(body["status"], "PolicyServiceAvailable")["status"] == "False"
    finally:
        kubectl("scale", *service, "--replicas=2")
        kubectl("rollout", "status", *service, "--timeout=120s")


@dataclass(frozen=True)
class Led:
    """A Deployment on the node where the leader is not, and a broken revision of it whose remediation is under way."""

    namespace: str
    leader: str
    node: str
    address: str
    generation: int


@pytest.fixture
def led(release: Release, kubectl: Kubectl) -> Iterator[Led]:
    if not isinstance(open_cluster(), BareProvider):
        pytest.skip("only the bare provider gives a node, or a pod, a network that can be cut")
    until_ready(kubectl, release)
    name = f"led-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    leader = kubectl.json("get", "pod", holder(kubectl, release), "-n", release.namespace)
    node = leader["spec"]["nodeName"]
    (other,) = {each["metadata"]["name"] for each in kubectl.items("nodes")} - {node}
    kubectl.apply(name, policy(name))
    kubectl.apply(name, on(other, deployment(name)))
    kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    broken = kubectl.apply(name, on(other, deployment(name, BAD)))
    deadline = time.monotonic() + 60
    while not {"Acting", "Verifying"} & set(stages(kubectl, name)):
        assert time.monotonic() < deadline, "no action was under way"
        time.sleep(0.1)
    address = leader["status"]["podIP"]
    yield Led(name, leader["metadata"]["name"], node, address, broken["metadata"]["generation"])
    kubectl("delete", "namespace", name, "--wait=false")


def on(node: str, body: dict[str, Any]) -> dict[str, Any]:
    body["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": node}
    return body


def stages(kubectl: Kubectl, namespace: str) -> list[str]:
    return [body.get("status", {}).get("stage", "") for body in kubectl.items("remediations", namespace)]


def until_ready(kubectl: Kubectl, release: Release) -> None:
    """All of it, as after the install."""
    for name in ("e2e-planaria-operator", "e2e-planaria-policy"):
        kubectl("rollout", "status", f"deployment/{name}", "-n", release.namespace, "--timeout=170s")


def ended_with(kubectl: Kubectl, release: Release, name: str) -> int:
    """The exit status of the container that ran before, or runs no more."""

    def states() -> list[dict[str, Any]]:
        pod = kubectl.json("get", "pod", name, "-n", release.namespace)
        (status,) = pod["status"]["containerStatuses"]
        return [status["lastState"], status["state"]]

    found = eventually(states, lambda both: any("terminated" in each for each in both))
    return next(int(each["terminated"]["exitCode"]) for each in found if "terminated" in each)


def acted_once(kubectl: Kubectl, release: Release, led: Led) -> None:
    healed = until_finished(kubectl, led.namespace)
    assert healed["metadata"]["generation"] == led.generation + 1, "rolled back exactly once"
    (record,) = kubectl.items("remediations", led.namespace)
    assert len(record["status"]["attempts"]) == 1
    assert holder(kubectl, release) != led.leader


def test_the_leaders_node_lost_in_mid_remediation_costs_nothing_and_is_taken_back(
    release: Release, kubectl: Kubectl, led: Led
):
    cluster = open_cluster()
    cluster.lose_node(led.node)
    try:
        acted_once(kubectl, release, led)
    finally:
        cluster.start_node(led.node)
    until_ready(kubectl, release)


def test_the_leaders_network_cut_in_mid_remediation_costs_nothing_and_it_joins_again(
    release: Release, kubectl: Kubectl, led: Led
):
    """Its pod lives and is probed, and nobody tells it anything: it has to notice by itself that it leads no more."""
    cluster = open_cluster()
    chain = "add chain ip cut leader { type filter hook forward priority -10; }"
    rules = [f"add rule ip cut leader ip {way} {led.address} drop" for way in ("saddr", "daddr")]
    for words in ("add table ip cut", chain, *rules):
        assert cluster.exec_node(led.node, ["nft", words]) == 0
    try:
        acted_once(kubectl, release, led)
        assert ended_with(kubectl, release, led.leader) == LOST_LEAD
    finally:
        cluster.exec_node(led.node, ["nft", "delete table ip cut"])
    until_ready(kubectl, release)
