"""Who may talk to whom: nothing that is not written down."""

from typing import Any

import pytest
import yaml

from charts.generate.helm import CHART
from tests.chart.rendering import CASES, named, of_case, of_kind, render, set_values

Body = dict[str, Any]


def selected(body: Body) -> dict[str, str]:
    labels: dict[str, str] = body["spec"]["podSelector"]["matchLabels"]
    return labels


def ports(rules: list[Body]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


@pytest.mark.parametrize("case", [case for case in CASES if case != "smallest"])
def test_what_no_policy_names_is_denied_for_every_pod(case: str):
    bodies = render(*of_case(case))
    denying = next(
        body for body in of_kind(bodies, "NetworkPolicy") if body["metadata"]["name"].endswith("-deny")
    )
    assert denying["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & denying["spec"].keys()
    for pod in of_kind(bodies, "Deployment"):
        labels = pod["spec"]["template"]["metadata"]["labels"]
        assert selected(denying).items() <= labels.items()


def test_the_operator_reaches_dns_the_api_server_and_the_policy_service():
    spec = named(set_values(), "NetworkPolicy", "planaria-operator")["spec"]
    assert ports(spec["egress"]) == {53, 5353, 443, 6443, 8443, 16443, 8090}


def test_a_narrower_api_server_is_one_address():
    spec = named(render(*of_case("external")), "NetworkPolicy", "planaria-operator")["spec"]
    rule = next(rule for rule in spec["egress"] if ports([rule]) == {6443})
    assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.0/24"}}]
    assert ports(spec["egress"]) == {53, 5353, 6443, 443, 8090, 8000, 9091, 4318}


def test_addresses_of_the_api_server_may_be_of_ipv6():
    cidrs = ["::/0", "2001:db8::/32"]
    bodies = set_values(f"networkPolicy.apiServer.cidrs={{{','.join(cidrs)}}}")
    egress = named(bodies, "NetworkPolicy", "planaria-operator")["spec"]["egress"]
    rule = next(rule for rule in egress if 6443 in ports([rule]))
    assert [each["ipBlock"]["cidr"] for each in rule["to"]] == cidrs


def test_the_policy_service_reaches_nothing_but_its_database():
    assert "egress" not in named(set_values(), "NetworkPolicy", "planaria-policy")["spec"]
    spec = named(render(*of_case("postgresql")), "NetworkPolicy", "planaria-policy")["spec"]
    assert ports(spec["egress"]) == {53, 5353, 6432}


def test_the_test_of_a_release_reaches_what_it_asks():
    egress = named(set_values(), "NetworkPolicy", "planaria-test")["spec"]["egress"]
    assert ports(egress) == {53, 5353, 443, 6443, 8443, 16443, 8080, 8090}
    assert [ports([rule]) for rule in egress if "to" in rule] == [{8080, 8090}]


def test_the_test_of_a_release_reaches_a_policy_service_elsewhere_as_the_operator_does():
    bodies = set_values(
        "policy.enabled=false",
        "policy.url=http://policy.ml.svc:9000",
        "networkPolicy.extraEgress[0].ports[0].port=9001",
    )
    for who in ("operator", "test"):
        egress = named(bodies, "NetworkPolicy", f"planaria-{who}")["spec"]["egress"]
        assert {9000, 9001} <= ports([rule for rule in egress if "to" not in rule]), who


def test_vllm_reaches_nothing_but_where_its_model_comes_from():
    online = named(render(*of_case("vllm-gpu")), "NetworkPolicy", "planaria-vllm")["spec"]
    assert ports(online["egress"]) == {53, 5353, 443}
    assert "egress" not in named(render(*of_case("vllm-offline")), "NetworkPolicy", "planaria-vllm")["spec"]


def test_only_the_operator_and_who_scrapes_may_ask_vllm():
    spec = named(render(*of_case("vllm-gpu")), "NetworkPolicy", "planaria-vllm")["spec"]
    operator, monitoring = spec["ingress"][0]["from"]
    assert operator["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "operator"
    assert monitoring["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://prometheus.monitoring:9090", 9090),
        ("https://prometheus.example.com/path:1", 443),
        ("http://prometheus", 80),
        ("http://[fd00::1]:9090", 9090),
    ],
)
def test_the_port_of_an_address_is_let_out(url: str, port: int):
    spec = named(set_values(f"prometheus.url={url}"), "NetworkPolicy", "planaria-operator")["spec"]
    assert ports(spec["egress"][-1:]) == {port}


def test_dashboards_and_alerts_are_the_files_as_they_are():
    bodies = render(*of_case("monitoring"))
    maps = of_kind(bodies, "ConfigMap")
    files = sorted((CHART / "dashboards").glob("*.json"))
    assert [text.strip() for body in maps for text in body["data"].values()] == [
        path.read_text().strip() for path in files
    ]
    assert all(body["metadata"]["labels"]["grafana_dashboard"] == "1" for body in maps)
    rules = CHART / "rules" / "planaria.yaml"
    wanted = [yaml.safe_load(rules.read_text())] if rules.exists() else []
    assert [body["spec"] for body in of_kind(bodies, "PrometheusRule")] == wanted


def test_monitors_point_at_ports_that_the_services_have():
    bodies = render(*of_case("monitoring"))
    monitors = of_kind(bodies, "ServiceMonitor")
    assert {body["metadata"]["name"] for body in monitors} == {"planaria-operator", "planaria-policy"}
    for monitor in monitors:
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [
            body for body in of_kind(bodies, "Service") if wanted <= body["metadata"]["labels"].items()
        ]
        assert [each["name"] for each in services[0]["spec"]["ports"]] == ["http"]
        assert len(services) == 1
        assert monitor["spec"]["endpoints"] == [{"port": "http", "path": "/metrics", "interval": "1m"}]
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
