"""From a decision to a plan: fetch what the builders read, fresh from the API server, and pick the builder."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from planaria_contract import Action, Decision, Observation
from planaria_operator.act import migrate, resize, restart, rollback, scale
from planaria_operator.act.bodies import meta
from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.act.revisions import parse_revision
from planaria_operator.api.actions import AllowedAction
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.plan import Plan
from planaria_operator.api.reasons import Reason
from planaria_operator.evidence.events import events_of
from planaria_operator.kube.errors import Forbidden, NotFound
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import WORKLOAD_KINDS

BUILDERS: Final[Mapping[Action, Callable[[Setting], Plan | Refusal]]] = {
    Action.RESTART: restart.build,
    Action.MIGRATE: migrate.build,
    Action.SCALE: scale.build,
    Action.RESIZE: resize.build,
    Action.ROLLBACK: rollback.build,
}
"""One line for each action. Each is pure: the same setting gives the same plan."""


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
        if refusal := _out_of_reach(decision, policy):
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
        target = await self._kube.get(kind, "" if node else policy.namespace, name)
        owners = await self._owners(target, kind, policy.namespace)
        pods = await self._pods(target, policy.namespace, node=name if node else "")
        return Setting(
            decision=decision,
            observation=observation,
            bounds=bounds,
            target=target,
            pods={meta(pod)["name"]: pod for pod in pods if node or _owned(pod, [target, *owners])},
            revisions=tuple(owners),
            store=self._store,
            remediation=remediation,
            events=tuple(await self._events(target, kind, policy.namespace)),
        )

    async def _events(self, target: JsonBody, kind: str, namespace: str) -> list[JsonBody]:
        """Only where they are needed: how many there were is asked once nobody remembers it."""
        if kind != "Deployment" or target["spec"].get("replicas", 1) != 0:
            return []
        try:
            return await events_of(self._kube, kind, namespace, str(meta(target)["name"]))
        except Forbidden:
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


def _out_of_reach(decision: Decision, policy: HealingPolicy) -> Refusal | None:
    target = decision.target
    if target.kind not in {*WORKLOAD_KINDS, "Node"}:
        return Refusal(Reason.UNSUPPORTED_TARGET, f"{target} is no workload and no node")
    if target.namespace not in {None, policy.namespace} or (target.kind == "Node" and target.namespace):
        return Refusal(Reason.NOT_SELECTED, f"{target} is not in namespace {policy.namespace}")
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
