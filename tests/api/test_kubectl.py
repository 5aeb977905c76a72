"""What a person sees: kubectl get, explain and describe tell the story."""

import json
import re
from pathlib import Path

import pytest

from planaria_operator.api.crds import CLUSTER_HEALING_POLICY, HEALING_POLICY, KINDS, REMEDIATION
from tests.api import example
from tests.api.test_record_on_server import body
from tests.kubectl import Kubectl

pytestmark = pytest.mark.apiserver
SAMPLES = sorted((Path(__file__).parents[2] / "docs" / "samples").glob("*.yaml"))


def rows(table: str) -> list[dict[str, str]]:
    """The table that kubectl prints, cut where its headings start."""
    heading, *lines = table.rstrip("\n").split("\n")
    names = heading.split()
    starts = [match.start() for match in re.finditer(r"\S+", heading)]
    ends = [*starts[1:], None]
    return [
        {name: line[start:end].strip() for name, start, end in zip(names, starts, ends, strict=True)}
        for line in lines
    ]


@pytest.fixture
def populated(kubectl: Kubectl, namespace: str) -> str:
    kubectl.apply(namespace, body(HEALING_POLICY, "enforce-web", spec={"mode": "Enforce"}))
    kubectl.apply_status(
        namespace, body(HEALING_POLICY, "enforce-web", status=example.POLICY_STATUS.to_body())
    )
    kubectl.apply(namespace, body(REMEDIATION, "web", spec=example.SPEC.to_body()))
    kubectl.apply_status(namespace, body(REMEDIATION, "web", status=example.STATUS.to_body()))
    return namespace


def test_one_line_tells_the_story_of_a_policy(kubectl: Kubectl, populated: str):
    (row,) = rows(kubectl("get", "hpol", "-n", populated))
    assert row.pop("AGE")
    assert row == {
        "NAME": "enforce-web",
        "MODE": "Enforce",
        "READY": "True",
        "TARGETS": "4",
        "UNHEALTHY": "1",
        "ACTIVE": "1",
    }


def test_one_line_tells_the_story_of_a_remediation(kubectl: Kubectl, populated: str):
    (row,) = rows(kubectl("get", "rem", "-n", populated))
    assert row.pop("AGE")
    assert row == {
        "NAME": "web",
        "TARGET": "web",
        "FAULT": "memory_exhaustion",
        "ACTION": "resize",
        "STAGE": "Finished",
        "SUCCEEDED": "True",
        "RECOVERY(S)": "18",
    }


def test_one_line_tells_the_story_of_a_policy_for_many_namespaces(kubectl: Kubectl, namespace: str):
    nowhere = {"matchLabels": {"planaria.dev/test": namespace}}
    made = body(CLUSTER_HEALING_POLICY, namespace, spec={"mode": "Recommend", "namespaceSelector": nowhere})
    kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(made))
    try:
        (row,) = rows(kubectl("get", "chpol", namespace))
        stored = kubectl.json("get", "chpol", namespace)["spec"]
    finally:
        kubectl("delete", "chpol", namespace)
    assert (row["NAME"], row["MODE"]) == (namespace, "Recommend")
    assert stored["namespaceSelector"] == nowhere
    assert stored["guardrails"]["minHealthy"] == "50%", "what was left out is filled in"


def test_the_wide_table_adds_why(kubectl: Kubectl, populated: str):
    (policy,) = rows(kubectl("get", "hpol", "-n", populated, "-o", "wide"))
    (remediation,) = rows(kubectl("get", "rem", "-n", populated, "-o", "wide"))
    assert (policy["REASON"], policy["METRICS"], policy["MINHEALTHY"]) == ("PolicyReady", "False", "50%")
    assert (remediation["REASON"], remediation["KIND"]) == ("Recovered", "Deployment")
    assert remediation["POLICY"] == "enforce-web"


def test_the_category_shows_both_kinds(kubectl: Kubectl, populated: str):
    listed = kubectl("get", "planaria", "-n", populated, "-o", "name").split()
    assert listed == ["healingpolicy.planaria.dev/enforce-web", "remediation.planaria.dev/web"]


def test_remediations_can_be_selected_by_policy_and_stage(kubectl: Kubectl, populated: str):
    def names(selector: str) -> str:
        return kubectl("get", "rem", "-n", populated, "-o", "name", f"--field-selector={selector}").strip()

    assert names("spec.policy=enforce-web,status.stage=Finished") == "remediation.planaria.dev/web"
    assert names("spec.policy=another") == ""


def test_a_script_can_wait_for_the_end_of_an_incident(kubectl: Kubectl, populated: str):
    kubectl("wait", "rem/web", "-n", populated, "--for=condition=Succeeded", "--timeout=5s")


def test_describe_prints_the_whole_record(kubectl: Kubectl, populated: str):
    text = kubectl("describe", "rem", "web", "-n", populated)
    assert "memory limit of web from 64Mi to 96Mi" in text
    assert "web was killed three times at its limit of 64 MiB." in text


def test_explain_reads_as_documentation(kubectl: Kubectl):
    text = " ".join(kubectl("explain", "hpol.spec.guardrails").split())
    assert "The brakes. Each refusal is recorded with its reason." in text
    assert "no new incident acts on the same target for this long." in text
    assert "Default 300, from 0 to 86400." in text
    assert "Default 50%." in text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.short_name)
def test_explain_has_something_to_say_about_every_field(kubectl: Kubectl, kind):
    text = kubectl("explain", kind.short_name, "--recursive=false")
    assert " ".join(kind.description.split()[:4]) in " ".join(text.split())
    for part in ("spec", "status"):
        assert "<no description>" not in kubectl("explain", f"{kind.short_name}.{part}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.short_name)
def test_the_server_finds_the_schema_structural_and_the_kind_healthy(kubectl: Kubectl, kind):
    crd = kubectl.json("get", "crd", kind.crd_name)
    conditions = {entry["type"]: entry["status"] for entry in crd["status"]["conditions"]}
    assert conditions.get("Established") == "True"
    assert not conditions.keys() & {"NonStructuralSchema", "Terminating"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_accepted(kubectl: Kubectl, namespace: str, sample: Path):
    if (
        "kind: ClusterHealingPolicy" in sample.read_text()
    ):  # stored, it would reach into whatever else is tested
        said = kubectl("apply", "--dry-run=server", "--warnings-as-errors", "-f", str(sample))
        assert said.startswith(f"clusterhealingpolicy.planaria.dev/{sample.stem} created")
        return
    kubectl("apply", "-n", namespace, "--warnings-as-errors", "-f", str(sample))
    assert kubectl("get", "hpol", sample.stem, "-n", namespace, "-o", "name").strip()
