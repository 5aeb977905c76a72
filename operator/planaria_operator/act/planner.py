"""From a decision to a plan: fetch what the builders read, fresh from the API server, and pick the builder."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from planaria_contract import Action, Decision, ObjectRef, Observation
from planaria_operator.act import isolate, migrate, reload, resize, restart, rollback, scale
from planaria_operator.act.bodies import meta
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.places import shut_out
from planaria_operator.act.revisions import parse_revision
from planaria_operator.act.volumes import Claim, claims_of
from planaria_operator.api.actions import AllowedAction
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.evidence.events import events_of
from planaria_operator.kube.errors import Forbidden, NotFound
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.autoscaler import (
    Autoscaler,
    ScaledObject,
    parse_autoscaler,
    parse_scaled_object,
)
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import WORKLOAD_KINDS

BUILDERS: Final[Mapping[Action, Callable[[Setting], Plan | Refusal]]] = {
    Action.RESTART: restart.build,
    Action.MIGRATE: migrate.build,
    Action.SCALE: scale.build,
    Action.RESIZE: resize.build,
    Action.ROLLBACK: rollback.build,
    Action.ISOLATE: isolate.build,
    Action.RELOAD: reload.build,
}
"""One line for each action. Each is pure: the same setting gives the same plan."""


MOVING: Final = frozenset({Action.MIGRATE, Action.ISOLATE})
"""Actions by which a pod lands on another node, so that its volumes must follow."""

REPLACING: Final = frozenset({Action.RESTART, Action.ROLLBACK, Action.RESIZE})
"""Actions by which a pod is made anew, where the scheduler finds room."""


class Planner:
    def __init__(self, kube: Kube, store: ClusterStore) -> None:
        self._kube = kube
        self._store = store

    async def plan(
        self, decision: Decision, observation: Observation, policy: HealingPolicy, remediation: str
    ) -> Plan | Refusal:
        """`remediation` names the attempt, as `<name>/<n>`. Raises a Temporary KubeError where the server is away."""
        build = BUILDERS.get(decision.category)
        bounds = policy.spec.allows(decision.category)
        if build is None:
            return Refusal(Reason.UNSUPPORTED_TARGET, f"this version does not {decision.category.value}")
        if bounds is None:
            return Refusal(
                Reason.NOT_ALLOWED_BY_POLICY, f"{policy.name} does not list {decision.category.value}"
            )
        if refusal := _out_of_reach(decision, observation.target, policy):
            return refusal
        try:
            setting = await self._setting(decision, observation, policy, bounds, remediation)
        except NotFound as error:
            return Refusal(Reason.WORLD_CHANGED, str(error))
        except Forbidden as error:
            return Refusal(Reason.FORBIDDEN, str(error))
        return _changed(decision, setting) or build(setting)

    async def _setting(
        self,
        decision: Decision,
        observation: Observation,
        policy: HealingPolicy,
        bounds: AllowedAction,
        remediation: str,
    ) -> Setting:
        kind, name = decision.target.kind, decision.target.name
        node = kind == "Node"
        namespace = observation.target.namespace or policy.namespace
        target = await self._kube.get(kind, "" if node else namespace, name)
        owners = await self._owners(target, kind, namespace)
        # Closing a node concerns every namespace that has pods on it, whatever namespace the incident is in.
        place = "" if decision.category is Action.ISOLATE else namespace
        pods = await self._pods(target, place, node=name if node else "")
        observed = {pod.uid for pod in observation.pods}
        # Of namesakes on a node, in several namespaces, the one that was observed is meant: the last one stands.
        pods.sort(key=lambda pod: meta(pod).get("uid") in observed)
        scale = decision.category is Action.SCALE
        autoscalers, scaled = await self._scalers(target, kind, namespace) if scale else ((), ())
        return Setting(
            decision=decision,
            observation=observation,
            bounds=bounds,
            target=target,
            pods={meta(pod)["name"]: pod for pod in pods if node or _owned(pod, [target, *owners])},
            revisions=tuple(owners),
            store=self._store,
            remediation=remediation,
            on_node=tuple(pods) if node else (),
            protected=self._store.protected,
            claims=await self._claims(self._moving(decision.category, pods)),
            autoscalers=autoscalers,
            scaled_objects=scaled,
            events=tuple(await self._events(target, kind, namespace)),
        )

    async def _events(self, target: JsonBody, kind: str, namespace: str) -> list[JsonBody]:
        """Only where they are needed: how many there were is asked once nobody remembers it."""
        if kind != "Deployment" or target["spec"].get("replicas", 1) != 0:
            return []
        try:
            return await events_of(self._kube, kind, namespace, str(meta(target)["name"]))
        except Forbidden:
            return []

    async def _scalers(
        self, target: JsonBody, kind: str, namespace: str
    ) -> tuple[tuple[JsonBody, ...], tuple[JsonBody, ...]]:
        """HorizontalPodAutoscalers and ScaledObjects of the target, whatever the watch has seen of them yet."""
        wanted = kind, meta(target)["name"]
        autoscalers = [
            body
            for body in await self._kube.list("HorizontalPodAutoscaler", namespace)
            if _aims_at(parse_autoscaler(body)) == wanted
        ]
        scaled = await self._scaled_objects(namespace, needed=any(map(_by_keda, autoscalers)))
        return tuple(autoscalers), tuple(
            body for body in scaled if _aims_at(parse_scaled_object(body)) == wanted
        )

    async def _scaled_objects(self, namespace: str, *, needed: bool) -> list[JsonBody]:
        """None in a cluster without KEDA. Without the right they cannot be seen, and are missed only where one is known of."""
        try:
            return await self._kube.list("ScaledObject", namespace)
        except NotFound:
            return []
        except Forbidden:
            if needed:
                raise
            return []

    async def _owners(self, target: JsonBody, kind: str, namespace: str) -> list[JsonBody]:
        """ReplicaSets or ControllerRevisions of the target, newest first; none for a node."""
        if kind == "Node":
            return []
        kept_in = "ReplicaSet" if kind == "Deployment" else "ControllerRevision"
        found = await self._kube.list(kept_in, namespace, labels=_match_labels(target))
        own = [body for body in found if _owned(body, [target])]
        return sorted(own, key=lambda body: parse_revision(body).number, reverse=True)

    async def _pods(self, target: JsonBody, namespace: str, *, node: str) -> list[JsonBody]:
        if node:
            return await self._kube.list("Pod", namespace, fields=f"spec.nodeName={node}")
        return await self._kube.list("Pod", namespace, labels=_match_labels(target))

    def _moving(self, action: Action, pods: list[JsonBody]) -> list[JsonBody]:
        """Those whose volumes must follow; of those that are only made anew, the ones that their own node does not take again."""
        if action in REPLACING:
            return [pod for pod in pods if shut_out(self._store, pod)]
        return pods if action in MOVING else []

    async def _claims(self, pods: Iterable[JsonBody]) -> dict[tuple[str, str], Claim]:
        """Every claim that one of the pods mounts, each read once."""
        found: dict[tuple[str, str], Claim] = {}
        for pod in pods:
            namespace = meta(pod).get("namespace") or ""
            for name in claims_of(pod):
                if (namespace, name) not in found:
                    found[namespace, name] = await self._claim(namespace, name)
        return found

    async def _claim(self, namespace: str, name: str) -> Claim:
        """One that may not be read holds its pod: moving it on a guess could cost data."""
        try:
            claim = await self._kube.get("PersistentVolumeClaim", namespace, name)
            volume = (claim.get("spec") or {}).get("volumeName")
            return Claim(name, await self._kube.get("PersistentVolume", "", volume) if volume else None)
        except NotFound:
            return Claim(name, None)
        except Forbidden as error:
            return Claim(name, None, f"whether its volume can follow is not known: {error}")


def _aims_at(scaler: Autoscaler | ScaledObject) -> tuple[str, str]:
    return scaler.target_kind, scaler.target_name


def _by_keda(autoscaler: JsonBody) -> bool:
    return parse_autoscaler(autoscaler).made_by_keda


def _out_of_reach(decision: Decision, ill: ObjectRef, policy: HealingPolicy) -> Refusal | None:
    """`ill`: what shows the fault. A ClusterHealingPolicy reaches far, one incident does not leave its namespace."""
    target, namespace = decision.target, ill.namespace or policy.namespace
    if decision.category is Action.ISOLATE and target.kind != "Node":
        return Refusal(Reason.UNSUPPORTED_TARGET, f"{target} is no node")
    if decision.category is Action.ISOLATE and not policy.cluster_wide:
        return Refusal(Reason.CLUSTER_POLICY_ONLY, f"HealingPolicy {policy.name} is of one namespace")
    if target.kind not in {*WORKLOAD_KINDS, "Node"}:
        return Refusal(Reason.UNSUPPORTED_TARGET, f"{target} is no workload and no node")
    outside = target.namespace not in {None, namespace} or (target.kind != "Node" and not namespace)
    if outside or (target.kind == "Node" and target.namespace):
        return Refusal(Reason.NOT_SELECTED, f"{target} is not in namespace {namespace}")
    return None


def _changed(decision: Decision, setting: Setting) -> Refusal | None:
    """A namesake made since the decision, or an object on its way out, is not what was decided on."""
    wanted, found = decision.target.uid, meta(setting.target).get("uid")
    if wanted is not None and wanted != found:
        return Refusal(
            Reason.WORLD_CHANGED, f"{decision.target} was replaced: its uid is {found}, not {wanted}"
        )
    if meta(setting.target).get("deletionTimestamp"):
        return Refusal(Reason.WORLD_CHANGED, f"{decision.target} is being deleted")
    return None


def _match_labels(target: Mapping[str, Any]) -> str:
    """Narrows the list; ownership decides, so rows of matchExpressions need not be repeated here."""
    labels = (target["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _owned(body: Mapping[str, Any], owners: Iterable[Mapping[str, Any]]) -> bool:
    uids = {meta(owner).get("uid") for owner in owners}
    return any(
        ref.get("uid") in uids for ref in meta(body).get("ownerReferences") or () if ref.get("controller")
    )
