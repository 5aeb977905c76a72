"""Writing the status of Remediations and policies: server-side apply of the whole status on the newest version.

Every write carries the resourceVersion it was made from. A write that lost a race raises `Conflict` and changes
nothing, and what was written is put into the store at once, so that no step is ever taken from a stale record.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from planaria_operator.api.base import API_VERSION, ApiModel
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.remediation import Remediation, RemediationStatus
from planaria_operator.detect.incident import Incident
from planaria_operator.kube.errors import AlreadyExists, Conflict, NotFound
from planaria_operator.kube.interface import JsonBody, Kube, PatchType
from planaria_operator.objects.store import ClusterStore
from planaria_operator.reconcile.opening import incident_key, place_of, remediation_body
from planaria_operator.watch.resources import Unreadable, parse_policy, parse_remediation

STATUS_MANAGER = "planaria-status"


class Records:
    def __init__(self, kube: Kube, store: ClusterStore) -> None:
        self._kube = kube
        self._store = store
        self.guarding = asyncio.Lock()
        """Held from asking the guards to writing the intent, so that two incidents never take the last action together.
        One for all policies, because some limits are those of a namespace or of the whole operator."""

    async def open(self, incident: Incident) -> Remediation:
        """The Remediation of the incident, made where it does not exist. Raises Unreadable where another version wrote it."""
        namespace = place_of(incident, self._store)
        key = incident_key(incident, self._store.remediations.values())
        body = remediation_body(incident, key, namespace)
        name = body["metadata"]["name"]
        try:
            stored = await self._kube.create("Remediation", namespace, body)
        except AlreadyExists:
            stored = await self._kube.get("Remediation", namespace, name)
        try:
            return self._keep(stored)
        except Unreadable as error:
            fix = "start the version that wrote it, or delete it"
            raise Unreadable(f"Remediation {namespace}/{name} cannot be read: {error}; {fix}") from error

    async def write(self, remediation: Remediation, status: RemediationStatus) -> Remediation:
        """Raises Conflict where somebody wrote since `remediation` was read, NotFound where it is gone."""
        if status == remediation.status:
            return remediation
        try:
            stored = await self._apply("Remediation", remediation, status)
        except Conflict:
            await self._reload(remediation)
            raise
        except NotFound:
            self._store.drop_remediation(remediation.namespace, remediation.name)
            raise
        return self._keep(stored)

    async def update(
        self, remediation: Remediation, change: Callable[[RemediationStatus], RemediationStatus]
    ) -> Remediation:
        """Apply a pure change to the newest status of a record, once more on a conflict. Raises as `write` does."""
        for last_try in (False, False, True):
            newest = self._store.remediations.get((remediation.namespace, remediation.name), remediation)
            try:
                return await self.write(newest, change(newest.status))
            except Conflict:
                if last_try:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def delete(self, remediation: Remediation) -> None:
        with suppress(NotFound):
            await self._kube.delete(
                "Remediation", remediation.namespace, remediation.name, uid=remediation.uid
            )
        self._store.drop_remediation(remediation.namespace, remediation.name)

    async def update_policy(
        self, policy: HealingPolicy, change: Callable[[HealingPolicyStatus], HealingPolicyStatus]
    ) -> HealingPolicy:
        """Apply a pure change to the newest status of a policy, once more on a conflict."""
        for last_try in (False, False, True):
            newest = self._store.policies.get(policy.key, policy)
            status = change(newest.status)
            if status == newest.status:
                return newest
            try:
                return self._keep_policy(await self._apply(policy.kind, newest, status))
            except Conflict:
                if last_try:
                    raise
                read = await self._kube.get(policy.kind, policy.namespace, policy.name)
                self._keep_policy(read, refused=newest.resource_version)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _apply(self, kind: str, of: Remediation | HealingPolicy, status: ApiModel) -> JsonBody:
        metadata = {"name": of.name, "resourceVersion": of.resource_version}
        if of.namespace:
            metadata["namespace"] = of.namespace
        body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "status": status.to_body()}
        return await self._kube.patch(
            kind,
            of.namespace,
            of.name,
            body,
            patch_type=PatchType.APPLY,
            subresource="status",
            field_manager=STATUS_MANAGER,
            force=True,
        )

    async def _reload(self, remediation: Remediation) -> None:
        try:
            read = await self._kube.get("Remediation", remediation.namespace, remediation.name)
            self._keep(read, refused=remediation.resource_version)
        except NotFound:
            self._store.drop_remediation(remediation.namespace, remediation.name)

    def _keep(self, body: JsonBody, *, refused: str | None = None) -> Remediation:
        """`refused`: the resourceVersion that there is no more, though what is read instead may look older."""
        remediation = parse_remediation(body)
        self._store.put_remediation(remediation, instead_of=refused)
        return remediation

    def _keep_policy(self, body: JsonBody, *, refused: str | None = None) -> HealingPolicy:
        policy = parse_policy(body)
        self._store.put_policy(policy, instead_of=refused)
        return policy
