"""What is written for the programs of a bare cluster."""

import json
import tomllib
from dataclasses import asdict, replace

import pytest

from planaria_cluster import pins
from planaria_cluster.bare import (
    audit,
    bring_up,
    containerd,
    control_plane,
    dns,
    kubelet,
    network,
    proxy,
    settings,
    simulated,
)
from planaria_cluster.bare.launcher import Program
from planaria_cluster.bare.settings import Settings
from planaria_cluster.errors import UsageError


@pytest.fixture
def made(monkeypatch, tmp_path) -> Settings:
    monkeypatch.setenv("PLANARIA_STATE", str(tmp_path))
    return Settings("demo", 93, 2, 0)


def flags(made, part):
    programs = {program.part: program for program in control_plane.programs(made, made.folder)}
    return dict(str(word).removeprefix("--").split("=", 1) for word in programs[part].argv[1:])


def test_the_addresses_of_a_cluster_never_overlap(made):
    import ipaddress

    ranges = [*(node.pod_range for node in made.all_nodes), made.services, f"{made.host_address}/32"]
    networks = [ipaddress.ip_network(word) for word in ranges]
    assert not any(a.overlaps(b) for a in networks for b in networks if a is not b)
    last = made.node(settings.MAX_NODES)
    assert ipaddress.IPv4Network(last.pod_range).subnet_of(ipaddress.IPv4Network(made.pods))
    assert ipaddress.ip_address(made.dns_service) in ipaddress.ip_network(made.services)
    assert len(f"{made.bridge}n{settings.MAX_NODES}") <= 15  # what the kernel takes as a link's name


def test_settings_survive_and_damage_is_told(made):
    made.save()
    assert settings.load("demo") == made
    assert settings.load("other") is None
    (made.folder / "cluster.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        settings.load("demo")


def test_network_policies_are_enforced_by_a_program_in_each_node_where_asked_for(made):
    guards = {f"{node.name}.network-policies" for node in made.all_nodes}
    assert not guards & set(bring_up.parts(made))
    guarded = replace(made, network_policies=True)
    assert guards < set(bring_up.parts(guarded))
    guarded.save()
    assert settings.load("demo") == guarded


def test_a_cluster_of_before_enforces_none(made):
    made.save()
    file = made.folder / "cluster.json"
    file.write_text(
        json.dumps({key: value for key, value in asdict(made).items() if key != "network_policies"})
    )
    assert settings.load("demo") == made


@pytest.mark.parametrize("name", ["", "Demo", "a_b", "-a", "a-", "1a", "../x", "a" * 21])
def test_impossible_names_are_refused(name):
    with pytest.raises(UsageError):
        settings.check_name(name)


def test_a_lost_node_shows_within_half_a_minute(made):
    assert flags(made, "kube-controller-manager")["node-monitor-grace-period"] == "20s"
    assert flags(made, "kube-controller-manager")["node-monitor-period"] == "2s"
    assert kubelet.configuration(made, made.node(1))["nodeLeaseDurationSeconds"] == 20


def test_nothing_is_told_to_listen_on_all_addresses(made):
    assert flags(made, "kube-apiserver")["bind-address"] == "10.93.0.1"
    assert "127.93.0.1" in flags(made, "etcd")["listen-client-urls"]
    assert flags(made, "kube-scheduler")["bind-address"] == "127.93.0.1"
    assert kubelet.configuration(made, made.node(2))["address"] == "10.93.0.12"
    assert dns.corefile(made).count("bind 10.93.0.1\n") == 2


def test_the_api_server_writes_down_every_change_without_its_body(made):
    log = flags(made, "kube-apiserver")
    assert log["audit-log-path"] == str(made.folder / "log" / "audit.log")
    assert int(log["audit-log-maxbackup"]) > 0, "it does not grow for ever"
    audit.ensure(made)
    written = json.loads((made.folder / "audit-policy.json").read_text())
    assert {rule["level"] for rule in written["rules"]} == {"None", "Metadata"}
    assert written["rules"][-1] == {"level": "Metadata"}, "whatever no rule names"


def test_another_audit_policy_means_another_api_server(made, monkeypatch):
    def server() -> str:
        return next(
            each.digest for each in control_plane.programs(made, made.folder) if each.part == "kube-apiserver"
        )

    before = server()
    monkeypatch.setattr(audit, "policy", lambda: {"rules": []})
    assert server() != before


def test_containerd_reads_its_configuration(made):
    node = made.node(1)
    tree = tomllib.loads(containerd.configuration(node))
    cri = tree["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == pins.PAUSE_IMAGE
    assert cri["restrict_oom_score_adj"] is True
    hosts = tomllib.loads(containerd.registry(made))
    assert list(hosts["host"]) == [f"http://10.93.0.1:{dns.HEALTH_PORT}"]


def test_pods_of_a_node_come_from_its_own_range(made):
    conf = json.loads(containerd.cni(made.node(2)))
    assert conf["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "10.93.66.0/24"}]]
    assert proxy.configuration(made, made.node(2))["clusterCIDR"] == "10.93.64.0/18"


def test_the_kubelet_leaves_the_machine_alone(made):
    written = kubelet.configuration(made, made.node(1))
    assert written["cgroupRoot"] == "/planaria-demo-93/demo-node-1"
    assert written["clusterDNS"] == ["10.93.128.10"]
    assert written["serializeImagePulls"] is False
    assert written["imageGCHighThresholdPercent"] == 100


def test_simulated_nodes_keep_real_pods_away():
    assert simulated.node("x")["spec"]["taints"][0]["effect"] == "NoSchedule"
    assert simulated.node("x")["metadata"]["labels"]["type"] == "kwok"


def test_a_changed_configuration_means_another_program():
    assert Program("a", ["x"], "1").digest != Program("a", ["x"], "2").digest
    assert Program("a", ["x"], "1").digest == Program("b", ["x"], "1").digest


def test_a_free_range_avoids_routes_and_clusters_that_are_down(made, monkeypatch):
    monkeypatch.setattr(
        network,
        "run",
        lambda _: json.dumps([{"dst": "default"}, {"dst": "10.90.3.0/24"}, {"dst": "10.91.0.1"}]),
    )
    Settings("down", 92, 2, 0).save()
    assert network.free_index() == 93


def test_state_under_run_is_refused(monkeypatch):
    monkeypatch.setenv("PLANARIA_STATE", "/run/planaria")
    with pytest.raises(UsageError, match="/run"):
        settings.load("demo")
