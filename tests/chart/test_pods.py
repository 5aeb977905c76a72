"""The pods of every case: as the Pod Security Standard wants them, and with arguments that the programs take."""

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from charts.generate.helm import rendered
from planaria_operator.cli import main as operator_main
from planaria_policy.serving.cli import serve
from tests.chart.rendering import (
    CASES,
    args_of,
    is_hook,
    named,
    notes,
    of_case,
    of_kind,
    pod_specs,
    render,
    set_values,
)


@pytest.mark.parametrize("case", CASES)
def test_every_container_is_as_tight_as_can_be(case: str):
    for name, spec in pod_specs(render(*of_case(case))):
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), name
            assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("case", CASES)
def test_what_serves_is_probed_and_only_the_operator_has_a_token(case: str):
    for body in of_kind(render(*of_case(case)), "Deployment"):
        spec = body["spec"]["template"]["spec"]
        container = spec["containers"][0]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        is_operator = container["name"] == "operator"
        assert spec.get("automountServiceAccountToken", True) is is_operator


@pytest.mark.parametrize("case", CASES)
def test_every_selector_finds_its_own_pods_and_no_others(case: str):
    bodies = render(*of_case(case))
    pods = {
        body["metadata"]["name"]: body["spec"]["template"]["metadata"]["labels"]
        for body in of_kind(bodies, "Deployment")
    }
    for body in of_kind(bodies, "Deployment", "Service", "PodDisruptionBudget"):
        selector = body["spec"]["selector"]
        wanted = selector.get("matchLabels", selector).items()
        assert [name for name, labels in pods.items() if wanted <= labels.items()] == [
            body["metadata"]["name"]
        ]


