"""Wrong values end an install before anything is made, with a line that says which and what to do."""

import pytest

from charts.generate.helm import CHART
from charts.generate.values import read_values
from tests.chart.rendering import KNOWS_MONITORING, MONITORING, of_kind, refusal, render, set_values

WRONG = {
    "operator.replicaz=3": "'replicaz' not allowed",
    "operater.replicas=3": "'operater' not allowed",
    "operator.replicas=many": "/operator/replicas",
    "operator.replicas=-1": "/operator/replicas",
    "operator.logLevel=loud": "'debug', 'info', 'warning', 'error'",
    "operator.image.digest=latest": "/operator/image/digest",
    "actions.restart.enabled=perhaps": "/actions/restart/enabled",
    "actions.reboot.enabled=true": "'reboot' not allowed",
    "watchNamespaces={Shop}": "/watchNamespaces/0",
    "prometheus.url=prometheus:9090": "/prometheus/url",
    "policy.memory.type=redis": "'none', 'sqlite', 'postgresql'",
    "policy.memory.sqlite.size=2": "/policy/memory/sqlite/size",
    "policy.deadlineSeconds=0": "/policy/deadlineSeconds",
    "semantics.encoder.deadlineSeconds=0": "/semantics/encoder/deadlineSeconds",
    "vllm.adapters[0].name=a": "missing property 'path'",
    "vllm.gpuMemoryUtilizationPercent=100": "/vllm/gpuMemoryUtilizationPercent",
    "monitoring.serviceMonitor.enabled=yes": "true, false, 'auto'",
}
TOGETHER = {
    ("operator.leaderElection.enabled=false",): "set operator.replicas to 1",
    ("policy.url=http://elsewhere:8090",): "set policy.enabled=false",
    ("policy.memory.type=sqlite", "policy.replicas=2"): "leave policy.replicas empty",
    ("policy.memory.type=sqlite", "policy.autoscaling.enabled=true"): "or use postgresql",
    ("policy.memory.type=postgresql",): "policy.memory.postgresql.existingSecret",
    ("policy.autoscaling.minReplicas=7",): "is more than maxReplicas (6)",
    ("vllm.enabled=true",): "name the model in vllm.model",
    (
        "vllm.enabled=true",
        "vllm.model=m",
        "semantics.vllm.url=http://v:8000",
    ): "leave semantics.vllm.url empty",
    ("vllm.enabled=true", "vllm.model=m", "vllm.replicas=2"): "set it to ReadWriteMany",
    ("semantics.vllm.url=http://v:8000",): "name the model to ask in semantics.vllm.model",
    ("semantics.extractor=hybrid",): "set vllm.enabled=true",
}


@pytest.mark.parametrize("assignment", WRONG)
def test_a_wrong_value_is_named(assignment: str):
    said = refusal(assignment)
    assert "values don't meet the specifications of the schema" in said
    assert WRONG[assignment] in said


@pytest.mark.parametrize("assignments", TOGETHER)
def test_values_that_do_not_go_together_name_the_way_out(assignments: tuple[str, ...]):
    assert TOGETHER[assignments] in refusal(*assignments)


@pytest.mark.parametrize("kind", MONITORING)
def test_a_forced_monitor_says_what_the_cluster_lacks(kind: str):
    key = kind[0].lower() + kind[1:]
    said = refusal(f"monitoring.{key}.enabled=true")
    assert f"this cluster does not know {kind}" in said
    assert "set it to auto or false" in said


@pytest.mark.parametrize("kind", MONITORING)
def test_a_monitor_that_is_not_forced_is_left_out_where_the_cluster_lacks_it(kind: str):
    key = kind[0].lower() + kind[1:]
    assert of_kind(set_values(f"monitoring.{key}.enabled=auto"), kind) == []


def test_a_forced_monitor_is_made_where_the_cluster_knows_it():
    bodies = render("--set", "monitoring.serviceMonitor.enabled=true", *KNOWS_MONITORING)
    assert len(of_kind(bodies, "ServiceMonitor")) == 2


def test_every_value_is_used_by_a_template():
    text = "".join(path.read_text() for path in (CHART / "templates").rglob("*") if path.is_file())
    unused = [value.name for value in read_values(CHART / "values.yaml") if f".{value.path[-1]}" not in text]
    assert unused == []
