import pytest

from planaria_operator.api.selector import LabelSelector, SelectorRequirement
from planaria_operator.detect.selection import matches, opted_out, selected, selects
from planaria_operator.objects.meta import OPT_OUT_LABEL
from tests.builders import daemon_set, deployment, meta, policy, stateful_set, store

LABELS = {"app": "front", "tier": "web"}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("In", "tier", ("web", "api"), True),
        ("In", "tier", ("api",), False),
        ("In", "absent", ("web",), False),
        ("NotIn", "tier", ("api",), True),
        ("NotIn", "tier", ("web",), False),
        ("NotIn", "absent", ("web",), True),
        ("Exists", "tier", (), True),
        ("Exists", "absent", (), False),
        ("DoesNotExist", "absent", (), True),
        ("DoesNotExist", "tier", (), False),
    ],
)
def test_expressions_match_as_the_api_server_matches_them(operator, key, values, expected):
    row = SelectorRequirement(key=key, operator=operator, values=values)
    assert matches(LabelSelector(match_expressions=(row,)), LABELS) is expected


def test_labels_and_expressions_must_all_hold():
    row = SelectorRequirement(key="tier", operator="In", values=("web",))
    assert matches(LabelSelector(match_labels={"app": "front"}, match_expressions=(row,)), LABELS)
    assert not matches(LabelSelector(match_labels={"app": "back"}, match_expressions=(row,)), LABELS)


def test_an_empty_selector_selects_every_workload_of_its_own_namespace():
    world = store(deployment("b"), stateful_set("a"), deployment("elsewhere", namespace="other"))
    assert [str(each.meta) for each in selected(world, policy())] == ["Deployment/b", "StatefulSet/a"]


def test_kinds_that_are_not_listed_are_not_selected():
    assert selects(store(), policy(kinds=("Deployment", "Node")), deployment())
    assert not selects(store(), policy(kinds=("Deployment", "Node")), daemon_set())


@pytest.mark.parametrize(("value", "out"), [("true", True), ("", True), ("yes", True), ("false", False)])
def test_any_opt_out_value_but_false_keeps_planaria_away(value, out):
    assert opted_out(meta("Pod", "x", labels={OPT_OUT_LABEL: value})) is out
    assert selects(store(), policy(), deployment(labels={OPT_OUT_LABEL: value})) is not out
