"""The plugin and policies for many namespaces: who has a target, why another has not, and pausing without a namespace."""

import json
import secrets
from datetime import timedelta

import pytest

from planaria_kubectl.reach import claimants, why_not_selected
from planaria_kubectl.screen import rendered, terminal
from planaria_kubectl.status.report import summarised
from planaria_kubectl.status.view import render as render_status
from planaria_kubectl.why.report import explained
from planaria_kubectl.why.view import render as render_why
from planaria_operator.api.remediation import Stage
from tests import builders
from tests.builders import NOW
from tests.kubectl_plugin.worlds import FRONT, ILL, SETS, TARGET, pause, record, seen, world

BASE = seen(builders.cluster_policy())
SHOP = builders.space("shop", labels={"team": "a"})


def around(*policies, views=(SHOP,), records=()):
    return world(FRONT, SETS, *ILL, *views, policies=policies, records=records)


def ask(made):
    return explained(made, TARGET, str(TARGET), timedelta(hours=1), NOW)


def table(report, render):
    return rendered(render(report), terminal(160, colours=False))


def test_a_cluster_policy_heals_where_no_other_selects():
    report = ask(around(BASE))
    assert report.conclusion.code == "Due"
    assert [(each.kind, each.namespace, each.heals) for each in report.policies] == [
        ("ClusterHealingPolicy", "", True)
    ]
    assert all(each.allowed for each in report.guards), report.guards
    assert "(cluster)/base   Enforce   yes" in table(report, render_why)


def test_where_a_namespaced_one_selects_it_is_said_who_has_it():
    own = seen(builders.policy("own"))
    report = ask(around(BASE, own))
    because = {each.name: (each.heals, each.because) for each in report.policies}
    assert because["own"] == (True, "selects and heals it")
    assert because["base"] == (False, "HealingPolicy own selects it too, and is more specific")
    assert [each.name for each in claimants(around(BASE, own), TARGET)] == ["own"]


@pytest.mark.parametrize(
    ("views", "why"),
    [
        ((SHOP,), "its selector wants the label team=b, and on namespace shop it is 'a'"),
        ((builders.space("shop"),), "its selector wants the label team=b, and there is none"),
        ((), "the labels of namespace shop are not known"),
    ],
)
def test_why_a_namespace_is_not_chosen(views, why):
    narrow = builders.cluster_policy(namespaces={"team": "b"})
    assert why_not_selected(around(views=views).store, narrow, TARGET) == why


def test_a_protected_namespace_is_reached_by_none():
    system = builders.deployment("dns", namespace="kube-system")
    made = world(system, builders.space("kube-system"), policies=(BASE,))
    assert why_not_selected(made.store, BASE, builders.ref(system)) == "namespace kube-system is protected"


def test_a_record_names_its_policy_by_kind():
    """A namesake in the namespace is another policy: what the record waits for comes from its own."""
    slow = builders.cluster_policy(
        "default", verification={"timeout_seconds": 900, "stable_for_seconds": 700}
    )
    made = record(stage=Stage.VERIFYING, healthy_since=NOW)
    spec = made.spec.model_copy(update={"policy_kind": "ClusterHealingPolicy"})
    made = made.model_copy(update={"spec": spec})
    report = ask(around(seen(slow), seen(builders.policy()), records=(made,)))
    assert "to stay so for 11m" in report.conclusion.message


def test_status_shows_both_kinds_and_how_each_is_resumed():
    made = around(BASE, seen(builders.policy("own")))
    made.pauses["", "base"] = (pause(),)
    report = summarised(made, "shop", NOW)
    assert [(each.kind, each.name) for each in report.policies] == [
        ("HealingPolicy", "own"),
        ("ClusterHealingPolicy", "base"),
    ]
    words = table(report, render_status)
    assert "(cluster)   base" in words
    assert "Paused  (cluster)/base by anna" in words
    assert "kubectl planaria resume base --cluster --requester anna" in words


# --- on a real API server


@pytest.fixture
def chpol(kubectl, namespace):
    """One that chooses the test's namespace alone, by its name."""
    name = f"plugin-{secrets.token_hex(4)}"
    chosen = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    body = {
        "apiVersion": "planaria.dev/v1alpha1",
        "kind": "ClusterHealingPolicy",
        "metadata": {"name": name},
        "spec": {"mode": "Observe", "namespaceSelector": chosen},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(body))
    yield name
    kubectl("delete", "chpol", name)


@pytest.mark.apiserver
def test_pausing_and_resuming_without_a_namespace(plugin, kubectl, chpol):
    report = plugin("pause", chpol, "--cluster", "--reason", "black friday", "--requester", "anna")
    assert (report["namespace"], report["policy"], report["paused"]) == ("", chpol, True)
    spec = kubectl.json("get", "chpol", chpol)["spec"]
    assert [each["requester"] for each in spec["pauseRequests"]] == ["anna"]
    assert spec["mode"] == "Observe", "pausing touched something else"
    assert f"(cluster)/{chpol}" in plugin("resume", chpol, "--cluster", "--requester", "bob", table=True)
    assert plugin("resume", chpol, "--cluster", "--requester", "anna")["paused"] is False
    assert "pauseRequests" not in kubectl.json("get", "chpol", chpol)["spec"]


@pytest.mark.apiserver
def test_one_that_is_not_there_names_those_that_are(plugin, chpol):
    complaint = plugin("pause", "nope", "--cluster", "--reason", "x", fails=True)
    assert "no ClusterHealingPolicy nope: there are" in complaint
    assert chpol in complaint
    assert "no HealingPolicy" in plugin("pause", chpol, "--reason", "x", fails=True)


@pytest.mark.apiserver
def test_why_and_simulate_read_as_far_as_the_policy_reaches(plugin, kubectl, namespace, chpol):
    from tests.kube.real import NOWHERE, deployment

    kubectl.apply(namespace, deployment("front", replicas=1, **NOWHERE))
    report = plugin("why", "deploy/front")
    heals = {each["name"]: each["heals"] for each in report["policies"]}
    assert heals[chpol] is True
    assert report["conclusion"]["code"] == "PolicyUnseen"
    simulated = plugin("simulate", "deploy/front", "--fault", "bad_configuration")
    assert simulated["policy"] == chpol
    assert chpol in {each["name"] for each in plugin("status")["policies"]}
