"""Pods that keep what was undone: a template, because no controller replaces them, or limits that were raised in place.

They are named and left to a person. An eviction would be one more action on a target that is ill already: a database that
recovers from its log is as little ready as one that never will be, and would begin anew.
"""

import json
from collections.abc import Mapping

from planaria_operator.api.attempt import Attempt
from planaria_operator.api.plan import Operation, Verb
from planaria_operator.evidence.facts import revision_of
from planaria_operator.objects.pod import Container, Pod
from planaria_operator.objects.quantity import to_bytes, to_millicores
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.text import listed


def left_behind(store: ClusterStore, attempt: Attempt) -> str:
    """To be said after what is undone, and asked before it is: until then the newest revision is the attempt's own.

    Empty where nothing stays.
    """
    return _of_the_template(store, attempt) + _of_the_limits(store, attempt)


def _of_the_template(store: ClusterStore, attempt: Attempt) -> str:
    target = attempt.plan.target
    workload = store.workload(target.kind, target.namespace or "", target.name)
    if workload is None or not _new_template(attempt):
        return ""
    kept = [pod.meta.name for pod in store.pods_of(workload) if _keeps(pod, workload, attempt)]
    until = "a person deletes them" if _held(workload) else "they are ready or a person deletes them"
    return f"; pods that keep the undone template until {until}: {listed(kept)}" if kept else ""


def _new_template(attempt: Attempt) -> bool:
    undo, target = attempt.plan.inverse, attempt.plan.target
    return attempt.applied_at is not None and any(
        each.verb is Verb.PATCH and each.object == target for each in undo
    )


def _keeps(pod: Pod, workload: Workload, attempt: Attempt) -> bool:
    """A StatefulSet replaces no pod before the broken one is ready ("Forced rollback"), OnDelete none unasked."""
    if pod.meta.created is None or pod.meta.created < attempt.reserved_at or not pod.active:
        return False
    if workload.update_revision not in {None, revision_of(pod)}:  # only a StatefulSet names it
        return False
    return _held(workload) or (workload.meta.kind == "StatefulSet" and not pod.ready)


def _held(workload: Workload) -> bool:
    """By OnDelete. A Deployment that is paused meanwhile is its person's."""
    return workload.meta.kind != "Deployment" and 0 < workload.desired <= workload.held_back


def _of_the_limits(store: ClusterStore, attempt: Attempt) -> str:
    """Raised before the template was, so also where that never changed."""
    resizes = (each for each in attempt.plan.operations if each.verb is Verb.RESIZE)
    kept = [each.object.name for each in resizes if _is_larger(store, each)]
    return f"; pods that keep the larger limits until they are replaced: {listed(kept)}" if kept else ""


def _is_larger(store: ClusterStore, resize: Operation) -> bool:
    """False where it was not granted. What each operation was answered is not kept, so the pod itself is looked at."""
    about = resize.object
    pod = store.pod(about.namespace or "", about.name)
    if pod is None or pod.meta.uid != about.uid or not pod.active:
        return False
    found = {each.name: each for each in pod.containers}
    wanted = {each["name"]: each["resources"] for each in json.loads(resize.body)["spec"]["containers"]}
    return any(_has(found[name], wanted[name].get("limits") or {}) for name in found.keys() & wanted.keys())


def _has(container: Container, limits: Mapping[str, str]) -> bool:
    memory, cpu = to_bytes(limits.get("memory", 0)), to_millicores(limits.get("cpu", 0))
    return (container.memory_limit or 0) >= memory and (container.cpu_limit or 0) >= cpu
