"""What a wrong scenario says about itself: file, field, value and fix."""

from pathlib import Path

import pytest
import yaml

from planaria_scenarios.catalogue import ROOT, find, load, load_all
from planaria_scenarios.errors import CatalogueError
from planaria_scenarios.model import Kind
from tests.scenarios.worlds import workload

GOOD = {
    "title": "t",
    "story": "s",
    "kind": "fault",
    "inject": [{"scale": {"object": "Deployment/shop", "replicas": 0}}],
    "expected": {"faults": ["overload"], "actions": ["scale"], "target": "Deployment/shop"},
    "oracle": {"workload": "Deployment/shop"},
    "limit_seconds": 60,
}


def folder(root: Path, **fields) -> Path:
    here = root / "mine"
    here.mkdir()
    (here / "scenario.yaml").write_text(yaml.safe_dump({**GOOD, **fields}))
    body = {"apiVersion": "apps/v1", "kind": "Deployment", **workload("shop", 1)}
    (here / "workload.yaml").write_text(yaml.safe_dump(body))
    (root / "policy.yaml").write_text(
        yaml.safe_dump({"apiVersion": "x/v1", "kind": "P", "metadata": {"name": "p"}})
    )
    return here


def complaint(root: Path, **fields) -> str:
    with pytest.raises(CatalogueError) as error:
        load(folder(root, **fields))
    return str(error.value)


def test_the_shipped_catalogue_has_eight_faults_and_at_least_four_controls():
    kinds = [entry.scenario.kind for entry in load_all()]
    assert kinds.count(Kind.FAULT) == 8
    assert kinds.count(Kind.CONTROL) >= 4


def test_every_policy_enforces_so_that_controls_are_a_real_temptation():
    for entry in load_all():
        assert [body["spec"]["mode"] for body in entry.policy] == ["Enforce"]


def test_controls_last_longer_than_every_trigger_of_their_policy():
    for entry in load_all():
        triggers = entry.policy[0]["spec"]["triggers"]
        if entry.scenario.watch_seconds:
            assert entry.scenario.watch_seconds > 2 * triggers["notReadyForSeconds"]


def test_good_scenario_loads_under_its_folders_name(tmp_path):
    assert load(folder(tmp_path)).name == "mine"


def test_unknown_field_is_named(tmp_path):
    said = complaint(tmp_path, severity=3)
    assert "mine/scenario.yaml: severity: no such field" in said


def test_wrong_value_is_named_with_what_was_given(tmp_path):
    said = complaint(tmp_path, limit_seconds=0)
    assert "limit_seconds" in said
    assert "greater than or equal to 1, got 0" in said


def test_missing_field_is_named(tmp_path):
    assert "oracle.workload: this field is required" in complaint(tmp_path, oracle={})


def test_misspelt_workload_is_refused_with_those_there_are(tmp_path):
    said = complaint(tmp_path, oracle={"workload": "Deployment/shopp"})
    assert "oracle.workload: Deployment/shopp is in none of the manifests; use one of Deployment/shop" in said


def test_step_that_does_two_things_is_refused(tmp_path):
    step = {"wait_seconds": 3, "scale": {"object": "Deployment/shop", "replicas": 0}}
    assert "does one thing, this one does 2 (scale, wait_seconds)" in complaint(tmp_path, inject=[step])


def test_control_that_expects_an_action_is_refused(tmp_path):
    assert "a control expects nothing" in complaint(tmp_path, kind="control", watch_seconds=30)


def test_node_is_never_stopped_under_others_feet(tmp_path):
    step = {"stop_node": {"hosting": "Deployment/shop"}}
    assert "needs exclusive: true" in complaint(tmp_path, inject=[step])


def test_broken_yaml_and_missing_files_are_named(tmp_path):
    here = folder(tmp_path)
    (here / "workload.yaml").write_text("a: [")
    with pytest.raises(CatalogueError, match=r"workload\.yaml: not YAML"):
        load(here)
    (here / "workload.yaml").unlink()
    with pytest.raises(CatalogueError, match=r"workload\.yaml: this file is missing"):
        load(here)


def test_groups_and_unknown_names():
    assert {entry.scenario.kind for entry in find(["controls"])} == {Kind.CONTROL}
    assert len(find(["all", "lost-node"])) == len(load_all())
    with pytest.raises(CatalogueError, match="no scenario 'lost-nod'; there are"):
        find(["lost-nod"])


def test_every_folder_of_the_catalogue_is_a_scenario():
    assert all((path / "scenario.yaml").exists() for path in ROOT.iterdir() if path.is_dir())
