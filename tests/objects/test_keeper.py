"""Is it kept by a GitOps controller? What counts as proof, and what looks like it and is none."""

from typing import Any

import pytest

from planaria_operator.objects.keeper import parse_keeper

ID = "argocd.argoproj.io/tracking-id"


def entry(manager: str, *fields: str, **parts: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {f"f:{field}": {} for field in fields}
    return {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": spec}, **parts}


def body(*managed: dict[str, Any], labels: Any = None, annotations: Any = None) -> dict[str, Any]:
    about = {"name": "web", "namespace": "shop", "labels": labels, "annotations": annotations}
    return {"metadata": {**about, "managedFields": list(managed)}}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (body(annotations={ID: "front:apps/Deployment:shop/web"}), "Argo CD (application front)"),
        (body(annotations={ID: "argo_front:apps/Deployment:shop/web"}), "Argo CD (application argo_front)"),
        (body(labels={"argocd.argoproj.io/instance": "front"}), "Argo CD (application front)"),
        (body(entry("argocd-controller", "template")), "Argo CD"),
        (body(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}), "Flux (kustomization apps)"),
        (
            body(labels={"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "flux"}),
            "Flux (release flux/web)",
        ),
        (body(entry("kustomize-controller", "template")), "Flux"),
        (body(entry("helm-controller", "template")), "Flux"),
    ],
)
def test_labels_annotations_and_field_managers_of_the_tools_count(found, said: str):
    assert str(parse_keeper(found)) == said


@pytest.mark.parametrize(
    "found",
    [
        {},
        body(),
        body(labels={"app.kubernetes.io/instance": "front", "app.kubernetes.io/managed-by": "Helm"}),
        body(entry("helm", "template"), entry("kubectl-client-side-apply", "template")),
        body(annotations={ID: "front:apps/Deployment:shop/another"}),
        body(annotations={ID: "nonsense"}),
        body(entry("argocd-controller", "template", subresource="status")),
        body(
            labels={"kustomize.toolkit.fluxcd.io/name": "apps"},
            annotations={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
        ),
        body(
            entry("kustomize-controller", "template"),
            annotations={"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"},
        ),
    ],
)
def test_what_every_chart_sets_and_what_is_let_go_is_no_proof(found):
    assert parse_keeper(found) is None


def test_only_what_the_controller_writes_is_kept():
    keeper = parse_keeper(
        body(entry("argocd-controller", "template", "selector"), entry("kube-controller-manager", "replicas"))
    )
    assert keeper is not None
    assert keeper.keeps("template")
    assert not keeper.keeps("replicas")
    assert keeper.keeps("minReplicas", "template")


def test_where_the_server_does_not_say_what_is_written_everything_is_kept():
    keeper = parse_keeper(body(labels={"argocd.argoproj.io/instance": "front"}))
    assert keeper is not None
    assert keeper.keeps("replicas")


def test_the_fields_of_another_tool_are_not_this_tools():
    keeper = parse_keeper(
        body(entry("helm-controller", "replicas"), labels={"argocd.argoproj.io/instance": "front"})
    )
    assert keeper is not None
    assert keeper.tool == "Argo CD"
    assert keeper.fields is None
