"""What is generated is in the repository as generated, and whoever forgets is told."""

import inspect
from pathlib import Path

import pytest
import yaml

from planaria_operator.api import crds, reasons, reference
from planaria_operator.api.explain import bounds_of, explained
from planaria_operator.api.reasons import Reason

ROOT = Path(__file__).parents[2]
GENERATORS = [(crds, ROOT / "crds"), (reference, ROOT / "docs" / "reference")]


@pytest.mark.parametrize(("generator", "folder"), GENERATORS, ids=["crds", "reference"])
def test_the_files_in_the_repository_are_those_that_would_be_generated(generator, folder, capsys):
    status = generator.main(["--check", "--out", str(folder)])
    assert status == 0, capsys.readouterr().out


def test_a_policy_for_many_namespaces_says_the_same_and_which_namespaces():
    """So whatever is refused of the one is refused of the other."""
    own, wide = (crds.definition(kind)["spec"] for kind in (crds.HEALING_POLICY, crds.CLUSTER_HEALING_POLICY))
    assert (own["scope"], wide["scope"]) == ("Namespaced", "Cluster")

    def parts(spec):
        return spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]

    fields = parts(wide)["spec"]["properties"]
    assert fields.pop("namespaceSelector")["properties"] == fields["selector"]["properties"]
    assert fields == parts(own)["spec"]["properties"]
    assert parts(wide)["spec"].get("x-kubernetes-validations") == parts(own)["spec"].get(
        "x-kubernetes-validations"
    )
    assert parts(wide)["status"] == parts(own)["status"]
    assert wide["versions"][0]["additionalPrinterColumns"] == own["versions"][0]["additionalPrinterColumns"]


@pytest.mark.parametrize("generator", [crds, reference], ids=["crds", "reference"])
def test_a_drifted_file_is_shown_as_a_difference(generator, tmp_path: Path, capsys):
    assert generator.main(["--out", str(tmp_path)]) == 0
    drifted = min(tmp_path.iterdir())
    drifted.write_text(drifted.read_text() + "added by hand\n")
    assert generator.main(["--check", "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "-added by hand" in shown
    assert "run the same command without --check" in shown


def test_a_check_writes_nothing(tmp_path: Path):
    assert crds.main(["--check", "--out", str(tmp_path / "absent")]) == 1
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("kind", crds.KINDS, ids=lambda kind: kind.name)
def test_a_definition_holds_plain_yaml_without_anchors(kind):
    text = crds.render(kind)
    assert "&id" not in text
    assert yaml.safe_load(text) == crds.definition(kind)


def test_every_setting_says_its_default_and_its_bounds_where_kubectl_explain_prints_them():
    node = {"description": "Wait.", "type": "integer", "minimum": 5, "maximum": 9, "default": 7}
    assert explained(node)["description"] == "Wait. Default 7, from 5 to 9."


@pytest.mark.parametrize(
    ("node", "text"),
    [
        ({"type": "integer", "minimum": 0}, "at least 0"),
        ({"type": "array", "minItems": 1, "maxItems": 4}, "1 to 4 entries"),
        ({"type": "string", "maxLength": 9}, "at most 9 characters"),
        ({"type": "object", "maxProperties": 3}, "at most 3 entries"),
        ({"type": "boolean"}, ""),
    ],
)
def test_bounds_are_said_in_words(node, text):
    assert bounds_of(node) == text


def test_every_reason_is_explained_once_in_the_reference():
    text = (ROOT / "docs" / "reference" / "reasons.md").read_text()
    assert [reason for reason in Reason if text.count(f"| `{reason.value}` |") != 1] == []


def test_every_refusal_says_what_to_do():
    told = reference.sections(inspect.getsource(reasons))
    refusals = {
        value: text
        for group in (
            "why a guard refused",
            "why an action was masked or could not be planned",
            "why applying failed",
        )
        for value, text in told[group].items()
        if value != Reason.ALLOWED
    }
    assert [value for value, text in refusals.items() if reference.ADVICE not in text] == []


def test_a_reason_without_an_explanation_is_refused():
    source = (
        'class Reason(StrEnum):\n    # --- why\n    TOLD = "Told"\n    """Said."""\n    UNTOLD = "Untold"\n'
    )
    with pytest.raises(reference.UndocumentedReason, match="UNTOLD has no docstring"):
        reference.sections(source)
