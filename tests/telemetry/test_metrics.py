from prometheus_client import Counter, Gauge, Histogram

from planaria_operator.api.remediation import Stage
from planaria_operator.telemetry import metrics
from planaria_operator.telemetry.metrics import REGISTRY, count_stages

UNBOUNDED = {"pod", "name", "node", "namespace", "uid", "message", "note", "target", "remediation"}


def ours() -> list[Counter | Gauge | Histogram]:
    return [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def open_in(stage: Stage) -> float | None:
    return REGISTRY.get_sample_value("planaria_open_remediations", {"stage": stage.value})


def test_every_metric_has_our_prefix_a_help_text_and_bounded_labels():
    assert len(ours()) >= 12
    for metric in ours():
        (family,) = metric.describe()
        assert family.name.startswith("planaria_")
        assert family.documentation.endswith(".")
        assert not set(metric._labelnames) & UNBOUNDED, family.name


def test_open_remediations_are_counted_by_stage_and_empty_stages_go_back_to_zero():
    count_stages([Stage.ACTING, Stage.ACTING, Stage.VERIFYING, Stage.FINISHED])
    assert (open_in(Stage.ACTING), open_in(Stage.VERIFYING), open_in(Stage.BLOCKED)) == (2, 1, 0)
    assert open_in(Stage.FINISHED) is None
    count_stages([])
    assert open_in(Stage.ACTING) == 0
