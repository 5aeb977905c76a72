"""The CustomResourceDefinitions, made from the models and kept in `crds/`.

python -m planaria_operator.api.crds             write them
python -m planaria_operator.api.crds --check     exit 1 and show the difference where they have drifted
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from planaria_operator.api.base import API_VERSION, GROUP, VERSION
from planaria_operator.api.cel import rule
from planaria_operator.api.explain import explained
from planaria_operator.api.generated import arguments, settle
from planaria_operator.api.healing_policy import ClusterHealingPolicySpec, HealingPolicySpec
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.remediation import RemediationSpec, RemediationStatus
from planaria_operator.api.schema import VALIDATIONS, Schema, structural

HEADER = """\
# Generated from the models in operator/planaria_operator/api by `python -m planaria_operator.api.crds`. Do not edit.
"""


def column(name: str, path: str, kind: str = "string", *, wide: bool = False) -> dict[str, Any]:
    """One column of `kubectl get`; a wide one is shown with `-o wide` only."""
    return {"name": name, "type": kind, "jsonPath": path} | ({"priority": 1} if wide else {})


def condition(type_: str, part: str) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].{part}'


AGE = column("Age", ".metadata.creationTimestamp", "date")


@dataclass(frozen=True)
class Kind:
    """What a CustomResourceDefinition says beyond its schema."""

    name: str
    plural: str
    short_name: str
    description: str
    spec: type[BaseModel]
    status: type[BaseModel]
    columns: tuple[dict[str, Any], ...]
    selectable: tuple[str, ...]
    """Fields that `kubectl get --field-selector` takes."""
    defaults: bool = False
    """A person writes the spec, so what is left out is filled in where that person can see it."""
    rules: tuple[dict[str, Any], ...] = ()
    """On the spec, for this kind alone: two kinds may share a spec."""
    namespaced: bool = True

    @property
    def crd_name(self) -> str:
        return f"{self.plural}.{GROUP}"


NO_ISOLATE = rule(
    "!has(self.actions) || !self.actions.exists(each, each.type == 'isolate')",
    "isolate concerns every namespace that has pods on the node: list it in a ClusterHealingPolicy, not in a HealingPolicy",
    field=".actions",
)
POLICY_COLUMNS = (
    column("Mode", ".spec.mode"),
    column("Ready", condition("Ready", "status")),
    column("Targets", ".status.targets", "integer"),
    column("Unhealthy", ".status.unhealthy", "integer"),
    column("Active", ".status.active", "integer"),
    AGE,
    column("Reason", condition("Ready", "reason"), wide=True),
    column("Metrics", condition("MetricsAvailable", "status"), wide=True),
    column("MinHealthy", ".spec.guardrails.minHealthy", wide=True),
)
HEALING_POLICY = Kind(
    name="HealingPolicy",
    plural="healingpolicies",
    short_name="hpol",
    description="HealingPolicy says what Planaria may heal in its namespace, and how far it may go. Without one, nothing "
    "is touched; with an empty one, faults are recorded and nothing is changed.",
    spec=HealingPolicySpec,
    status=HealingPolicyStatus,
    columns=POLICY_COLUMNS,
    selectable=(".spec.mode",),
    defaults=True,
    rules=(NO_ISOLATE,),
)
CLUSTER_HEALING_POLICY = Kind(
    name="ClusterHealingPolicy",
    plural="clusterhealingpolicies",
    short_name="chpol",
    description="ClusterHealingPolicy says what Planaria may heal in the namespaces that its namespaceSelector chooses, and "
    "how far it may go. Where a HealingPolicy selects the same target, that one has it.",
    spec=ClusterHealingPolicySpec,
    status=HealingPolicyStatus,
    columns=POLICY_COLUMNS,
    selectable=(".spec.mode",),
    defaults=True,
    namespaced=False,
)
REMEDIATION = Kind(
    name="Remediation",
    plural="remediations",
    short_name="rem",
    description="Remediation is the record of one incident: what was seen, what it was taken for, what was decided, what "
    "was done, and what came of it. Planaria writes it; people read it.",
    spec=RemediationSpec,
    status=RemediationStatus,
    columns=(
        column("Target", ".spec.target.name"),
        column("Fault", ".status.semanticState.fault"),
        column("Action", ".status.decision.action"),
        column("Stage", ".status.stage"),
        column("Succeeded", condition("Succeeded", "status")),
        column("Recovery(s)", ".status.recoverySeconds", "integer"),
        AGE,
        column("Reason", condition("Succeeded", "reason"), wide=True),
        column("Kind", ".spec.target.kind", wide=True),
        column("Policy", ".spec.policy", wide=True),
        column("PolicyKind", ".spec.policyKind", wide=True),
    ),
    selectable=(".spec.policy", ".status.stage"),
)
KINDS = (HEALING_POLICY, CLUSTER_HEALING_POLICY, REMEDIATION)


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition. Raises SchemaError where a model cannot be expressed."""
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": list(kind.columns),
        "selectableFields": [{"jsonPath": path} for path in kind.selectable],
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": _root(kind)},
    }
    names = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": kind.name.lower(),
        "shortNames": [kind.short_name],
        "categories": ["planaria"],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name, "labels": {"app.kubernetes.io/part-of": "planaria"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": names,
            "versions": [version],
        },
    }


def _root(kind: Kind) -> Schema:
    spec = _ruled(explained(structural(kind.spec, defaults=kind.defaults)), kind)
    properties = {
        "apiVersion": {"description": f"Always {API_VERSION}.", "type": "string"},
        "kind": {"description": f"Always {kind.name}.", "type": "string"},
        "metadata": {"type": "object"},
        "spec": spec | ({"default": {}} if kind.defaults else {}),
        "status": structural(kind.status, defaults=False),
    }
    root = {"description": kind.description, "type": "object", "properties": properties}
    return root if kind.defaults else root | {"required": ["spec"]}


def _ruled(spec: Schema, kind: Kind) -> Schema:
    if not kind.rules:
        return spec
    return spec | {VALIDATIONS: [*spec.get(VALIDATIONS, ()), *kind.rules]}


class _Plain(yaml.SafeDumper):
    """A part that occurs twice is written twice: YAML's anchors are hard to read and some tools refuse them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True


def render(kind: Kind) -> str:
    return HEADER + yaml.dump(definition(kind), Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True)


def files(out: Path) -> dict[Path, str]:
    return {out / f"{GROUP}_{kind.plural}.yaml": render(kind) for kind in KINDS}


def main(argv: list[str] | None = None) -> int:
    chosen = arguments("Write the CustomResourceDefinitions.", Path("crds"), argv)
    return settle(files(chosen.out), check=chosen.check)


if __name__ == "__main__":
    sys.exit(main())
