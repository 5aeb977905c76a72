"""Who keeps an object as Git has it, read from the object alone.

A GitOps controller puts back what somebody else changes, at once (Argo CD with selfHeal) or at its next interval (Flux).
What it puts back are the fields that it writes, and the API server says which those are (`managedFields`).

Not a proof: `app.kubernetes.io/instance`, which Argo CD uses by default and every Helm chart sets, and a tracking id that
names another object, which is what a controller leaves that copies annotations onto what it makes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from planaria_operator.objects.meta import Body

ARGO, FLUX = "Argo CD", "Flux"
MANAGERS: Final = {
    "argocd-controller": ARGO,
    "kustomize-controller": FLUX,
    "helm-controller": FLUX,
}
"""Field managers, as they stand in managedFields."""

TRACKING_ID: Final = "argocd.argoproj.io/tracking-id"
"""Annotation: `<application>:<group>/<kind>:<namespace>/<name>`."""
INSTANCE: Final = "argocd.argoproj.io/instance"
KUSTOMIZATION: Final = "kustomize.toolkit.fluxcd.io"
HELM_RELEASE: Final = "helm.toolkit.fluxcd.io"
LET_GO: Final = {
    f"{KUSTOMIZATION}/reconcile": {"disabled"},
    f"{KUSTOMIZATION}/ssa": {"Ignore", "IfNotPresent"},
}
"""Annotations by which Flux is told to leave an object as it is."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A GitOps controller, and what of the object's spec it writes."""

    tool: str
    source: str = ""
    """What in the tool the object comes from, where that is known: `application shop`."""
    fields: frozenset[str] | None = None
    """Names right under `spec`; None where managedFields do not say, so that anything may be put back."""

    def keeps(self, *names: str) -> bool:
        return self.fields is None or not self.fields.isdisjoint(names)

    def __str__(self) -> str:
        return f"{self.tool} ({self.source})" if self.source else self.tool


def parse_keeper(body: Body) -> Keeper | None:
    meta = body.get("metadata") or {}
    annotations = meta.get("annotations") or {}
    if any(annotations.get(name) in values for name, values in LET_GO.items()):
        return None
    written = _written(meta.get("managedFields") or ())
    named = _named(meta)
    tool = named[0] if named else next((MANAGERS[manager] for manager in written), None)
    if tool is None:
        return None
    own = [fields for manager, fields in written.items() if MANAGERS[manager] == tool]
    return Keeper(tool, named[1] if named else "", frozenset().union(*own) if own else None)


def _written(entries: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """By field manager, the fields of the spec that each GitOps controller owns."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries:
        manager = entry.get("manager")
        if manager in MANAGERS and not entry.get("subresource"):
            spec = (entry.get("fieldsV1") or {}).get("f:spec") or {}
            names = frozenset(name.removeprefix("f:") for name in spec if name.startswith("f:"))
            found[manager] = found.get(manager, frozenset()) | names
    return found


def _named(meta: Mapping[str, Any]) -> tuple[str, str] | None:
    """Tool and source, by the labels and annotations that the tools themselves set."""
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    application, _, place = annotations.get(TRACKING_ID, "").partition(":")
    if application and place.rpartition("/")[2] == meta.get("name"):
        return ARGO, f"application {application}"
    if application := labels.get(INSTANCE):
        return ARGO, f"application {application}"
    for prefix, called in ((KUSTOMIZATION, "kustomization"), (HELM_RELEASE, "release")):
        if name := labels.get(f"{prefix}/name"):
            space = labels.get(f"{prefix}/namespace")
            return FLUX, f"{called} {space}/{name}" if space else f"{called} {name}"
    return None
