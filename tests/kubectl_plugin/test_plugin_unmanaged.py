"""Pods of a controller that Planaria does not know, on a real API server."""

import pytest

from tests.kube.real import NOWHERE, deployment

pytestmark = pytest.mark.apiserver

ROLLOUTS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "rollouts.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"kind": "Rollout", "listKind": "RolloutList", "plural": "rollouts", "singular": "rollout"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}
"""The shape of Argo's custom resource, without its controller."""


@pytest.fixture
def rollout(kubectl, namespace):
    """A Rollout with a ReplicaSet as its controller would make it; the name of its pod."""
    kubectl.apply(namespace, ROLLOUTS)
    kubectl.until_served("crd/rollouts.argoproj.io")
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    made = kubectl.apply(namespace, {**head, "metadata": {"name": "canary"}})
    spec = deployment("canary", **NOWHERE)["spec"]
    owner = {**head, "name": "canary", "uid": made["metadata"]["uid"], "controller": True}
    meta = {"name": "canary-1", "ownerReferences": [owner]}
    kubectl.apply(namespace, {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec})
    kubectl("wait", "pod", "-l", "app=canary", "--for=condition=PodScheduled=false", "-n", namespace)
    (pod,) = kubectl.json("get", "pods", "-l", "app=canary", "-n", namespace)["items"]
    yield pod["metadata"]["name"]
    kubectl("delete", "crd", "rollouts.argoproj.io")


def test_a_pod_of_an_argo_rollout_is_said_to_be_left_to_it(plugin, rollout):
    report = plugin("why", f"pod/{rollout}")
    assert report["conclusion"]["code"] == "Unmanaged"
    assert "controlled by Rollout/canary, which Planaria does not know" in report["conclusion"]["message"]
    said = plugin("simulate", f"pod/{rollout}", "--fault", "unknown", fails=True)
    assert "Rollout/canary, which Planaria does not know" in said
