import planaria_contract
from planaria_contract import CLASSES, SCHEMA_VERSION, Action, Fault
from tests.contract import golden

ADVICE = f"""
The contract has changed shape, and a peer one release away still speaks version {SCHEMA_VERSION}.
- Was it meant? If an old reader could misread a new message (a field renamed, retyped or given another meaning), or a
  new reader could refuse an old one (a field that is now required), raise SCHEMA_VERSION in
  contract/planaria_contract/base.py; the old golden file stays.
- If it only adds something optional, the version stays.
- In both cases run `python -m tests.contract.golden` and commit the file together with the change.
"""


def test_the_schema_is_the_one_that_peers_were_promised():
    assert golden.PATH.exists(), ADVICE
    assert golden.PATH.read_text(encoding="utf-8") == golden.schema(), ADVICE


def test_the_public_surface_is_exactly_this():
    assert planaria_contract.__all__ == [
        "CLASSES",
        "SCHEMA_VERSION",
        "Action",
        "AlertFact",
        "AttemptOutcome",
        "Consultation",
        "Counterfactual",
        "Decider",
        "Decision",
        "DependencyFact",
        "Escalate",
        "EventFact",
        "Evidence",
        "Fault",
        "Isolate",
        "LogLine",
        "Mask",
        "MetricSeries",
        "Migrate",
        "Model",
        "ModelVersion",
        "NodeFact",
        "ObjectRef",
        "Observation",
        "Outcome",
        "Parameters",
        "PodFact",
        "Precedent",
        "Reload",
        "Resize",
        "Restart",
        "Rollback",
        "Scale",
        "SemanticState",
        "Shadow",
        "Source",
        "Symptom",
        "SymptomKind",
        "Wait",
        "WorkloadFact",
    ]
    assert all(hasattr(planaria_contract, name) for name in planaria_contract.__all__)


def test_the_closed_sets_are_those_of_the_paper_and_the_design():
    assert {action.value for action in Action} == {
        *("none", "restart", "migrate", "scale", "resize", "rollback", "isolate", "reload", "escalate")
    }
    assert len(CLASSES) == 16
    assert set(Fault) - set(CLASSES) == {Fault.UNKNOWN}
