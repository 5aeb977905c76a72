"""Receivers: their addresses are mounted, never granted, never in an argument, and nobody's healing depends on them."""

import pytest

from tests.chart.rendering import (
    args_of,
    named,
    of_case,
    of_kind,
    of_operator,
    permissions,
    pod_specs,
    refusal,
    render,
    set_values,
)

CASE = of_case("notifications")
ONE = ("notifications.receivers[0].name=chat", "notifications.receivers[0].existingSecret=s")


def test_policies_name_receivers_and_the_operator_knows_their_names_and_formats():
    args = args_of(render(*CASE), "operator")
    assert [word for word in args if word.startswith("--receiver")] == [
        *("--receiver=chat=slack", "--receiver=oncall=generic", "--receiver=night=generic"),
    ]


def test_addresses_come_from_secrets_that_may_be_missing():
    spec = dict(pod_specs(render(*CASE)))["planaria-operator"]
    (volume,) = [each for each in spec["volumes"] if each["name"] == "receivers"]
    chat, oncall, night = (source["secret"] for source in volume["projected"]["sources"])
    assert chat == {"name": "chat-webhook", "optional": True, "items": [{"key": "url", "path": "chat/url"}]}
    assert oncall["items"] == [
        {"key": "address", "path": "oncall/url"},
        {"key": "hmac", "path": "oncall/signing-key"},
    ]
    assert night["items"] == [{"key": "night", "path": "night/url"}]
    assert {source["secret"]["optional"] for source in volume["projected"]["sources"]} == {True}
    (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "receivers"]
    assert mount == {"name": "receivers", "mountPath": "/var/run/planaria/receivers", "readOnly": True}


def test_telling_people_takes_no_right_to_read_secrets():
    roles = of_operator(render(*CASE), "ClusterRole", "Role")
    assert not [each for each in permissions(roles) if each[1] == "secrets"]


def test_each_port_is_let_out_once():
    def ports(bodies):
        rules = named(bodies, "NetworkPolicy", "planaria-operator")["spec"]["egress"]
        return sorted(
            rule["ports"][0]["port"] for rule in rules if len(rule["ports"]) == 1 and "to" not in rule
        )

    assert ports(render(*CASE)) == [443, 8443]
    assert ports(set_values()) == []


def test_without_receivers_there_is_nothing_of_it():
    spec = dict(pod_specs(set_values()))["planaria-operator"]
    assert [each["name"] for each in spec["volumes"]] == ["tmp"]
    assert not [word for word in args_of(set_values(), "operator") if word.startswith("--receiver")]
    assert of_kind(set_values(), "Secret") == []


@pytest.mark.parametrize(
    ("assignments", "words"),
    [
        (("notifications.receivers[0].name=chat",), "missing property 'existingSecret'"),
        ((*ONE, "notifications.receivers[0].url=https://example.com"), "'url' not allowed"),
        ((*ONE, "notifications.receivers[0].format=xml"), "'generic', 'slack'"),
        ((*ONE, "notifications.receivers[0].name=On_Call"), "/notifications/receivers/0/name"),
        ((*ONE, "notifications.receivers[0].port=0"), "/notifications/receivers/0/port"),
        (
            (*ONE, "notifications.receivers[1].name=chat", "notifications.receivers[1].existingSecret=t"),
            "has the name chat twice",
        ),
    ],
)
def test_a_wrong_receiver_is_named_before_anything_is_installed(assignments: tuple[str, ...], words: str):
    assert words in refusal(*assignments)
