"""Every alert fires when it should and is quiet when it should be, asked of Prometheus' own rule engine."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from planaria_observability.catalogue import EXAMPLES
from planaria_observability.prometheus import binary
from planaria_operator.api.actions import Mode
from planaria_operator.detect.detector import detect
from planaria_operator.guard.chain import check_all
from planaria_operator.guard.verdict import first_refusal
from planaria_operator.guard.weather import weather
from tests.builders import NOW, deployment, policy, store
from tests.conftest import ROOT
from tests.guard.proposals import proposal, remediation

RULES = ROOT / "charts/planaria/rules/planaria.yaml"
RUNBOOKS = ROOT / "docs/runbooks"
OWN = 'namespace="planaria-system",pod="planaria-0"'
OTHER = 'namespace="planaria-system",pod="planaria-1"'


class Case(NamedTuple):
    """Series by name and labels, with promtool's notation: `0+1x30` counts up by one each minute."""

    fires: dict[str, str]
    quiet: dict[str, str]
    minutes: int = 30


def series(name, labels="", own=OWN):
    return f"{name}{{{own}{',' if labels else ''}{labels}}}"


def actions(recovered, ineffective):
    return {
        series("planaria_actions_total", 'action="restart",outcome="Recovered"'): recovered,
        series("planaria_actions_total", 'action="restart",outcome="Ineffective"'): ineffective,
    }


def budget(used, limit):
    return {
        series("planaria_budget_used_actions", 'policy="shop/web"'): used,
        series("planaria_budget_limit_actions", 'policy="shop/web"'): limit,
    }


def policy_service(available, failed):
    return {
        series("planaria_policy_available"): available,
        series("planaria_policy_asked_total", 'outcome="PolicyAnswers"'): "0+1x60",
        series("planaria_policy_asked_total", 'outcome="PolicyNotReached"'): failed,
    }


def faults(unknown, known):
    return {
        series("planaria_faults_total", 'fault="unknown",source="encoder"'): unknown,
        series("planaria_faults_total", 'fault="image_pull",source="encoder"'): known,
    }


def held(guard, reason):
    return {series(REFUSED, f'guard="{guard}",reason="{reason}"'): "0+1x60"}


def errors(kind, values):
    return {series("planaria_api_errors_total", f'kind="{kind}"'): values}


LEADER = series("planaria_leader")
KEPT = "planaria_policy_memory_kept_total"
READER = series("planaria_semantics_available")
SEEN = series("planaria_watch_last_event_timestamp_seconds")
WAITING = series("planaria_oldest_escalation_timestamp_seconds")
REFUSED = "planaria_refusals_total"
TOLD = "planaria_notifications_total"

CASES = {
    "PlanariaOperatorDown": Case({"up": "0x60"}, {LEADER: "1x60"}),
    "PlanariaNoLeader": Case(
        {LEADER: "0x60", series("planaria_leader", own=OTHER): "0x60"},
        {LEADER: "0x60", series("planaria_leader", own=OTHER): "1x60"},
    ),
    "PlanariaTwoLeaders": Case(
        {LEADER: "1x60", series("planaria_leader", own=OTHER): "1x60"},
        {LEADER: "1x60", series("planaria_leader", own=OTHER): "0x60"},
    ),
    "PlanariaReconcileErrors": Case(
        {series("planaria_reconcile_errors_total"): "0+1x60"},
        {series("planaria_reconcile_errors_total"): "0 1 2 2x60"},
    ),
    "PlanariaApiErrors": Case(
        errors("Unavailable", "0+12x60"), {**errors("Unavailable", "0+3x60"), **errors("Conflict", "0+60x60")}
    ),
    "PlanariaNotAllowed": Case(errors("Forbidden", "0x10 1x50"), errors("Forbidden", "1x60")),
    "PlanariaLoopLag": Case(
        {series("planaria_loop_lag_seconds"): "1.5x60"},
        {series("planaria_loop_lag_seconds"): "0.1x20 3 0.1x40"},
    ),
    "PlanariaWatchSilent": Case({SEEN: "30x60"}, {SEEN: "0+60x60"}),
    "PlanariaActionsDoNotHelp": Case(actions("0+1x90", "0+2x90"), actions("0+2x90", "0+1x90"), 80),
    "PlanariaEscalationWaiting": Case({WAITING: "60x60"}, {WAITING: "0x60"}),
    "PlanariaNobodyTold": Case(
        {series(TOLD, 'receiver="oncall",outcome="NotificationFailed"'): "0x10 1x50"},
        {
            series(TOLD, 'receiver="oncall",outcome="NotificationPending"'): "0+9x60",
            series(TOLD, 'receiver="oncall",outcome="NotificationSent"'): "0+9x60",
        },
    ),
    "PlanariaBudgetExhausted": Case(budget("8x60", "8x60"), budget("7x60", "8x60")),
    "PlanariaTargetBudgetExhausted": Case(
        {series(REFUSED, 'guard="target-budget",reason="TargetBudgetExhausted"'): "_x10 1x5 2x45"},
        {series(REFUSED, 'guard="budget",reason="BudgetExhausted"'): "0+9x60"},
    ),
    "PlanariaHoldsBack": Case(
        held("storm", "StormActive"), held("mode", "ObserveMode") | held("node-action", "SharedCause")
    ),
    "PlanariaSemanticsDegraded": Case({READER: "0x60", LEADER: "1x60"}, {READER: "0x60", LEADER: "0x60"}),
    "PlanariaPolicyServiceDegraded": Case(policy_service("0x60", "0+1x60"), policy_service("0x60", "0x60")),
    "PlanariaPolicyFileRefused": Case(
        {series("planaria_policy_refused_files"): "1x60"}, {series("planaria_policy_refused_files"): "0x60"}
    ),
    "PlanariaMemoryNotKept": Case(
        {series(KEPT, 'what="step",result="NotReached"'): "0+1x60"},
        {
            series(KEPT, 'what="step",result="Kept"'): "0+9x60",
            series(KEPT, 'what="outcome",result="UnknownIncident"'): "0+9x60",
        },
    ),
    "PlanariaFaultsUnknown": Case(faults("0+1x90", "0+1x90"), faults("0+1x90", "0+9x90"), 80),
}
DEAF_BESIDE_ONE_THAT_HEARS = {
    SEEN: "30x60",
    series("planaria_watch_last_event_timestamp_seconds", own=OTHER): "0+60x60",
}
ALSO = {
    "PlanariaHoldsBack": (held("storm", "SharedCause"), held("min-healthy", "TooFewHealthy")),
    "PlanariaWatchSilent": (DEAF_BESIDE_ONE_THAT_HEARS,),
}
"""More that must fire, each by itself."""
BARELY = {
    "PlanariaActionsDoNotHelp": actions("0x90", "0 1x90"),
    "PlanariaBudgetExhausted": budget("0x60", "0x60"),
    "PlanariaFaultsUnknown": faults("0 1x90", "0x90"),
    "PlanariaPolicyServiceDegraded": policy_service("1x60", "0+1x60"),
    "PlanariaSemanticsDegraded": {READER: "0x10 1x50", LEADER: "1x60"},
    "PlanariaWatchSilent": {SEEN: "0x60"},
}
"""More that must not fire: too little to judge by, forbidden on purpose, over again, not begun."""


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_alert_is_tested():
    assert [rule["alert"] for rule in rules()] == list(CASES)


