"""What Planaria knows of the cluster right now: views, fed by watch events, read by every station.

kopf's own indices start up in quadratic time, so this is a store of plain dictionaries with the three look-ups that
detection needs. It is only ever touched from the event loop, so it has no locks.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.approval import Approval
from planaria_operator.objects.autoscaler import Autoscaler
from planaria_operator.objects.cluster import EndpointSlice, Namespace, Node, Service
from planaria_operator.objects.disruption import DisruptionBudget
from planaria_operator.objects.meta import Identity, Owner
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.workload import WORKLOAD_KINDS, ReplicaSet, Workload

View = (
    Pod
    | Workload
    | ReplicaSet
    | Node
    | Namespace
    | Service
    | EndpointSlice
    | Autoscaler
    | DisruptionBudget
    | Approval
)
Key = tuple[str, str, str]
"""Kind, namespace (empty where there is none), name."""
EVER = datetime.max.replace(tzinfo=UTC)
"""For what says no time of its own: after everything that does."""


class ClusterStore:
    """Views by key, with pods and ReplicaSets also by owner and by node."""

    def __init__(self, *, protected: frozenset[str] = frozenset(), home: str = "default") -> None:
        """`protected`: namespaces that no policy reaches. `home`: the operator's own."""
        self.protected = protected
        self.home = home
        self._views: dict[str, dict[Key, View]] = {}
        self._owned: dict[str, set[Key]] = {}
        self._on_node: dict[str, set[Key]] = {}
        self._last_replicas: dict[str, int] = {}
        self.policies: dict[tuple[str, str], HealingPolicy] = {}
        """Of both kinds, by namespace (empty for a ClusterHealingPolicy) and name."""
        self.remediations: dict[tuple[str, str], Remediation] = {}
        """By namespace and name. Changed only by `put_remediation` and `drop_remediation`, which keep them by policy too."""
        self._under: dict[tuple[str, str], dict[tuple[str, str], Remediation]] = {}
        self.unwatched: dict[str, str] = {}
        """Kinds that the operator's role does not let it watch, and why: nothing can be said of them."""
        self.unreadable: dict[Identity, str] = {}
        """What is there and cannot be read, of whatever kind, and why: a policy among it may want things left alone."""
        self.last_event: datetime | None = None
        """When a watch last delivered anything."""
        self.on_change: Callable[[], None] = lambda: None

    def put(self, view: View, *, instead_of: str | None = None) -> None:
        """Add or replace one view. An older resourceVersion than the stored one is ignored, unless the stored one is
        `instead_of`: that is known not to be there any more, because etcd was put back to a snapshot.
        """
        known = self._views.get(view.meta.kind, {}).get(view.meta.key)
        # Versions of one kind are comparable across objects: what a late event says of a namesake that is gone is old.
        if known and _newer(known.meta.resource_version, view.meta.resource_version, instead_of):
            return
        if known:
            self._unindex(known)
        self._views.setdefault(view.meta.kind, {})[view.meta.key] = view
        self._index(view)
        self.on_change()

    def remove(self, view: View) -> None:
        known = self._views.get(view.meta.kind, {}).pop(view.meta.key, None)
        if known:
            self._unindex(known)
            self._last_replicas.pop(known.meta.uid, None)
        self.on_change()

    def discard(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Forget exactly this object, of whatever kind; a namesake made later stays."""
        custom = self._custom(kind)
        if custom is None:
            view = self._get((kind, namespace, name))
            if view and view.meta.uid == uid:
                self.remove(view)
        elif (known := custom.get((namespace, name))) and known.uid == uid:
            if kind == "Remediation":
                self.drop_remediation(namespace, name)
            else:
                custom.pop((namespace, name))
            self.on_change()

    def put_remediation(self, remediation: Remediation, *, instead_of: str | None = None) -> None:
        """Add or replace; what we wrote ourselves is put here at once and must not be overtaken by an older event.
        `instead_of`: as for `put`.
        """
        key = (remediation.namespace, remediation.name)
        known = self.remediations.get(key)
        same = known is not None and known.uid == remediation.uid
        if known and same and _newer(known.resource_version, remediation.resource_version, instead_of):
            return
        if known and known.policy_key != remediation.policy_key:
            self.drop_remediation(*key)
        self.remediations[key] = remediation
        self._under.setdefault(remediation.policy_key, {})[key] = remediation
        self.on_change()

    def drop_remediation(self, namespace: str, name: str) -> None:
        known = self.remediations.pop((namespace, name), None)
        if known:
            of_policy = self._under[known.policy_key]
            del of_policy[namespace, name]
            if not of_policy:
                del self._under[known.policy_key]

    def put_policy(self, policy: HealingPolicy, *, instead_of: str | None = None) -> None:
        """As `put_remediation`."""
        key = policy.key
        known = self.policies.get(key)
        same = known is not None and known.uid == policy.uid
        if known and same and _newer(known.resource_version, policy.resource_version, instead_of):
            return
        self.policies[key] = policy
        self.on_change()

    # --- look-ups

    def identities(self, kind: str) -> dict[tuple[str, str], str]:
        """The uid of everything that is known of a kind, by namespace and name."""
        return {key: known.uid for key, known in self._known(kind)}

    def versions(self, kind: str) -> dict[tuple[str, str], str]:
        """The resourceVersion of everything that is known of a kind, by namespace and name."""
        return {key: known.resource_version for key, known in self._known(kind)}

    def uid_of(self, kind: str, namespace: str, name: str) -> str | None:
        """Of whatever kind; None for what is not known."""
        if (custom := self._custom(kind)) is not None:
            known = custom.get((namespace, name))
            return known.uid if known and _is_of(kind, (namespace, name)) else None
        view = self._get((kind, namespace, name))
        return view.meta.uid if view else None

    def remediations_of(self, policy: HealingPolicy) -> list[Remediation]:
        """Those that were opened under exactly this policy, finished ones too. Those of a namesake before it are about to be
        collected; one without an owner counts.
        """
        namesakes = self._under.get(policy.key, {}).values()
        return [each for each in namesakes if each.policy_uid in {"", policy.uid}]

    def abandoned(self, remediation: Remediation) -> bool:
        """Nobody goes on with it: its policy was deleted without it (`--cascade=orphan`). Not where the policy may be there and is
        only not seen, because it cannot be read or its kind is not watched.
        """
        return remediation.spec.policy_kind not in self.unwatched and not self.has_policy(remediation)

    def has_policy(self, remediation: Remediation) -> bool:
        """Its policy is there, and goes on with it at once, or where it cannot be read, as soon as it can be."""
        kind, key = remediation.spec.policy_kind, remediation.policy_key
        if key in self.policies:
            return True
        return any((each.kind, each.namespace, each.name) == (kind, *key) for each in self.unreadable)

    def pod(self, namespace: str, name: str) -> Pod | None:
        view = self._get(("Pod", namespace, name))
        return view if isinstance(view, Pod) else None

    def node(self, name: str) -> Node | None:
        view = self._get(("Node", "", name))
        return view if isinstance(view, Node) else None

    def namespace(self, name: str) -> Namespace | None:
        view = self._get(("Namespace", "", name))
        return view if isinstance(view, Namespace) else None

    def workload(self, kind: str, namespace: str, name: str) -> Workload | None:
        view = self._get((kind, namespace, name))
        return view if isinstance(view, Workload) else None

    def pods(self) -> Iterator[Pod]:
        return (view for view in self._all("Pod") if isinstance(view, Pod))

    def nodes(self) -> Iterator[Node]:
        return (view for view in self._all("Node") if isinstance(view, Node))

    def namespaces(self) -> Iterator[Namespace]:
        return (view for view in self._all("Namespace") if isinstance(view, Namespace))

    def workloads(self, *namespaces: str) -> Iterator[Workload]:
        wanted = frozenset(namespaces)
        for kind in WORKLOAD_KINDS:
            for view in self._all(kind):
                if isinstance(view, Workload) and view.meta.namespace in wanted:
                    yield view

    def services(self, namespace: str) -> Iterator[Service]:
        return (
            view
            for view in self._all("Service")
            if isinstance(view, Service) and view.meta.namespace == namespace
        )

    def disruption_budgets(self, namespace: str) -> Iterator[DisruptionBudget]:
        views = (view for view in self._all("PodDisruptionBudget") if isinstance(view, DisruptionBudget))
        return (view for view in views if view.meta.namespace == namespace)

    def approvals_of(self, namespace: str, remediation: str) -> list[Approval]:
        """The answers to a Remediation: the first that was created first, and of one second the first by name."""
        views = (view for view in self._all("Approval") if isinstance(view, Approval))
        found = [
            view for view in views if (view.meta.namespace, view.spec.remediation) == (namespace, remediation)
        ]
        return sorted(found, key=lambda view: (view.meta.created or EVER, view.meta.name))

    def ready_endpoints(self, namespace: str, service: str) -> int:
        slices = (view for view in self._all("EndpointSlice") if isinstance(view, EndpointSlice))
        return sum(s.ready for s in slices if s.meta.namespace == namespace and s.service == service)

    def autoscaler_of(self, workload: Workload) -> Autoscaler | None:
        wanted = (workload.meta.namespace, workload.meta.kind, workload.meta.name)
        scalers = (view for view in self._all("HorizontalPodAutoscaler") if isinstance(view, Autoscaler))
        found = (s for s in scalers if (s.meta.namespace, s.target_kind, s.target_name) == wanted)
        return next(found, None)

    def replica_sets_of(self, workload: Workload) -> list[ReplicaSet]:
        """Newest revision first."""
        owned = (self._get(key) for key in self._owned.get(workload.meta.uid, ()))
        sets = [view for view in owned if isinstance(view, ReplicaSet)]
        return sorted(sets, key=lambda view: view.revision, reverse=True)

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Pods of the workload, whether owned directly or through a ReplicaSet; by name."""
        owners = [
            workload.meta.uid,
            *(replica_set.meta.uid for replica_set in self.replica_sets_of(workload)),
        ]
        owned = (self._get(key) for uid in owners for key in self._owned.get(uid, ()))
        return sorted((view for view in owned if isinstance(view, Pod)), key=lambda pod: pod.meta.name)

    def pods_on(self, node: str) -> list[Pod]:
        found = (self._get(key) for key in self._on_node.get(node, ()))
        return sorted((view for view in found if isinstance(view, Pod)), key=lambda pod: pod.meta.name)

    def workload_of(self, pod: Pod) -> Workload | None:
        """The Deployment, StatefulSet or DaemonSet that would replace the pod."""
        owner = self.controller_of(pod)
        return self.workload(owner.kind, pod.meta.namespace, owner.name) if owner else None

    def controller_of(self, pod: Pod) -> Owner | None:
        """What would replace the pod in the end, of whatever kind, known to Planaria or not."""
        owner = pod.meta.owner
        if owner is None or owner.kind != "ReplicaSet":
            return owner
        replica_set = self._get(("ReplicaSet", pod.meta.namespace, owner.name))
        return (replica_set and replica_set.meta.owner) or owner

    def last_known_replicas(self, workload: Workload) -> int | None:
        """The last replica count above zero that was seen since this process started."""
        return self._last_replicas.get(workload.meta.uid)

    # --- indices

    def _custom(self, kind: str) -> dict[tuple[str, str], Any] | None:
        """Where a kind of our own is kept; None for one that becomes a view."""
        tables: dict[str, dict[tuple[str, str], Any]]
        tables = {
            "HealingPolicy": self.policies,
            "ClusterHealingPolicy": self.policies,
            "Remediation": self.remediations,
        }
        return tables.get(kind)

    def _known(self, kind: str) -> Iterator[tuple[tuple[str, str], Any]]:
        """What is known of a kind, whoever keeps it: with a uid and a resourceVersion, by namespace and name."""
        if (custom := self._custom(kind)) is not None:
            return ((key, known) for key, known in custom.items() if _is_of(kind, key))
        metas = (view.meta for view in self._all(kind))
        return (((meta.namespace, meta.name), meta) for meta in metas)

    def _all(self, kind: str) -> list[View]:
        return list(self._views.get(kind, {}).values())

    def _get(self, key: Key) -> View | None:
        return self._views.get(key[0], {}).get(key)

    def _index(self, view: View) -> None:
        if view.meta.owner:
            self._owned.setdefault(view.meta.owner.uid, set()).add(view.meta.key)
        if isinstance(view, Pod) and view.node:
            self._on_node.setdefault(view.node, set()).add(view.meta.key)
        if isinstance(view, Workload) and view.desired > 0:
            self._last_replicas[view.meta.uid] = view.desired

    def _unindex(self, view: View) -> None:
        if view.meta.owner:
            _discard(self._owned, view.meta.owner.uid, view.meta.key)
        if isinstance(view, Pod) and view.node:
            _discard(self._on_node, view.node, view.meta.key)


def _is_of(kind: str, key: tuple[str, str]) -> bool:
    """Both kinds of policy share a table; only one of them is in no namespace."""
    return (kind == "ClusterHealingPolicy") == (not key[0])


def _discard(index: dict[str, set[Key]], name: str, key: Key) -> None:
    keys = index.get(name, set())
    keys.discard(key)
    if not keys:
        index.pop(name, None)


def _newer(known: str, offered: str, instead_of: str | None) -> bool:
    return known != instead_of and _number(known) > _number(offered)


def _number(version: str) -> int:
    """Resource versions of one object are comparable numbers (KEP-5504); anything else never wins over a number."""
    return int(version) if version.isdigit() else 0
