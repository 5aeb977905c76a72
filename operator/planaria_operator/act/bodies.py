"""Reading fresh bodies and naming them in a plan."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from planaria_operator.act.builder import Refusal, Setting
from planaria_operator.api.plan import ObjectReference, Operation, Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.objects.workload import WORKLOAD_KINDS
from planaria_operator.text import listed

DEFAULT_MAX_PODS: Final = 10
DEFAULT_MAX_REPLICAS: Final = 10
MOST_OPERATIONS: Final = 64
"""As many as a plan can hold."""
RESTARTED_AT: Final = "kubectl.kubernetes.io/restartedAt"
"""The annotation that `kubectl rollout restart` sets; sharing it keeps one meaning in the cluster."""


def meta(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return body.get("metadata") or {}


def reference(kind: str, body: Mapping[str, Any]) -> ObjectReference:
    about = meta(body)
    return ObjectReference(
        kind=kind, namespace=about.get("namespace") or None, name=about["name"], uid=about.get("uid")
    )


def target_of(setting: Setting) -> ObjectReference:
    return reference(setting.decision.target.kind, setting.target)


def most_replicas(setting: Setting) -> int:
    return setting.bounds.max_replicas or DEFAULT_MAX_REPLICAS


def most_pods(setting: Setting) -> int:
    return setting.bounds.max_pods or DEFAULT_MAX_PODS


def template_of(workload: Mapping[str, Any]) -> dict[str, Any]:
    template: dict[str, Any] = workload["spec"]["template"]
    return template


def controller_kind(pod: Mapping[str, Any]) -> str:
    owners = meta(pod).get("ownerReferences") or ()
    return next((owner["kind"] for owner in owners if owner.get("controller")), "")


def going(pod: Mapping[str, Any]) -> bool:
    """Somebody is deleting it already."""
    return bool(meta(pod).get("deletionTimestamp"))


def over(pod: Mapping[str, Any]) -> bool:
    """It runs no more, or not for long: nobody waits for it."""
    return going(pod) or (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def same_pods(setting: Setting, names: Iterable[str]) -> list[Mapping[str, Any]]:
    """Fresh bodies of the named pods that are still the ones that were observed and are not on their way out."""
    observed = {pod.name: pod.uid for pod in setting.observation.pods}
    found = ((name, setting.pods.get(name)) for name in sorted(set(names)))
    return [
        pod for name, pod in found if pod and meta(pod).get("uid") == observed.get(name) and not going(pod)
    ]


def affected_pods(setting: Setting) -> list[Mapping[str, Any]]:
    return same_pods(setting, (pod.name for pod in setting.observation.affected))


def evictions(pods: Iterable[Mapping[str, Any]], *, best_effort: bool = False) -> tuple[Operation, ...]:
    return tuple(
        Operation(verb=Verb.EVICT, object=reference("Pod", pod), best_effort=best_effort) for pod in pods
    )


def unblocking(setting: Setting, *, kept_too: bool = False) -> tuple[Operation, ...]:
    """Evictions that a new template needs before it can take effect; empty for most workloads.

    A StatefulSet waits for a broken pod to become ready before it replaces it ("Forced rollback" in the Kubernetes
    documentation), and with the update strategy OnDelete nothing is ever replaced unasked. What a partition keeps at the
    former template would come back with that, so it is not evicted; `kept_too`: it is, since coming back is all it needs.
    """
    if setting.decision.target.kind != "StatefulSet" and not on_delete(setting.target):
        return ()
    broken = affected_pods(setting)
    renewed = [pod for pod in broken if kept_too or not is_kept(setting.target, pod)]
    most = min(most_pods(setting), DEFAULT_MAX_PODS)
    return evictions(renewed[:most], best_effort=True)


def on_delete(target: Mapping[str, Any]) -> bool:
    """A person takes a new template to each pod by deleting it. A node has no such strategy."""
    strategy = (target.get("spec") or {}).get("updateStrategy") or {}
    return bool(strategy.get("type") == "OnDelete")


def partition(workload: Mapping[str, Any]) -> int:
    """How many of a StatefulSet's pods, counted from the first, a person keeps at the former template. Default: none."""
    rolling = (workload["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition") or 0)


def is_kept(workload: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """A person keeps it at the former template, by a partition."""
    kept = partition(workload)
    if not kept:
        return False
    start = (workload["spec"].get("ordinals") or {}).get("start") or 0
    return int(meta(pod)["name"].rpartition("-")[2]) < start + kept


def no_rollout(setting: Setting) -> Refusal | None:
    """Why a new template would change nothing here; None where it would."""
    target = setting.decision.target
    if target.kind not in WORKLOAD_KINDS:
        return Refusal(Reason.UNSUPPORTED_TARGET, f"{target} has no pod template")
    if setting.target["spec"].get("paused"):
        return Refusal(Reason.UNSUPPORTED_TARGET, f"the rollout of {target} is paused by a person")
    return None


def named(pods: Iterable[Mapping[str, Any]]) -> str:
    return listed([meta(pod)["name"] for pod in pods])
