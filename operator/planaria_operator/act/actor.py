"""The only code that changes the cluster. It sends what a plan says and nothing else, and may be asked to do so twice.

Exactly once, whoever dies in between:

- An eviction is bound to a pod's uid. A pod that is gone or going, or a namesake with another uid, has been evicted already.
- A JSON Patch sets a marker annotation together with its change (see `patches.py`). A marker that is there means that the
  patch has arrived; otherwise its tests must hold, here and again on the server.
- A scale goes from one count to another. The wanted count means done, a third one means that somebody else is at work.
- A resize sets absolute values, and no smaller ones than are there; a taint says whose it is, and is there or not.
- A cordon is set together with our marks; it is lifted only where it is still ours (see `objects/cordon.py`).
- A command is begun only where no mark says that it was begun before (see `running.py`): at most once.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from planaria_operator.act.amounts import outgrown
from planaria_operator.act.bodies import going
from planaria_operator.act.patches import as_served
from planaria_operator.act.running import (
    EXEC_SECONDS,
    OUTPUT_BYTES,
    begun_before,
    ended,
    marking,
    words_of,
)
from planaria_operator.act.sending import (
    GONE,
    NOT_OURS,
    NothingToUndo,
    Outgrown,
    Replaced,
    Sending,
    Superseded,
    TooLarge,
    arrived,
    refuses_the_size,
)
from planaria_operator.act.taints import value_of, with_avoid, without_avoid
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.kube.access import may
from planaria_operator.kube.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    Permanent,
    TooManyRequests,
    Unavailable,
    throttled,
)
from planaria_operator.kube.interface import JsonBody, Kube, PatchType
from planaria_operator.objects.cordon import CORDONED_BY, closing, is_ours, marks, opening

RACES: Final = 5
"""How often a write that lost a race against somebody else's is made again on the newest version."""


EXEC_VERBS: Final = ("get", "create")
"""What running a command asks of a role: opening a WebSocket is a get, and from Kubernetes 1.35 on a create as well."""