def said(function: Any, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        function(words)
    printed = capsys.readouterr()
    return printed.out + printed.err


@pytest.mark.parametrize("case", CASES)
def test_the_programs_know_every_argument(case: str, capsys: pytest.CaptureFixture[str]):
    bodies = render(*of_case(case))
    known = {
        "operator": said(operator_main, ["run", "--help"], capsys),
        "policy": said(serve, ["--help"], capsys),
    }
    for body in of_kind(bodies, "Deployment"):
        container = body["spec"]["template"]["spec"]["containers"][0]
        if container["name"] in known:
            flags = {word.partition("=")[0] for word in container["args"] if word.startswith("--")}
            assert [flag for flag in flags if flag not in known[container["name"]]] == []


@pytest.mark.parametrize("errand", ["check", "clean-up"])
def test_the_hooks_call_what_the_operator_can(errand: str, capsys: pytest.CaptureFixture[str]):
    help_text = said(operator_main, [errand, "--help"], capsys)
    hooks = [
        spec["containers"][0]
        for _, spec in pod_specs(set_values())
        if spec["containers"][0].get("command") == ["planaria-operator", errand]
    ]
    assert len(hooks) == 1
    assert all(word.partition("=")[0] in help_text for word in hooks[0].get("args", ()))


@pytest.mark.parametrize(
    "value",
    [
        *("commonLabels", "commonAnnotations", "watchNamespaces"),
        *("operator.podLabels", "operator.podAnnotations", "operator.affinity"),
    ],
)
def test_a_value_that_is_left_empty_in_a_file_is_as_its_default(value: str):
    """`commonLabels:` with nothing behind it: Helm then takes the default away."""
    assert render("--set-json", f"{value}=null") == set_values()


def test_a_namespace_may_be_all_digits():
    bodies = render("--set-string", "watchNamespaces={0042}", namespace="123")
    spaces = {body["metadata"].get("namespace") for body in bodies}
    bound = of_kind(bodies, "RoleBinding", "ClusterRoleBinding")
    assert spaces == {None, "123", "0042", "default"}
    assert {subject["namespace"] for body in bound for subject in body["subjects"]} == {"123"}


def test_images_come_from_where_the_site_says():
    bodies = render(*of_case("company"))
    images = {spec["containers"][0]["image"] for _, spec in pod_specs(bodies)}
    assert images == {
        "registry.internal:5000/mirror/operator:v9.9.9",
        "registry.internal:5000/mirror/policy:0.1.0",
    }
    assert all(spec["imagePullSecrets"] == [{"name": "pull"}] for _, spec in pod_specs(bodies))


def test_a_digest_wins_over_a_tag():
    spec = dict(pod_specs(render(*of_case("vllm-offline"))))["planaria-vllm"]
    assert re.fullmatch(
        r"registry\.internal:5000/vllm/vllm-openai@sha256:[0-9a-f]{64}", spec["containers"][0]["image"]
    )


@pytest.mark.parametrize("case", ["company"])
def test_labels_and_annotations_of_the_site_are_everywhere(case: str):
    for body in render(*of_case(case)):
        if body["kind"] == "CustomResourceDefinition" or body["metadata"]["name"].endswith("-extra"):
            continue
        assert body["metadata"]["labels"]["cost-center"] == "0042", body["metadata"]["name"]
        assert body["metadata"]["annotations"]["contact"] == "platform@example.com", body["metadata"]["name"]


def names_twice(node: yaml.Node) -> list[str]:
    """Keys that a mapping has more than once, at any depth; what reads YAML into a dict hides that."""
    if not isinstance(node, yaml.MappingNode):
        below = node.value if isinstance(node, yaml.SequenceNode) else ()
        return [name for each in below for name in names_twice(each)]
    keys = [key.value for key, _ in node.value]
    here = [name for name, times in Counter(keys).items() if times > 1]
    return here + [name for _, value in node.value for name in names_twice(value)]


@pytest.mark.parametrize("whose", ["commonLabels", "operator.podLabels"])
def test_a_label_of_the_site_that_is_also_one_of_ours_stands_once(whose: str):
    """Helm takes the last of two; Flux and other strict readers of YAML refuse both."""
    part_of = "app.kubernetes.io/part-of"
    given = ("--set", f"{whose}.{part_of.replace('.', chr(92) + '.')}=platform")
    nodes = [node for node in yaml.compose_all(rendered(*given), Loader=yaml.CSafeLoader) if node]
    assert [name for node in nodes for name in names_twice(node)] == []
    pod = named(render(*given), "Deployment", "planaria-operator")["spec"]["template"]["metadata"]
    assert pod["labels"][part_of] == "platform"


@pytest.mark.parametrize("errand", ["test", "cleanup"])
def test_an_errand_runs_where_the_operator_may(errand: str):
    """Elsewhere it would wait for ever: for a node without a taint, or one that the operator's labels ask for."""
    apart = ("--set", "operator.affinity.podAntiAffinity.x=y")
    specs = dict(pod_specs(render(*of_case("company"), *apart)))
    operator, sent = specs["healer-operator"], specs[f"healer-{errand}"]
    for key in ("tolerations", "nodeSelector", "priorityClassName"):
        assert sent[key] == operator[key], key
    # Not its distance from other pods: that would keep it from the operator's own node.
    assert sent["affinity"] == {"nodeAffinity": operator["affinity"]["nodeAffinity"]}
    assert "affinity" not in dict(pod_specs(set_values()))[f"planaria-{errand}"]


@pytest.mark.parametrize(("kind", "errand"), [("Pod", "test"), ("Job", "cleanup")])
def test_the_pod_of_an_errand_has_the_labels_and_annotations_of_the_operators(kind: str, errand: str):
    bodies = render(*of_case("company"))
    sent = named(bodies, kind, f"healer-{errand}")
    metadata = sent["metadata"] if kind == "Pod" else sent["spec"]["template"]["metadata"]
    assert metadata["labels"].items() >= {"sidecar": "none", "team": "platform"}.items()
    assert metadata["labels"]["app.kubernetes.io/component"] == errand
    assert metadata["annotations"]["example.com/backup"] == "no"
    assert metadata["annotations"]["contact"] == "platform@example.com"
    assert is_hook(sent)


def test_the_watched_and_the_protected_namespaces_reach_the_operator():
    args = args_of(render(*of_case("namespaced")), "operator")
    assert {"--namespace=default", "--protect=shop", "--own-namespace=planaria-system"} <= set(args)


def test_an_own_vllm_is_asked_for_its_first_adapter_with_the_key():
    bodies = render(*of_case("vllm-gpu"))
    args = args_of(bodies, "operator")
    assert "--vllm-url=http://planaria-vllm.planaria-system.svc:8000" in args
    assert "--vllm-model=fault-v1" in args
    assert "--vllm-api-key-file=/var/run/vllm/api-key" in args
    spec = dict(pod_specs(bodies))["planaria-operator"]
    mounted = next(volume for volume in spec["volumes"] if volume["name"] == "vllm")
    assert mounted["secret"]["secretName"] == "vllm"


def test_the_gpus_of_a_pod_are_those_that_share_the_model():
    spec = dict(pod_specs(render(*of_case("vllm-gpu"))))["planaria-vllm"]
    container = spec["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2
    assert container["resources"]["requests"]["nvidia.com/gpu"] == 2
    assert "--tensor-parallel-size=2" in container["args"]
    probe = container["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 1800


def test_the_rollout_of_vllm_does_not_count_as_failed_while_its_model_may_still_load():
    """Beside loading there is an image of gigabytes to pull, and a node to find."""
    given = ("--set-json", "vllm.startupSeconds=86400")
    slow = named(render(*of_case("vllm-gpu"), *given), "Deployment", "planaria-vllm")["spec"]
    usual = named(render(*of_case("vllm-gpu")), "Deployment", "planaria-vllm")["spec"]
    assert (usual["progressDeadlineSeconds"], slow["progressDeadlineSeconds"]) == (2400, 87000)


def test_vllm_is_given_whole_numbers():
    """In a file of values every number is a float to Helm, which writes a million as 1e+06."""
    large = ("vllm.maxModelLen=1048576", "vllm.maxQueuedRequests=2000000", "vllm.runAsUser=1000660000")
    given = ("--set-json", ",".join(large))
    text = rendered(*of_case("vllm-gpu"), *given, only=["templates/vllm/deployment.yaml"])
    assert "--max-model-len=1048576\n" in text
    assert "--max-num-queued-reqs=2000000\n" in text
    assert "runAsUser: 1000660000\n" in text


def test_sqlite_has_one_pod_one_claim_and_no_overlap():
    bodies = render(*of_case("sqlite"))
    service = named(bodies, "Deployment", "planaria-policy")["spec"]
    assert (service["replicas"], service["strategy"]) == (1, {"type": "Recreate"})
    assert named(bodies, "PersistentVolumeClaim", "planaria-policy")
    assert "--memory=/var/lib/memory/memory.db" in args_of(bodies, "policy")


@pytest.mark.parametrize(("said", "kept"), [((), "keep"), (("policy.memory.sqlite.keep=false",), None)])
def test_what_was_remembered_outlives_its_use_unless_somebody_says_otherwise(
    said: tuple[str, ...], kept: str | None
):
    """Helm deletes what a release does not render any more, as after a change of policy.memory.type."""
    claim = named(set_values("policy.memory.type=sqlite", *said), "PersistentVolumeClaim", "planaria-policy")
    assert claim["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == kept


def test_the_notes_ask_every_policy_also_those_for_the_cluster():
    assert "kubectl get hpol,chpol,rem -A" in notes()


def test_the_notes_tell_how_to_remove_what_was_remembered():
    removal = "kubectl -n planaria-system delete pvc planaria-policy"
    sqlite = "policy.memory.type=sqlite"
    assert removal in notes(sqlite)
    assert "pvc" not in notes()
    assert "pvc" not in notes(sqlite, "policy.memory.sqlite.keep=false")
    assert "pvc" not in notes(sqlite, "policy.memory.sqlite.existingClaim=mine")


def test_the_url_of_postgresql_stays_in_its_secret():
    text = rendered(*of_case("postgresql"))
    assert "postgresql://" not in text
    assert "--memory=$(PLANARIA_MEMORY)" in text


def test_a_new_version_of_the_chart_alone_starts_no_pod_anew():
    for name, labels in (
        (body["metadata"]["name"], body["spec"]["template"]["metadata"]["labels"])
        for body in of_kind(set_values(), "Deployment")
    ):
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & labels.keys(), name
