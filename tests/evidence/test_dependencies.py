"""Which Services a target names, and which workload stands behind each."""

import pytest

from planaria_contract import LogLine
from planaria_operator.evidence.dependencies import behind, dependencies, named_hosts
from planaria_operator.evidence.facts import LAST_APPLIED
from planaria_operator.objects.cluster import parse_service
from tests.builders import NOW, deployment, pods_of, service_of, store


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("http://backend:8080/x", {"backend"}),
        ("backend.shop.svc.cluster.local", {"backend"}),
        ("backend.shop:80", {"backend"}),
        ("backend.svc", {"backend"}),
        ("backend.other.svc:80", set()),
        ("www.backend.example", set()),
        ('Get "http://backend:8080/livez": dial tcp 10.96.3.4:8080', {"backend"}),
        ("$(rm -rf /) ; backend'", {"backend"}),
    ],
)
def test_names_of_this_namespace_are_found_in_any_text(text, names):
    assert {"backend", "other"} & named_hosts([text], "shop") == names


def line(text):
    return LogLine(index=0, pod="front-0", container="app", text=text)


def test_a_dependency_with_nothing_behind_it_comes_first_with_its_workload():
    back, cache = deployment("backend", desired=0), deployment("cache")
    front = deployment(environment=("http://backend:8080", "cache:6379"))
    world = store(front, back, cache, service_of(front), service_of(back), service_of(cache, ready=2))
    facts = dependencies(world, front, (), NOW)
    assert [(fact.service, fact.ready_endpoints) for fact in facts] == [("backend", 0), ("cache", 2)]
    assert facts[0].workload is not None
    assert facts[0].workload.desired == 0


def test_a_service_of_its_own_is_no_dependency():
    front = deployment(environment=("front",))
    assert dependencies(store(front, service_of(front)), front, (), NOW) == ()


def test_a_name_for_a_host_outside_the_cluster_is_no_dependency_with_nothing_behind_it():
    """Such a Service never has an EndpointSlice."""
    about = {"name": "db", "namespace": "shop", "uid": "db"}
    spec = {"type": "ExternalName", "externalName": "shop.rds.example.com", "selector": {"app": "db"}}
    front = deployment(environment=("db",))
    outside = parse_service({"metadata": about, "spec": spec})
    assert dependencies(store(front, deployment("db"), outside), front, (), NOW) == ()
    assert behind(store(deployment("db")), outside) is None
    inside = parse_service({"metadata": about, "spec": {**spec, "type": "ClusterIP"}})
    assert [each.service for each in dependencies(store(front, inside), front, (), NOW)] == ["db"]


def test_error_lines_name_dependencies_and_other_lines_do_not():
    back = deployment("backend")
    front = deployment()
    world = store(front, back, service_of(back))
    assert dependencies(world, front, [line("dial backend: connection refused")], NOW)
    assert dependencies(world, front, [line("the backend is lovely")], NOW) == ()


def test_a_name_without_a_service_is_nothing():
    front = deployment()
    hostile = [line("connection refused by kube-system/../../secrets; backend")]
    assert dependencies(store(front), front, hostile, NOW) == ()


def test_the_workload_behind_a_service_is_found_by_its_selector_even_at_zero():
    back = deployment("backend", desired=0)
    service, _ = service_of(back)
    assert behind(store(back, *pods_of(back, 0)), service) == back


def track(name: str, **fields):
    """One of several Deployments whose pods carry the label that the Service asks for."""
    return deployment(f"api-{name}", match_labels={"app": "api", "track": name}, **fields)


@pytest.mark.parametrize(
    ("canary", "stable", "named"),
    [
        ({"desired": 0}, {"ready": 0}, "stable"),
        ({"desired": 1}, {"desired": 3}, "stable"),
        ({"desired": 3}, {"desired": 3}, "canary"),
        ({"desired": 1}, {"desired": 0}, "canary"),
        ({"desired": 0}, {"desired": 0}, "canary"),
        (
            {"desired": 0},
            {"desired": 0, "annotations": {LAST_APPLIED: '{"spec": {"replicas": 3}}'}},
            "stable",
        ),
    ],
    ids=[
        "one waits at zero",
        "one wants more",
        "both the same",
        "the small one is left",
        "none",
        "one had pods",
    ],
)
def test_of_several_workloads_behind_a_service_the_one_that_most_of_its_pods_are_of_counts(
    canary, stable, named
):
    service, _ = service_of(deployment("api"))
    found = behind(store(track("canary", **canary), track("stable", **stable)), service)
    assert found is not None
    assert found.meta.name == f"api-{named}"


def test_of_several_workloads_that_were_scaled_to_zero_the_one_that_had_most_pods_counts():
    service, _ = service_of(deployment("api"))
    world = store(track("canary", desired=1), track("stable", desired=3))
    for name in ("canary", "stable"):
        world.put(track(name, desired=0))
    found = behind(world, service)
    assert found is not None
    assert found.meta.name == "api-stable"
