"""One look at the cluster: lists, read into the operator's own views, so that its own pure functions can judge them."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from planaria_contract import Action
from planaria_kubectl.clean import clean
from planaria_kubectl.errors import PluginError
from planaria_kubectl.pauses import PauseRequest, pauses_of
from planaria_operator.api.base import POLICY_KINDS
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import Forbidden, NotFound
from planaria_operator.kube.interface import RESOURCES, JsonBody, Kube
from planaria_operator.objects.meta import identity_of
from planaria_operator.objects.store import ClusterStore
from planaria_operator.settings import Settings
from planaria_operator.watch.kinds import CUSTOM, OPTIONAL, PARSERS
from planaria_operator.watch.resources import parse_policy, parse_remediation

Key = tuple[str, str]
"""Namespace and name."""
HEARD: Final = {"Approval"}
"""Kinds that the operator alone has to see: what it made of them stands in the record."""
CLUSTER_POLICY: Final = "ClusterHealingPolicy"
PROTECTED: Final = Settings().protected
"""What an operator protects that was told nothing else; its own settings cannot be read from outside."""
LESS: Final[Mapping[str, str]] = {
    **OPTIONAL,
    "Namespace": "whether one says planaria.dev/heal: disabled is not known",
    "PodDisruptionBudget": "whether one forbids an eviction is not known",
    "Node": "whether a node is lost is not known",
    CLUSTER_POLICY: "whether one reaches this namespace is not known",
}
"""Kinds that a viewer may not be allowed to list, and what is lost then; an operator that may not does less, a viewer knows less."""


@dataclass(frozen=True)
class World:
    store: ClusterStore = field(default_factory=lambda: ClusterStore(protected=PROTECTED))
    pauses: dict[Key, tuple[PauseRequest, ...]] = field(default_factory=dict)
    """Of each policy."""
    notes: list[str] = field(default_factory=list)
    """What could not be read, so that an absence is not mistaken for calm."""

    @property
    def policies(self) -> list[HealingPolicy]:
        """By namespace and name, those for many namespaces last."""
        return sorted(self.store.policies.values(), key=lambda policy: (policy.cluster_wide, *policy.key))

    @property
    def remediations(self) -> list[Remediation]:
        """The newest first."""
        found = self.store.remediations.values()
        return sorted(found, key=lambda each: (each.spec.visible_at, each.name), reverse=True)


async def read_records(kube: Kube, namespace: str) -> World:
    """Policies and Remediations alone; of every namespace where `namespace` is empty."""
    return await _read(kube, namespace, CUSTOM)


async def read_world(kube: Kube, namespace: str) -> World:
    """Everything that the operator looks at. Raises a KubeError where what nothing can be said without is refused."""
    return await _read(kube, namespace, (*(kind for kind in PARSERS if kind not in HEARD), *CUSTOM))


async def read_drains(kube: Kube, world: World) -> None:
    """The record of a node stands in the operator's namespace, and of what else isolates one in that of its target."""
    if not any(each.cluster_wide and each.spec.allows(Action.ISOLATE) for each in world.policies):
        return
    try:
        bodies = await kube.list("Remediation", "")
    except Forbidden:
        world.notes.append(
            "you may not list remediations in other namespaces: whether a node was drained is not known"
        )
        return
    for body in bodies:
        _put(world, "Remediation", body)


async def read_record(kube: Kube, namespace: str, name: str) -> Remediation:
    """Raises NotFound, and a PluginError where another version wrote what this one cannot read."""
    try:
        return parse_remediation(await kube.get("Remediation", namespace, name))
    except ValueError as error:
        raise PluginError(f"Remediation {name} cannot be read by this version: {error}") from error


async def _read(kube: Kube, namespace: str, kinds: Iterable[str]) -> World:
    world = World()
    names = tuple(kinds)
    # Owners come before what they own in `kinds`, and are put in that order whatever answers first.
    found = await asyncio.gather(*(_list(kube, kind, namespace, world.notes) for kind in names))
    for kind, bodies in zip(names, found, strict=True):
        for body in bodies:
            _put(world, kind, body)
    return world


async def _list(kube: Kube, kind: str, namespace: str, notes: list[str]) -> list[JsonBody]:
    try:
        return await kube.list(kind, namespace if RESOURCES[kind].namespaced else "")
    except Forbidden:
        if kind not in LESS:
            raise
        if kind == "Namespace" and namespace and (own := await _namespace(kube, namespace)):
            return [own]
        notes.append(f"you may not list {RESOURCES[kind].plural}: {LESS[kind]}")
    except NotFound as error:
        if kind == CLUSTER_POLICY:  # an operator of before had none
            notes.append(f"{kind} is not installed in this cluster: apply Planaria's crds/ to have it")
            return []
        if kind in CUSTOM:
            raise PluginError(
                f"{kind} is not installed in this cluster: apply Planaria's crds/ first"
            ) from error
        raise
    return []


async def _namespace(kube: Kube, name: str) -> JsonBody | None:
    """A role that is bound in a namespace lets read that one."""
    with suppress(Forbidden, NotFound):
        return await kube.get("Namespace", "", name)
    return None


def _put(world: World, kind: str, body: JsonBody) -> None:
    try:
        if kind in POLICY_KINDS:
            policy = parse_policy(body)
            world.store.put_policy(policy)
            world.pauses[policy.key] = pauses_of(body)
        elif kind == "Remediation":
            world.store.put_remediation(parse_remediation(body))
        else:
            world.store.put(PARSERS[kind](body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        identity, why = identity_of(kind, body), clean(str(error))
        world.store.unreadable[identity] = why
        world.notes.append(f"{clean(f'{kind}/{identity.name}')} cannot be read and is left out: {why}")
