"""Each query of both dashboards, asked of a real Prometheus that scrapes the operator's and the policy service's metrics."""

import json
import math
import re
import subprocess
import time

import pytest

from planaria_observability import cli
from planaria_observability.asking import ask, filled
from planaria_observability.catalogue import EXAMPLES, values_of
from planaria_observability.cli import BOARDS
from planaria_observability.panels import SCHEMA_VERSION, to_json
from planaria_observability.pictures import render
from planaria_observability.prometheus import QueryFailed, binary
from tests.conftest import ROOT
from tests.observability.conftest import NAMESPACE

PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board.panels]
IDS = [f"{name}: {panel.title}" for name, panel in PANELS]
assert len(set(IDS)) == len(IDS), "two panels of one dashboard have one title"
PATIENCE = 120
"""Seconds until everything has happened at least twice."""
UNITS = {"short", "s", "percentunit", "bytes", "ops"}
ADDED = {"__name__", "job", "instance", "namespace", "pod", "le", "quantile"}


def has_numbers(answer):
    return any(math.isfinite(value) for series in answer.series for _, value in series.points)


@pytest.fixture(scope="module")
def answered(scraped):
    """The panels that do not have data for each of their queries within the time; what they lack."""
    missing, found = dict(zip(IDS, PANELS, strict=True)), {}
    deadline = time.monotonic() + PATIENCE
    while missing and time.monotonic() < deadline:
        time.sleep(3)
        for name, (_, panel) in list(missing.items()):
            answers = ask(scraped.prometheus, panel, scraped.span())
            found[name] = answers
            if all(has_numbers(answer) for answer in answers):
                del missing[name]
    return found, missing


@pytest.mark.parametrize("name", IDS)
def test_every_panel_has_data(answered, name):
    found, missing = answered
    assert name not in missing, [answer.query.promql for answer in found[name] if not has_numbers(answer)]


@pytest.mark.parametrize("name", IDS)
def test_what_a_panel_calls_its_series_has_no_gaps(answered, name):
    for answer in answered[0][name]:
        for series in answer.series:
            legend = answer.legend(series)
            assert "{{" not in legend
            assert not answer.query.legend or legend.strip(": "), answer.query


def test_a_panel_that_asks_for_what_is_not_there_is_found_out(scraped):
    from planaria_observability.panels import Panel, Query

    nothing = Panel("x", "y", (Query("planaria_no_such_metric"),))
    assert not any(has_numbers(answer) for answer in ask(scraped.prometheus, nothing, scraped.span()))
    with pytest.raises(QueryFailed, match="parse error"):
        ask(scraped.prometheus, Panel("x", "y", (Query("sum(("),)), scraped.span())


@pytest.mark.parametrize("metric", EXAMPLES)
def test_the_examples_of_the_reference_are_valid(scraped, metric):
    scraped.prometheus.at(EXAMPLES[metric])


def test_labels_take_only_documented_values(answered, scraped):
    """After a whole play: what is said to be a closed set is one, and no label names a pod."""
    series = scraped.prometheus.at('{__name__=~"planaria_.+"}')
    assert len(series) > 300
    for each in series:
        name = each.labels["__name__"]
        family = re.sub("_(bucket|sum|count)$", "", name)
        for label in set(each.labels) - ADDED:
            allowed = values_of(family, label)
            value = each.labels[label]
            assert isinstance(allowed, str) or value in allowed, f"{name}: {label}={value}"
            assert not re.search(r"-[0-9]$", value), f"{name}: {label}={value} looks like a pod"


def test_pictures_show_what_was_answered(answered, scraped, tmp_path):
    for path in render(BOARDS, tmp_path, scraped.prometheus, scraped.span()):
        assert path.stat().st_size > 50_000


# --- the files


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_what_grafana_loads(name):
    board = json.loads((ROOT / f"charts/planaria/dashboards/{name}.json").read_text())
    assert board["schemaVersion"] == SCHEMA_VERSION
    assert board["uid"] == f"planaria-{name}"
    variables = [variable["name"] for variable in board["templating"]["list"]]
    assert variables == ["datasource", "namespace", "policy"][: len(variables)]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    for panel in board["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
            assert len(panel["description"]) > 20
            used = set(re.findall(r"\$(\w+)", " ".join(target["expr"] for target in panel["targets"])))
            assert used <= {*variables, "__interval", "__rate_interval", "__range"}


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap_and_stay_on_the_grid(name):
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(to_json(BOARDS[name]))["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=IDS)
def test_panels_ask_for_documented_metrics_of_the_chosen_namespace(name, panel):
    for query in panel.queries:
        for metric in re.findall(r"planaria_\w+", query.promql):
            assert re.sub("_bucket$", "", metric) in EXAMPLES
        selectors = re.findall(r"(?:planaria|process)_\w+(\{[^}]*\})?", query.promql)
        assert all('namespace=~"$namespace"' in selector for selector in selectors)


SERVICE = "planaria_policy_available"
ASKS_FOR_IT = [query for _, panel in PANELS for query in panel.queries if SERVICE in query.promql]


@pytest.mark.parametrize("leader", ["0", "1"])
@pytest.mark.parametrize("query", ASKS_FOR_IT, ids=lambda query: query.legend or "now")
def test_a_standby_that_never_asks_does_not_make_the_policy_service_look_away(query, leader, tmp_path):
    given = [
        {"series": f'{SERVICE}{{namespace="{NAMESPACE}",pod="{pod}"}}', "values": value}
        for pod, value in (("planaria-0", leader), ("planaria-1", "0"))
    ]
    wanted = {
        "expr": query.promql.replace("$namespace", NAMESPACE),
        "eval_time": "0m",
        "exp_samples": [{"labels": "{}", "value": int(leader)}],
    }
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps({"tests": [{"input_series": given, "promql_expr_test": [wanted]}]}))
    command = [binary("promtool"), "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_variables_of_grafana_are_filled(scraped):
    text = 'x{namespace=~"$namespace",policy=~"$policy"}[$__rate_interval] [$__interval] [$__range]'
    told = filled(text, scraped.span(), 10)
    assert "$" not in told
    assert "[11s] [10s]" in told


def test_generated_files_are_what_the_code_says(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert cli.main(["generate", "--check"]) == 0


def test_a_generated_file_that_drifted_is_found_out(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["generate", "--check"]) == 1
    assert "operations.json" in capsys.readouterr().out
