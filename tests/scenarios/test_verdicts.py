from planaria_scenarios.harm import Injected
from planaria_scenarios.oracle import Baseline
from planaria_scenarios.records import read
from planaria_scenarios.verdict import problems
from tests.scenarios.worlds import World, control, remediation, scenario


def found(*bodies, judged=None, recovered=True, operator=True) -> str:
    world = World()
    case = world.case(judged or scenario(), Injected(), Baseline.of(world.history), *map(read, bodies))
    return "; ".join(problems(case, recovered=recovered, operator=operator, reasons=["still broken"]))


def test_right_fault_right_action_and_a_closed_record_is_a_success():
    assert found(remediation()) == ""


def test_not_recovered_says_why():
    assert found(remediation(), recovered=False) == "not recovered within 60 s: still broken"


def test_recovery_that_nobody_brought_about_is_no_success_of_the_operator():
    assert "did nothing; right is restart Deployment/shop" in found()
    assert found(operator=False) == ""


def test_wrong_action_or_wrong_diagnosis_is_named():
    assert "did scale Deployment/shop" in found(remediation(action="scale"))
    assert "taken for overload" in found(remediation(fault="overload"))
    assert "read from: no line" in found(remediation(fault="overload"))
    assert "read from: queue full" in found(remediation(fault="overload", read_from=("queue full",)))


def test_record_that_stays_open_or_ends_badly_is_named():
    assert "stands at Verifying" in found(remediation(stage="Verifying"))
    assert "ended without success" in found(remediation(succeeded="False"))


def test_control_asks_for_no_action():
    assert found(judged=control()) == ""
