"""Every object of every case, judged by a real API server: schema, defaults, admission and Pod Security, without storing.

ServiceMonitor and PrometheusRule are left out: the cluster does not know them (test_network.py looks at their fields).
"""

import secrets
import subprocess
from typing import Any

import pytest
import yaml

from charts.generate.helm import CHART, helm
from tests.chart.rendering import CASES, MONITORING, Body, of_case, of_kind, pod_specs, render
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver

DRY = ("--dry-run=server", "--warnings-as-errors")
APPLY = ("apply", "--server-side", "--force-conflicts", *DRY, "-f", "-")


def as_list(bodies: list[Body]) -> str:
    return yaml.dump({"apiVersion": "v1", "kind": "List", "items": bodies}, Dumper=yaml.CSafeDumper)


def in_namespace(case: str, namespace: str) -> list[Body]:
    watched = ("--set", f"watchNamespaces={{{namespace}}}") if case == "namespaced" else ()
    bodies = render(*of_case(case), *watched, namespace=namespace)
    return [body for body in bodies if body["kind"] not in MONITORING]


@pytest.mark.parametrize("case", CASES)
def test_the_server_accepts_every_object(case: str, kubectl: Kubectl, restricted: str):
    # A bare pod needs its account to exist; pods have the next test to themselves.
    bodies = [body for body in in_namespace(case, restricted) if body["kind"] != "Pod"]
    accepted = kubectl(*APPLY, "-o", "name", stdin=as_list(bodies)).split()
    assert len(accepted) == len(bodies)


@pytest.mark.parametrize("case", CASES)
def test_a_restricted_namespace_lets_every_pod_in(case: str, kubectl: Kubectl, restricted: str):
    """Pod Security judges pods; of a Deployment it only warns."""
    pods = [pod(name, spec, restricted) for name, spec in pod_specs(in_namespace(case, restricted))]
    accepted = kubectl("create", *DRY, "-f", "-", "-o", "name", stdin=as_list(pods)).split()
    assert len(accepted) == len(pods)


def pod(name: str, spec: Body, namespace: str, **changes: Any) -> Body:
    # Its own account does not exist yet, and priority classes may be reserved.
    spec = {key: value for key, value in spec.items() if key != "priorityClassName"}
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**spec, "serviceAccountName": "default", **changes},
    }


def test_that_namespace_does_refuse(kubectl: Kubectl, restricted: str):
    name, spec = next(iter(pod_specs(in_namespace("default", restricted))))
    loose = pod(name, spec, restricted, securityContext={})
    said = kubectl.refusal("create", "--dry-run=server", "-f", "-", stdin=as_list([loose]))
    assert 'violates PodSecurity "restricted' in said


def test_a_misspelt_field_would_be_seen(kubectl: Kubectl, restricted: str):
    deployment = dict(of_kind(in_namespace("default", restricted), "Deployment")[0])
    deployment["spec"] = {**deployment["spec"], "replicaz": 2}
    assert "replicaz" in kubectl.refusal(*APPLY, stdin=as_list([deployment]))


@pytest.fixture(scope="module")
def notes(kubectl: Kubectl, restricted: str) -> str:
    """What `helm install` says, to a server that is asked and changes nothing."""
    release = f"notes-{secrets.token_hex(3)}"
    command = [
        *(str(helm()), "install", release, str(CHART), "--namespace", restricted, "--dry-run=server"),
        *("--set", "crds.install=false", "--kubeconfig", str(kubectl.kubeconfig)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:")[2]


def test_the_policy_to_paste_is_one(notes: str, kubectl: Kubectl, restricted: str):
    pasted = notes.partition("<<EOF\n")[2].partition("EOF\n")[0]
    body = yaml.safe_load(pasted)
    assert (body["kind"], body["spec"]["mode"]) == ("HealingPolicy", "Observe")
    body["metadata"]["namespace"] = restricted
    assert "healingpolicy.planaria.dev/watch" in kubectl(*APPLY, "-o", "name", stdin=yaml.safe_dump(body))


def test_the_notes_say_what_may_happen_and_how_to_see_it(notes: str):
    assert "It may do at most: isolate, migrate, resize, restart, rollback, scale." in notes
    assert "Evidence is read by the embedded encoder." in notes
    assert "kubectl get hpol,chpol,rem -A" in notes
    assert "kubectl get nodes --field-selector spec.unschedulable=true" in notes


def test_a_cluster_without_the_prometheus_operator_is_told(kubectl: Kubectl, restricted: str):
    if kubectl.run("get", "crd", "servicemonitors.monitoring.coreos.com").returncode == 0:
        pytest.skip("this cluster has the Prometheus operator")
    command = [
        *(str(helm()), "install", "x", str(CHART), "--namespace", restricted, "--dry-run=server"),
        *("--set", "monitoring.serviceMonitor.enabled=true", "--kubeconfig", str(kubectl.kubeconfig)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "this cluster does not know ServiceMonitor" in done.stderr


def test_helm_finds_nothing_to_mend():
    for case in CASES:
        values = str(CHART / "ci" / f"{case}-values.yaml")
        command = [
            str(helm()),
            "lint",
            "--strict",
            str(CHART),
            "--values",
            values,
            "--kube-version",
            "1.34.0",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout
