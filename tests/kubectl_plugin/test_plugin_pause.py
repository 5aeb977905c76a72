"""`pause` and `resume`: two people's requests stand side by side, and nobody's is taken away by another's.

On a resource of the test's own with the schema of this checkout, because only a real API server knows who owns which entry.
"""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from planaria_kubectl.arguments import parser
from planaria_kubectl.errors import Misuse
from planaria_kubectl.pause.command import run
from planaria_kubectl.pause.writing import LONGEST, manager_of, write
from planaria_kubectl.pauses import PauseRequest
from planaria_kubectl.session import Session
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import KubeError
from planaria_operator.kube.interface import RESOURCES, Resource
from tests.builders import NOW

CRD = Path(__file__).parents[2] / "crds" / "planaria.dev_healingpolicies.yaml"
ENTRY = {
    "type": "object",
    "required": ["requester", "reason"],
    "properties": {
        "requester": {"type": "string", "maxLength": 253},
        "reason": {"type": "string", "maxLength": 1024},
        "until": {"type": "string", "format": "date-time"},
    },
}
REQUESTS = {
    "type": "array",
    "maxItems": 16,
    "items": ENTRY,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["requester"],
}


def installed(kubectl, *, pauses=True):
    """The API group of a HealingPolicy of this checkout's schema, with or without `pauseRequests`, while a test needs it."""
    group = f"plugin-{secrets.token_hex(4)}.planaria.dev"
    body = yaml.safe_load(CRD.read_text())
    body["metadata"] = {"name": f"healingpolicies.{group}"}
    body["spec"]["group"] = group
    body["spec"]["names"].pop("shortNames", None)
    body["spec"]["names"].pop("categories", None)
    spec = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    if pauses:
        spec.setdefault("pauseRequests", REQUESTS)
    else:
        spec.pop("pauseRequests", None)
    kubectl("create", "-f", "-", stdin=json.dumps(body))
    kubectl.until_served(f"crd/{body['metadata']['name']}")
    yield group
    kubectl("delete", "crd", body["metadata"]["name"], "--wait=false")


@pytest.fixture(scope="module")
def group(request):
    yield from installed(request.getfixturevalue("kubectl"))


@pytest.fixture
def old_group(kubectl):
    yield from installed(kubectl, pauses=False)


@pytest.fixture
def hpol(kubectl, namespace, group, monkeypatch):
    return with_policy(kubectl, namespace, group, monkeypatch)


def with_policy(kubectl, namespace, group, monkeypatch):
    """The resource as kubectl names it, with one policy called web."""
    monkeypatch.setitem(RESOURCES, "HealingPolicy", Resource(f"{group}/v1alpha1", "healingpolicies"))
    body = {
        "apiVersion": f"{group}/v1alpha1",
        "kind": "HealingPolicy",
        "metadata": {"name": "web"},
        "spec": {"mode": "Enforce"},
    }
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(body))
    return f"healingpolicies.{group}"


def requests(kubectl, namespace, hpol):
    spec = kubectl.json("get", hpol, "web", "-n", namespace)["spec"]
    assert spec["mode"] == "Enforce", "pausing touched something else"
    return {each["requester"]: each["reason"] for each in spec.get("pauseRequests", ())}


@pytest.mark.apiserver
def test_two_people_pause_and_resume_without_touching_each_others_request(plugin, kubectl, namespace, hpol):
    plugin("pause", "web", "--reason", "black friday", "--requester", "anna")
    report = plugin("pause", "web", "--reason", "database move", "--requester", "bob", "--for", "2h")
    assert requests(kubectl, namespace, hpol) == {"anna": "black friday", "bob": "database move"}
    assert (report["paused"], len(report["requests"])) == (True, 2)

    plugin("pause", "web", "--reason", "cyber monday", "--requester", "anna")
    assert requests(kubectl, namespace, hpol) == {"anna": "cyber monday", "bob": "database move"}

    report = plugin("resume", "web", "--requester", "anna")
    assert requests(kubectl, namespace, hpol) == {"bob": "database move"}
    assert report["paused"] is True
    assert "bob" in plugin("resume", "web", "--requester", "anna", table=True)

    report = plugin("resume", "web", "--requester", "bob")
    assert requests(kubectl, namespace, hpol) == {}
    assert report["paused"] is False


@pytest.mark.apiserver
def test_an_entry_that_was_written_elsewhere_is_not_taken_away_but_named(plugin, kubectl, namespace, hpol):
    entry = {"spec": {"pauseRequests": [{"requester": "ops", "reason": "by hand"}]}}
    kubectl(
        *("patch", hpol, "web", "-n", namespace, "--type=merge", "-p", json.dumps(entry)),
        "--field-manager=argocd",
    )
    complaint = plugin("resume", "web", "--requester", "ops", fails=True)
    assert "was written by argocd" in complaint
    assert requests(kubectl, namespace, hpol) == {"ops": "by hand"}


@pytest.mark.apiserver
async def test_a_policy_that_is_deleted_meanwhile_is_not_made_anew(kubectl, namespace, hpol, kubeconfig):
    kube = await connect(kubeconfig)
    policy = await kube.get("HealingPolicy", namespace, "web")
    kubectl("delete", hpol, "web", "-n", namespace)
    with pytest.raises(KubeError):
        await write(kube, policy, "anna", PauseRequest(requester="anna", reason="x"))
    assert await kube.list("HealingPolicy", namespace) == []
    await kube.close()


@pytest.mark.apiserver
def test_a_policy_that_is_not_there_names_those_that_are(plugin, hpol):
    complaint = plugin("pause", "wbe", "--reason", "x", fails=True)
    assert "no HealingPolicy wbe" in complaint
    assert "there are web" in complaint


@pytest.mark.apiserver
def test_a_cluster_that_cannot_keep_the_request_says_what_to_install(
    plugin, kubectl, namespace, old_group, monkeypatch
):
    with_policy(kubectl, namespace, old_group, monkeypatch)
    assert "has no spec.pauseRequests: apply the crds/" in plugin("pause", "web", "--reason", "x", fails=True)


async def test_a_pause_that_is_over_at_once_is_refused_before_anything_is_written():
    given = parser().parse_args(["pause", "web", "--reason", "x", "--requester", "anna", "--for", "0s"])
    nothing: Any = None
    with pytest.raises(Misuse, match="--for: 0s is over at once; leave --for out to pause without end"):
        await run(Session(nothing, nothing, "shop", NOW), given)


@pytest.mark.parametrize("requester", ["anna", "a" * 253, "zoë", "\x1b[2J", "a\nb"])
def test_every_requester_has_a_field_manager_that_the_server_takes(requester):
    manager = manager_of(requester)
    assert len(manager) <= LONGEST
    assert manager.isprintable()
    assert manager != manager_of(f"{requester}x")
