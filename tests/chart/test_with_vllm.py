"""A real vLLM behind the address that the chart is given, reached from inside the cluster; killed in mid-incident; and back."""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from planaria_cluster import Provider
from planaria_cluster.bare.provider import BareProvider
from tests.chart.conftest import RESTRICTED
from tests.chart.installed import Release
from tests.chart.waiting import eventually, until_finished
from tests.e2e.bad_rollout import IMAGE, deployment, policy
from tests.kubectl import Kubectl, image_of
from tests.vllm import small
from tests.vllm.real_server import KEY, MODEL, RealServer

pytestmark = [
    *(pytest.mark.cluster, pytest.mark.images, pytest.mark.apart, pytest.mark.vllm),
    pytest.mark.timeout(1800),  # it loads its model twice, and on a new machine makes it first
]


WITH_VLLM = {"hybrid", "vllm"}
"""On a busy machine the encoder's half may come too late; what is tested is that the model's came."""


@pytest.fixture(scope="module")
def kubectl(apart: Provider) -> Kubectl:
    return Kubectl(apart.kubectl(), apart.kubeconfig())


@pytest.fixture(scope="module")
def server(apart: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """On the host's own address in the cluster's network, which pods reach. It loads its model while others go on."""
    if not isinstance(apart, BareProvider):
        pytest.skip("pods reach this machine only with the bare provider")
    config = yaml.safe_load(apart.kubeconfig().read_text())
    host = urlsplit(config["clusters"][0]["cluster"]["server"]).hostname
    assert host
    model = small.made(tmp_path_factory.mktemp("questions"))
    running = RealServer(model, tmp_path_factory.mktemp("vllm") / "vllm.log", host)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def release(server: RealServer, kubectl: Kubectl) -> Iterator[Release]:
    namespace = f"reads-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, *(f"{key}={value}" for key, value in RESTRICTED.items()))
    kubectl("create", "secret", "generic", "vllm", "-n", namespace, f"--from-literal=key={KEY}")
    release = Release("reads", namespace, kubectl.kubeconfig)
    vllm = {
        "url": server.url,
        "model": MODEL,
        "apiKey.existingSecret": "vllm",
        "deadlineSeconds": "20",  # a model on two shared cores; the server of a chart has a GPU
    }
    try:
        settings = (
            word for key, value in vllm.items() for word in ("--set", f"semantics.vllm.{key}={value}")
        )
        release.install(*settings, "--set", "operator.replicas=1,policy.enabled=false")
        server.wait_ready()
        yield release
        release.uninstall()
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def shops(release: Release, kubectl: Kubectl) -> Iterator[list[str]]:
    """Four namespaces, each with a healthy Deployment and a policy; each is broken by the test."""
    names = [f"shop-{secrets.token_hex(4)}" for _ in range(4)]
    for name in names:
        kubectl("create", "namespace", name)
        kubectl.apply(name, policy(name))
        kubectl.apply(name, deployment(name))
    for name in names:
        kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=120s")
    yield names
    kubectl("delete", "namespace", *names, "--wait=false")


def breaks(kubectl: Kubectl, shop: str, image: str) -> None:
    """Each with an image of its own: what was read once is not asked again."""
    kubectl.apply(shop, deployment(shop, f"planaria.local/{image}:1"))


def healed(kubectl: Kubectl, shop: str) -> dict[str, Any]:
    """The record, when it is over."""
    assert image_of(until_finished(kubectl, shop)) == IMAGE
    (record,) = kubectl.items("remediations", shop)
    assert len(record["status"]["attempts"]) == 1
    found: dict[str, Any] = record["status"]
    return found


def available(kubectl: Kubectl, shop: str) -> tuple[str, str]:
    body = kubectl.json("get", "healingpolicy", "web", "-n", shop)
    conditions = {each["type"]: each for each in body.get("status", {}).get("conditions", [])}
    known = conditions.get("SemanticsAvailable", {"status": "", "reason": ""})
    return known["status"], known["reason"]


def reached(condition: tuple[str, str]) -> bool:
    return condition[0] == "True"


def test_it_reads_and_when_it_is_killed_the_encoder_does_and_when_it_is_back_it_reads_again(
    server: RealServer, kubectl: Kubectl, shops: list[str]
):
    first, second, third, fourth = shops
    eventually(lambda: available(kubectl, first), reached)
    breaks(kubectl, first, "no-such-image")
    assert healed(kubectl, first)["semanticState"]["source"] in WITH_VLLM

    breaks(kubectl, second, "absent-cart")
    eventually(lambda: kubectl.items("remediations", second))
    server.stop()
    healed(kubectl, second)
    breaks(kubectl, third, "lost-checkout")
    assert healed(kubectl, third)["semanticState"]["source"] == "encoder"
    eventually(lambda: available(kubectl, third), lambda now: now == ("False", "NotReached"))

    server.start()
    server.wait_ready()
    eventually(lambda: available(kubectl, fourth), reached, seconds=120)
    breaks(kubectl, fourth, "missing-front")
    assert healed(kubectl, fourth)["semanticState"]["source"] in WITH_VLLM
