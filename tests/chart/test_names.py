"""Names that people give: what looks like a number stays text, and what the API server would refuse is refused before."""

from collections.abc import Iterator
from typing import Any

import pytest

from charts.generate.helm import HelmError, rendered
from tests.chart.rendering import KNOWS_MONITORING, of_kind, refusal, render

NUMBER = "1200"
NAMES = (
    "global.imagePullSecrets[0]",
    "operator.priorityClassName",
    "operator.serviceAccount.name",
    "semantics.vllm.apiKey.existingSecret",
    "policy.memory.sqlite.existingClaim",
    "policy.policies.existingClaim",
    "policy.priorityClassName",
    "vllm.servedModelName",
    "vllm.model",
    "vllm.apiKey.existingSecret",
    "vllm.hubToken.existingSecret",
    "vllm.cache.existingClaim",
    "vllm.runtimeClassName",
    "vllm.priorityClassName",
)
OF_OWN_CLAIMS = ("policy.memory.sqlite.storageClassName", "vllm.cache.storageClassName")
ON = ("--set", "vllm.enabled=true,vllm.model=m,policy.memory.type=sqlite,fullnameOverride=planaria")


def numbers_named(value: Any, path: str = "") -> Iterator[str]:
    """Paths to what has become a number where the test gave a name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers_named(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_named(inner, path)
    elif value == int(NUMBER):
        yield path


@pytest.mark.parametrize("names", [NAMES, OF_OWN_CLAIMS], ids=["given", "own claims"])
def test_a_name_that_looks_like_a_number_stays_text(names: tuple[str, ...]):
    words = [word for name in names for word in ("--set-string", f"{name}={NUMBER}")]
    found = {f"{body['kind']}{path}" for body in render(*ON, *words) for path in numbers_named(body)}
    assert found == set()


@pytest.mark.parametrize("name", ["true", "null", "no"])
def test_a_release_whose_name_is_a_word_of_yaml_has_text_for_a_name(name: str):
    words = ("--set-string", f"fullnameOverride={name}", "--set", "monitoring.prometheusRule.enabled=true")
    (rule,) = of_kind(render(*words, *KNOWS_MONITORING), "PrometheusRule")
    assert rule["metadata"]["name"] == name


def test_a_number_without_quotes_is_refused_by_the_schema():
    assert "/operator/priorityClassName" in refusal(f"operator.priorityClassName={NUMBER}")


@pytest.mark.parametrize("release", ["3scale", "my.release", "1"])
def test_a_release_name_that_no_service_may_have_says_how_to_name_the_objects(release: str):
    with pytest.raises(HelmError, match="fullnameOverride") as refused:
        rendered(release=release)
    assert release in str(refused.value)
    assert of_kind(render("--set", "fullnameOverride=healer"), "Service")[0]["metadata"]["name"].startswith(
        "healer-"
    )
    assert "name: healer-operator" in rendered("--set", "fullnameOverride=healer", release=release)


@pytest.mark.parametrize("name", ["3scale", "my.release", "Healer", "-x"])
def test_an_override_that_no_service_may_have_is_named(name: str):
    said = refusal(f"fullnameOverride={name}")
    assert "fullnameOverride" in said
    assert name in said