class Actor:
    def __init__(self, kube: Kube, scope: str = "") -> None:
        """`scope`: of an operator of some namespaces alone (`taints.py`)."""
        self._kube = kube
        self._scope = scope
        self._verbs: dict[Verb, Callable[[Sending], Awaitable[str]]] = {
            Verb.EVICT: self._evict,
            Verb.PATCH: self._patch,
            Verb.SCALE: self._scale,
            Verb.RESIZE: self._resize,
            Verb.AVOID: self._avoid,
            Verb.UNAVOID: self._unavoid,
            Verb.CORDON: self._cordon,
            Verb.UNCORDON: self._uncordon,
            Verb.EXEC: self._exec,
        }

    async def apply(self, operations: tuple[Operation, ...], token: str) -> list[str]:
        """Send the operations in order and say what became of each. `token` is the attempt's name (`naming.py`)[/revert].

        Raises Conflict where the world is not the planned one, TooManyRequests where a disruption budget refuses or the
        server throttles, TooLarge where no pod may grow as planned, and otherwise whatever it said. After any of them,
        applying again goes on where this stopped.
        """
        return [await self._send(Sending(operation, token, dry_run=False)) for operation in operations]

    async def dry_run(self, operations: tuple[Operation, ...]) -> None:
        """Let admission, RBAC, quota and budgets speak first. Raises as `apply` does; changes nothing."""
        for operation in operations:
            await self._send(Sending(operation, "", dry_run=True))

    async def _send(self, sending: Sending) -> str:
        operation = sending.operation
        try:
            return await self._verbs[operation.verb](sending)
        except (Permanent, Conflict, TooManyRequests) as error:
            if sending.undoes and isinstance(error, (NotFound, Replaced)):
                return NothingToUndo(f"{operation.object} {GONE}")
            if refuses_the_size(sending, error):
                raise TooLarge(f"no pod may be as large as planned: {error}") from error
            if not operation.best_effort or isinstance(error, (Superseded, Outgrown)) or throttled(error):
                raise
            return f"{operation.verb.value} {operation.object} was not granted: {error}"

    async def keeps_cordon(self, operation: Operation) -> bool:
        """Whether the node of a cordon that was made before is still closed, and still by that attempt. Changes nothing."""
        try:
            node = await self._read(Sending(operation, "", dry_run=True))
        except (NotFound, Replaced):
            return False
        return is_ours(node) and marks(node).get(CORDONED_BY) == json.loads(operation.body)[CORDONED_BY]

    async def _evict(self, sending: Sending) -> str:
        _, namespace, name = sending.place
        uid = sending.operation.object.uid or ""
        try:
            if not sending.dry_run and going(await self._read(sending)):
                return f"Pod/{name} was on its way out already"
            await self._kube.evict(namespace, name, uid=uid, dry_run=sending.dry_run)
        except (NotFound, Replaced):
            return f"Pod/{name} was gone already"
        except Conflict as error:
            return await self._replaced(sending, error)
        return f"evicted Pod/{name}"

    async def _replaced(self, sending: Sending, error: Conflict) -> str:
        """A 409 mostly means that a namesake has taken the pod's place; if it has not, the eviction is still owed."""
        about = sending.operation.object
        try:
            await self._read(sending)
        except (NotFound, Conflict):
            return f"{about} was gone already"
        raise Unavailable(str(error)) from error

    async def _patch(self, sending: Sending) -> str:
        steps, about = json.loads(sending.operation.body), sending.operation.object
        body = await self._read(sending)
        if done := arrived(sending, body, steps):
            return done
        try:
            await self._write(sending, as_served(steps, body), PatchType.JSON)
        except Invalid:
            # A failed test and a refused value look alike from here: reading once more tells them apart.
            if done := arrived(sending, await self._read(sending), steps):
                return done
            raise
        return f"patched {about}"

    async def _scale(self, sending: Sending) -> str:
        operation, about = sending.operation, sending.operation.object
        before, after = operation.from_replicas, operation.to_replicas

        def change(scale: JsonBody) -> JsonBody | None:
            present = (scale.get("spec") or {}).get("replicas", 0)  # the API leaves a zero out
            if present == after:
                return None
            if present != before:
                raise sending.elsewhere(
                    f"{about} has {present} replicas, not {before}: somebody scaled it since"
                )
            return {"spec": {"replicas": after}}

        done = await self._swap(sending, change, subresource="scale")
        return f"scaled {about} from {before} to {after}" if done else f"{about} had {after} replicas already"

    async def _resize(self, sending: Sending) -> str:
        body, about = json.loads(sending.operation.body), sending.operation.object
        if outgrown(await self._read(sending), body):
            raise Outgrown(f"{about} has larger limits than were planned: somebody resized it since")
        await self._write(sending, body, PatchType.STRATEGIC, subresource="resize")
        return f"resized {about} in place"

    async def _avoid(self, sending: Sending) -> str:
        about, attempt = sending.operation.object, value_of(sending.token, self._scope)
        done = await self._swap(sending, lambda node: with_avoid(node, attempt))
        return f"{about} is avoided for a while" if done else f"{about} was avoided already"

    async def _unavoid(self, sending: Sending) -> str:
        about, attempt = sending.operation.object, value_of(sending.token, self._scope)
        done = await self._swap(sending, lambda node: without_avoid(node, attempt))
        return f"{about} is no longer avoided" if done else f"{about} is not avoided by this attempt"

    async def _cordon(self, sending: Sending) -> str:
        about, marks = sending.operation.object, json.loads(sending.operation.body)

        def change(node: JsonBody) -> JsonBody | None:
            try:
                return closing(node, marks)
            except ValueError as error:
                raise sending.elsewhere(f"{about} {error}") from error

        done = await self._swap(sending, change)
        return f"cordoned {about}" if done else f"{about} was cordoned already"

    async def _uncordon(self, sending: Sending) -> str:
        about, attempt = sending.operation.object, json.loads(sending.operation.body)[CORDONED_BY]
        done = await self._swap(sending, lambda node: opening(node, attempt))
        return f"uncordoned {about}" if done else NothingToUndo(f"the cordon of {about} {NOT_OURS}")

    async def _exec(self, sending: Sending) -> str:
        """Mark the pod, then run the command; where the mark is there already, only the first of the two is known."""
        about, (container, command) = sending.operation.object, words_of(sending.operation)
        if sending.dry_run:
            return await self._may_exec(sending)
        _, namespace, name = sending.place
        try:
            if not await self._swap(sending, lambda pod: marking(pod, sending.token)):
                return begun_before(about)
            result = await self._kube.exec(
                namespace, name, container, command, timeout=EXEC_SECONDS, limit_bytes=OUTPUT_BYTES
            )
        except (NotFound, Replaced):
            return f"{about} was gone already"
        return ended(about, result)

    async def _may_exec(self, sending: Sending) -> str:
        """The API server knows no dry run of a command, so it is asked whether it would be allowed."""
        _, namespace, _ = sending.place
        await self._swap(sending, lambda pod: marking(pod, ""))
        for verb in EXEC_VERBS:
            if not await may(self._kube, verb, "Pod", namespace, subresource="exec"):
                raise Forbidden(f"not allowed to {verb} pods/exec in namespace {namespace}")
        return f"the declared command may be run in {sending.operation.object}"

    async def _swap(
        self, sending: Sending, change: Callable[[JsonBody], JsonBody | None], *, subresource: str = ""
    ) -> bool:
        """Compare and swap by resourceVersion. False where `change` found nothing to do."""
        lost: KubeError | None = None
        for _ in range(RACES):
            body = await self._read(sending, subresource=subresource)
            changes = change(body)
            if changes is None:
                return False
            version = {"resourceVersion": body["metadata"]["resourceVersion"]}
            patch = {**changes, "metadata": {**changes.get("metadata", {}), **version}}
            try:
                await self._write(sending, patch, PatchType.MERGE, subresource=subresource)
            except Conflict as error:
                lost = error
            else:
                return True
        raise Conflict(f"{sending.operation.object} changes too often to be written") from lost

    async def _read(self, sending: Sending, *, subresource: str = "") -> JsonBody:
        kind, namespace, name = sending.place
        body = await self._kube.get(kind, namespace, name, subresource=subresource)
        sending.check(body)
        return body

    async def _write(
        self, sending: Sending, body: Any, patch_type: PatchType, *, subresource: str = ""
    ) -> JsonBody:
        kind, namespace, name = sending.place
        return await self._kube.patch(
            kind,
            namespace,
            name,
            body,
            patch_type=patch_type,
            subresource=subresource,
            dry_run=sending.dry_run,
        )
