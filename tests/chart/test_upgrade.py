"""`helm upgrade` of what the version before left: its definitions, its objects, and a remediation that was under way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.generate import helm
from planaria_cluster import Provider
from tests.chart.conftest import RESTRICTED
from tests.chart.installed import Release
from tests.chart.waiting import eventually
from tests.e2e.bad_rollout import deployment
from tests.kubectl import Kubectl, condition

pytestmark = [pytest.mark.cluster, pytest.mark.images, pytest.mark.apart]

NAMESPACE = "upgraded"
PREVIOUS = Path(__file__).parent / "previous"
CHART = {
    "apiVersion": "v2",
    "name": "planaria",
    "version": "0.0.1",
    "description": "What the version before installed, as far as an upgrade meets it.",
}
DAY = "2026-11-23"
"""Stands in the files for the day before the test: what is over is deleted a week later."""
WRITTEN = f"{DAY}T18:00:00Z"
"""Stands in the files for the time of the test."""


@pytest.fixture(scope="module")
def kubectl(apart: Provider) -> Kubectl:
    return Kubectl(apart.kubectl(), apart.kubeconfig())


@pytest.fixture(scope="module")
def old(kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The release as it was, on a cluster that knows nothing newer."""
    definitions = kubectl("get", "crd", "-o", "name").split()
    if newer := [each for each in definitions if each.endswith(".planaria.dev")]:
        kubectl("delete", *newer)
    kubectl("create", "namespace", NAMESPACE)
    kubectl("label", "namespace", NAMESPACE, *(f"{key}={value}" for key, value in RESTRICTED.items()))
    release = Release("healer", NAMESPACE, kubectl.kubeconfig)
    folder = tmp_path_factory.mktemp("previous")
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text(yaml.safe_dump(CHART))
    for path in (PREVIOUS / "crds").glob("*.yaml"):
        body = yaml.safe_load(path.read_text())
        body["metadata"].setdefault("annotations", {})["helm.sh/resource-policy"] = "keep"
        (folder / "templates" / path.name).write_text(yaml.safe_dump(body))
    release.run("install", release.name, str(folder), "--wait")
    yield release
    release.uninstall()


@pytest.fixture(scope="module")
def stored(old: Release, kubectl: Kubectl) -> dict[str, Any]:
    """A healthy Deployment that was just scaled, the policy, a record that is over and one that is being verified."""
    kubectl("create", "namespace", "shop")
    web = deployment("shop")
    web["metadata"]["labels"] = {"tier": "web"}
    web["spec"]["replicas"] = 2
    made = kubectl.apply("shop", web)
    kubectl("rollout", "status", "deployment/web", "-n", "shop", "--timeout=120s")
    moment = (datetime.now(UTC) - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    bodies = {"policy": kubectl.apply("shop", read("policy"))}
    for name, times in (("finished", {DAY: yesterday}), ("verifying", {WRITTEN: moment})):
        body = read(name, UID=made["metadata"]["uid"], **times)
        status = body.pop("status")
        kubectl.apply("shop", body)
        bodies[name] = kubectl.apply_status("shop", {**body, "status": status})
    return {**bodies, "generation": made["metadata"]["generation"]}


def read(name: str, **replacements: str) -> dict[str, Any]:
    text = (PREVIOUS / f"{name}.yaml").read_text()
    for old, new in replacements.items():
        text = text.replace(old, new)
    body: dict[str, Any] = yaml.safe_load(text)
    return body


@pytest.fixture(scope="module")
def upgraded(old: Release, stored: dict[str, Any]) -> Release:
    """As docs/how-to/upgrade.md says it: plain --reuse-values would take no value that the version before did not have."""
    old.run("upgrade", old.name, str(helm.CHART), "--reset-then-reuse-values", "--wait")
    return old


def test_the_definitions_are_those_of_this_checkout(upgraded: Release, kubectl: Kubectl):
    body = kubectl.json("get", "crd", "healingpolicies.planaria.dev")
    (version,) = body["spec"]["versions"]
    assert "decide" in version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert body["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_what_was_over_stays_as_it_was(upgraded: Release, kubectl: Kubectl, stored: dict[str, Any]):
    kept = kubectl.json("get", "remediation", "web-finished", "-n", "shop")
    assert kept["metadata"]["uid"] == stored["finished"]["metadata"]["uid"]
    assert {key: kept[key] for key in ("spec", "status")} == {
        key: stored["finished"][key] for key in ("spec", "status")
    }


def test_the_old_policy_is_read_and_means_what_it_meant(
    upgraded: Release, kubectl: Kubectl, stored: dict[str, Any]
):
    policy = eventually(lambda: kubectl.json("get", "healingpolicy", "enforce-web", "-n", "shop"), ready)
    assert still_says(policy["spec"], stored["policy"]["spec"])


def still_says(new: Any, old: Any) -> bool:
    """Whether all that was said is said; what is new beside it has got its default."""
    if isinstance(old, dict):
        return all(key in new and still_says(new[key], value) for key, value in old.items())
    if isinstance(old, list):
        return len(new) == len(old) and all(map(still_says, new, old))
    return bool(new == old)


def ready(policy: dict[str, Any]) -> bool:
    conditions = policy.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def test_what_was_under_way_is_ended_without_a_second_action(
    upgraded: Release, kubectl: Kubectl, stored: dict[str, Any]
):
    record = eventually(
        lambda: kubectl.json("get", "remediation", "web-verifying", "-n", "shop"),
        lambda body: body["status"]["stage"] == "Finished",
        seconds=120,
    )
    succeeded = condition(record["status"], "Succeeded")
    assert (succeeded["status"], len(record["status"]["attempts"])) == ("True", 1)
    web = kubectl.json("get", "deployment", "web", "-n", "shop")
    assert web["metadata"]["generation"] == stored["generation"]
    assert web["spec"]["replicas"] == 2


def test_the_objects_can_be_written_by_the_new_rules(upgraded: Release, kubectl: Kubectl):
    """An edit by hand must not be refused for what was written before."""
    kubectl("annotate", "healingpolicy", "enforce-web", "-n", "shop", "edited=yes")
    kubectl("annotate", "remediation", "web-finished", "-n", "shop", "edited=yes")


def test_a_rollback_brings_the_old_definitions_back_and_loses_nothing_that_they_know(
    upgraded: Release, kubectl: Kubectl, stored: dict[str, Any]
):
    """Last: what was new goes, with the operator, which the version before did not have."""
    upgraded.rollback(1)
    body = kubectl.json("get", "crd", "healingpolicies.planaria.dev")
    (version,) = body["spec"]["versions"]
    assert "decide" not in version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    kept = kubectl.json("get", "healingpolicy", "enforce-web", "-n", "shop")
    assert kept["spec"] == stored["policy"]["spec"]
    record = kubectl.json("get", "remediation", "web-finished", "-n", "shop")
    assert record["status"] == stored["finished"]["status"]
    assert kubectl.json("get", "deployment", "web", "-n", "shop")["spec"]["replicas"] == 2
    assert kubectl.json("get", "deployments", "-n", NAMESPACE)["items"] == []
