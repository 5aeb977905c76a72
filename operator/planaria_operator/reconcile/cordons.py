"""What is left to do for nodes that Planaria has closed: hold the others while it is done, and open them again."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from planaria_contract import Action
from planaria_operator.act.sending import NothingToUndo
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.api.remediation import Stage
from planaria_operator.kube.errors import KubeError
from planaria_operator.objects.cluster import Node
from planaria_operator.objects.cordon import CORDONED_BY, UNCORDON, WHEN_WELL, closed_by_planaria, unwell
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.case import Case, Parts

log = structlog.get_logger("planaria.cordons")

STEADY: Final = timedelta(seconds=300)
"""For so long a node must have been well, without any of its conditions turning, before it is opened again."""

ASK_AGAIN: Final = timedelta(seconds=60)
"""After a node could not be opened, or turned out to be closed by somebody else."""


def being_isolated(store: ClusterStore, case: Case) -> str | None:
    """In words: whose Remediation is isolating the node that this incident is laid at too, under whichever policy. Nothing else
    is done meanwhile: the pods of this target are among those that are moved. One that nobody goes on with, because its policy
    was deleted without it, is not waited for.
    """
    node = case.node_at_fault
    if node is None:
        return None
    for record in store.remediations.values():
        attempt = record.status.attempt
        if attempt is None or record.status.stage not in {Stage.ACTING, Stage.VERIFYING}:
            continue
        if record.uid == case.remediation.uid or not store.has_policy(record):
            continue
        if (attempt.plan.action, attempt.plan.target.name) == (Action.ISOLATE, node):
            return f"Remediation {record.name} isolates node {node} for all that fail there"
    return None


def recovered_nodes(store: ClusterStore, now: datetime) -> Iterator[Node]:
    """Closed by Planaria because they were unwell, and well again for long enough."""
    for node in closed_by_planaria(store):
        waits = node.meta.annotations.get(UNCORDON) == WHEN_WELL
        steady = node.steady_since is not None and now - node.steady_since >= STEADY
        if waits and steady and not unwell(node):
            yield node


@dataclass(slots=True)
class Cordons:
    """Opens nodes that are well again, whatever became of the Remediation: its record may be gone long before.

    The mark on the node is the intent that was written before the act, and opening is bound to it, so a restarted operator
    goes on here and a node that is somebody else's by now is left alone.
    """

    parts: Parts
    _asked: dict[str, datetime] = field(default_factory=dict)
    """When a node, by uid, was last tried."""

    async def open_again(self, now: datetime) -> None:
        for node in list(recovered_nodes(self.parts.store, now)):
            if now - self._asked.get(node.meta.uid, now - ASK_AGAIN) < ASK_AGAIN:
                continue
            self._asked[node.meta.uid] = now
            try:
                await self._open(node)
            except KubeError as error:
                log.warning(
                    "a node could not be uncordoned; trying again", node=node.meta.name, error=str(error)
                )
        known = {node.meta.uid for node in closed_by_planaria(self.parts.store)}
        self._asked = {uid: asked for uid, asked in self._asked.items() if uid in known}

    async def _open(self, node: Node) -> None:
        attempt = node.meta.annotations[CORDONED_BY]
        about = ObjectReference(kind="Node", name=node.meta.name, uid=node.meta.uid)
        body = json.dumps({CORDONED_BY: attempt, UNCORDON: WHEN_WELL}, separators=(",", ":"))
        (said,) = await self.parts.actor.apply(
            (Operation(verb=Verb.UNCORDON, object=about, body=body),), attempt
        )
        log.info("a node is well again", node=node.meta.name, said=said)
        if not isinstance(said, NothingToUndo):
            note = f"well for {STEADY.seconds} s; it was cordoned by {attempt}"
            self.parts.recorder.record(about, reason=Reason.NODE_UNCORDONED, note=note, action="Act")