def unit(alert, given, minutes, count):
    asked = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    samples = [{"labels": "{}", "value": count}] if count else []
    return {
        "name": f"{alert} {'fires' if count else 'is quiet'}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in given.items()],
        "promql_expr_test": [{"expr": asked, "eval_time": f"{minutes}m", "exp_samples": samples}],
    }


@pytest.fixture(scope="module")
def promtool():
    return binary("promtool")


def run(promtool, *arguments):
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_rules_are_valid(promtool):
    code, told = run(promtool, "check", "rules", str(RULES))
    assert code == 0, told
    assert f"{len(CASES)} rules found" in told


@pytest.mark.parametrize("alert", CASES)
def test_an_alert_fires_and_is_quiet(promtool, alert, tmp_path: Path):
    case = CASES[alert]
    tests = [unit(alert, case.fires, case.minutes, 1), unit(alert, case.quiet, case.minutes, 0)]
    tests += [unit(alert, given, case.minutes, 1) for given in ALSO.get(alert, ())]
    if alert in BARELY:
        tests.append(unit(alert, BARELY[alert], case.minutes, 0))
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    code, told = run(promtool, "test", "rules", str(file))
    assert code == 0, told


def test_a_test_of_a_rule_that_would_not_fire_fails(promtool, tmp_path: Path):
    tests = [unit("PlanariaLoopLag", CASES["PlanariaLoopLag"].quiet, 30, 1)]
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    assert run(promtool, "test", "rules", str(file))[0] == 1


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_and_has_its_runbook(rule):
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    path = ROOT / rule["annotations"]["runbook_url"]
    assert path == RUNBOOKS / f"{rule['alert']}.md"
    text = path.read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    assert all(f"\n## {head}\n" in text for head in ("Meaning", "Look", "Mend"))


def test_there_is_no_runbook_without_an_alert():
    assert {path.stem for path in RUNBOOKS.glob("Planaria*.md")} == set(CASES)


def test_what_is_refused_while_most_are_broken_is_what_planaria_holds_back_counts():
    sick = [deployment(name, ready=0) for name in ("cart", "front", "search")]
    world, under = store(sick, [deployment("images")]), policy(mode=Mode.ENFORCE)
    for each in sick:
        world.put_remediation(remediation(each, name=f"{each.meta.name}-1"))
    sky = weather(world, under, detect(world, under, NOW), NOW)
    given = proposal(target=sick[0], under=under, world=world, weather=sky, remediation=remediation(sick[0]))
    refusal = first_refusal(check_all(given))
    assert refusal
    asked = next(rule["expr"] for rule in rules() if rule["alert"] == "PlanariaHoldsBack")
    wanted = dict(re.findall(r'(\w+)=~"([^"]+)"', asked))
    assert re.fullmatch(wanted["guard"], refusal.guard)
    assert re.fullmatch(wanted["reason"], refusal.reason.value)


def test_a_runbook_that_asks_every_policy_asks_those_for_the_cluster_too():
    assert not [path.stem for path in RUNBOOKS.glob("*.md") if "kubectl get hpol -A" in path.read_text()]


def test_a_runbook_asks_a_forwarded_port_once_it_listens_and_closes_it():
    lines = [line for path in RUNBOOKS.glob("*.md") for line in path.read_text().splitlines()]
    for line in (line for line in lines if "kubectl port-forward" in line):
        assert "--retry-connrefused" in line
        assert line.endswith("; kill $!")


def test_alerts_ask_for_metrics_that_exist():
    known = set(EXAMPLES)
    for rule in rules():
        for name in re.findall(r"planaria_\w+", rule["expr"]):
            assert name in known, f"{rule['alert']}: {name}"
