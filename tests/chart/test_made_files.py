"""What is made from something else is what it is made from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.generate.__main__ import MANIFEST, drift, files, main
from charts.generate.helm import CHART
from charts.generate.schema import schema
from charts.generate.values import UndocumentedValue, read_values
from planaria_scenarios.api import PLACES
from tests.chart.rendering import KNOWS_MONITORING, args_of, named, of_kind, permissions, render, set_values


def test_every_made_file_is_fresh():
    assert [path.name for path, text in files().items() if drift(path, text)] == []
    assert main(["--check"]) == 0


def test_a_file_that_drifted_is_shown(tmp_path: Path):
    path = tmp_path / "README.md"
    path.write_text("one\ntwo\n")
    assert "+three" in drift(path, "one\nthree\n")


def test_a_value_without_a_description_is_refused(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("operator:\n  # not a description\n  replicas: 2\n")
    with pytest.raises(UndocumentedValue, match=r"operator\.replicas"):
        read_values(path)


def test_a_comment_becomes_description_and_constraints(tmp_path: Path):
    path = tmp_path / "values.yaml"
    path.write_text("a:\n  # -- How many,\n  # at most.\n  # @schema {minimum: 1}\n  b: 2\n")
    place = schema(read_values(path))["properties"]["a"]
    assert place["additionalProperties"] is False
    assert place["properties"]["b"] == {
        "description": "How many, at most.",
        "type": "integer",
        "default": 2,
        "minimum": 1,
    }


def test_the_plain_manifest_grants_what_the_chart_grants():
    plain = list(yaml.safe_load_all(MANIFEST.read_text()))
    chart = [
        body
        for body in of_kind(set_values(), "ClusterRole", "Role")
        if body["metadata"]["labels"].get("app.kubernetes.io/component") in {"operator", None}
    ]
    assert permissions(of_kind(plain, "ClusterRole", "Role")) == permissions(chart)
    assert "Helm" not in MANIFEST.read_text().partition("kind: Namespace")[2]


def test_the_scenarios_can_apply_the_plain_manifest():
    kinds = {body["kind"] for body in yaml.safe_load_all(MANIFEST.read_text())}
    assert kinds <= PLACES.keys()


def test_the_definitions_are_those_of_the_code_and_stay_after_an_uninstall():
    bodies = of_kind(set_values(), "CustomResourceDefinition")
    for source in (CHART.parents[1] / "crds").glob("*.yaml"):
        wanted = yaml.safe_load(source.read_text())
        made = named(bodies, "CustomResourceDefinition", wanted["metadata"]["name"])
        assert made["spec"] == wanted["spec"]
        assert made["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert of_kind(set_values("crds.install=false"), "CustomResourceDefinition") == []
    loose = of_kind(set_values("crds.keep=false"), "CustomResourceDefinition")
    assert [body["metadata"].get("annotations") for body in loose] == [None] * 3


def example_values(body: dict[str, Any]) -> dict[str, Any] | None:
    """The values that an Argo CD Application or a Flux HelmRelease gives to the chart."""
    spec = body.get("spec", {})
    found: dict[str, Any] | None = spec.get("values") or spec.get("source", {}).get("helm", {}).get(
        "valuesObject"
    )
    return found


@pytest.mark.parametrize("name", ["argocd-application.yaml", "flux-helmrelease.yaml"])
def test_the_values_of_the_examples_are_values_of_the_chart(name: str, tmp_path: Path):
    bodies = yaml.safe_load_all((CHART.parent / "examples" / name).read_text())
    given = [values for body in bodies if (values := example_values(body))]
    assert len(given) == 1
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(given[0]))
    made = render("--values", str(path), *KNOWS_MONITORING)
    assert "--prometheus=http://prometheus-operated.monitoring.svc:9090" in args_of(made, "operator")
    assert of_kind(made, "ServiceMonitor")


def test_the_chart_renders_no_field_that_the_operator_writes():
    """What a GitOps tool compares must not change behind its back."""
    assert "spec" not in named(set_values(), "Lease", "planaria-operator")
    scaled = named(set_values("policy.autoscaling.enabled=true"), "Deployment", "planaria-policy")
    assert "replicas" not in scaled["spec"]
