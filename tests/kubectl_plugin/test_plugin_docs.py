"""The page of the plugin says what the code says."""

import re
from pathlib import Path

import pytest

from planaria_contract import Fault
from planaria_kubectl.approve.report import ApprovalReport
from planaria_kubectl.arguments import parsers
from planaria_kubectl.diff.report import DiffReport, OperationView
from planaria_kubectl.main import PLACES
from planaria_kubectl.pause.report import PauseReport
from planaria_kubectl.simulate.report import DryRun, Rung, SimulateReport
from planaria_kubectl.status.report import ActiveLine, BudgetUse, FinishedLine, PolicyLine, StatusReport
from planaria_kubectl.why.conclusion import Conclusion
from planaria_kubectl.why.report import PolicyView, Story, WhyReport

PAGE = (Path(__file__).parents[2] / "docs" / "kubectl.md").read_text()
SHAPES = PAGE[PAGE.index("## The shape of the JSON") :]
ROWS = {
    line.split("|")[1].strip(" `"): set(re.findall(r"`(\w+)", line))
    for line in SHAPES.splitlines()
    if line.startswith("|")
}
MODELS = {
    "StatusReport": (StatusReport,),
    "its `policies[]": (PolicyLine, BudgetUse),
    "its `active[]": (ActiveLine,),
    "its `finished[]": (FinishedLine,),
    "WhyReport": (WhyReport, Conclusion, PolicyView, Story),
    "DiffReport": (DiffReport,),
    "its `operations[]": (OperationView,),
    "SimulateReport": (SimulateReport, DryRun, Rung),
    "PauseReport": (PauseReport,),
    "ApprovalReport": (ApprovalReport,),
}


@pytest.mark.parametrize("row", list(MODELS))
def test_every_field_of_the_json_is_on_the_page(row):
    fields = {str(field.alias) for model in MODELS[row] for field in model.model_fields.values()}
    assert fields - {"at"} - ROWS[row] == set()


def test_every_command_flag_and_code_is_on_the_page():
    for name in PLACES:
        assert re.search(rf"^## .*\b{name}\b", PAGE, re.MULTILINE), name
    flags = {flag for each in parsers()[1].values() for flag in re.findall(r"--[a-z]+\b", each.format_help())}
    assert {flag for flag in flags if flag not in PAGE} <= {"--help", "--namespace", "--output", "--all"}
    source = (Path(__file__).parents[2] / "cli/planaria_kubectl/why/conclusion.py").read_text()
    codes = set(re.findall(r'code="(\w+)"', source)) | {"HandedOver", "BeingHealed"}
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_the_fault_of_the_example_exists():
    assert {Fault(name) for name in re.findall(r"--fault (\w+) -n", PAGE)}
