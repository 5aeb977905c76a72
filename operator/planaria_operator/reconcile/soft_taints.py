"""What a migration leaves on nodes where its record was deleted under way, or could not take it off at its end."""

from collections.abc import Iterator
from functools import partial

import structlog

from planaria_operator.act.taints import is_within, scope_of
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.remediation import UNDER_WAY
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.setbacks import Setbacks

log = structlog.get_logger("planaria.soft_taints")


async def take_off(parts: Parts, setbacks: Setbacks) -> None:
    """From every node that is avoided for no attempt any more. Raises a Temporary KubeError."""
    for node in _avoided_for_nobody(parts.store, scope_of(parts.settings.namespaces)):
        await setbacks.attempt(
            ("take the soft taint off", f"node {node.meta.name}"), partial(_one, parts, node)
        )


def _avoided_for_nobody(store: ClusterStore, scope: str) -> list[Node]:
    """An operator of some namespaces may stand beside another, whose records it does not see: it knows of its own taints alone."""
    avoided = [node for node in store.nodes() if node.avoided_by is not None]
    if scope:
        avoided = [node for node in avoided if is_within(node.avoided_by or "", scope)]
    needed = set(_needed(store)) if avoided else set()  # every pass asks, and mostly no node is avoided
    return [node for node in avoided if node.meta.uid not in needed]


def _needed(store: ClusterStore) -> Iterator[str | None]:
    """The uid of each node that an attempt under way is going to take it off."""
    for record in store.remediations.values():
        attempt = record.status.attempt
        if attempt is not None and record.status.stage in UNDER_WAY:
            yield from (each.object.uid for each in attempt.plan.cleanup if each.verb is Verb.UNAVOID)


async def _one(parts: Parts, node: Node) -> None:
    """Bound to the attempt that was seen on it: a migration that has begun since has made the taint its own."""
    about = ObjectReference(kind="Node", name=node.meta.name, uid=node.meta.uid)
    said = await parts.actor.apply((Operation(verb=Verb.UNAVOID, object=about),), node.avoided_by or "")
    log.info("a node was avoided for nobody any more", node=node.meta.name, said=said)
