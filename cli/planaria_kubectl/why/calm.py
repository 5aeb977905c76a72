"""What a target lacks though it shows no fault, so that nobody takes its calm for health. Pure."""

from collections.abc import Iterator

from planaria_contract import ObjectRef
from planaria_operator.detect.left_alone import well, why_left_alone
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.text import listed


def but_for(store: ClusterStore, target: ObjectRef) -> tuple[str, int]:
    """Added to the sentence that says that nothing shows, empty where nothing is lacking; and how many pods are not even
    there, which no object but Events tells the reason of.
    """
    workload = store.workload(target.kind, target.namespace or "", target.name)
    if workload is None:
        return "", 0
    absent = _absent(store, workload)
    return "; ".join(("", *_lacking(store, workload, absent))), absent


def _lacking(store: ClusterStore, workload: Workload, absent: int) -> Iterator[str]:
    waiting = (pod for pod in store.pods_of(workload) if pod.active and not pod.ready)
    told = [
        f"{pod.meta.name} ({why})"
        for pod in waiting
        if (why := why_left_alone(pod, workload, store.node(pod.node or "")))
    ]
    if told:
        yield f"not ready and left alone: {listed(told)}"
    if absent:
        yield f"but {absent} of {_wanted(store, workload)} pods are not there; where they cannot be made, Events say why"
    elif not well(store, workload) and workload.ready < workload.desired:
        yield f"but {workload.ready} of {workload.desired} pods are ready, and the others show no fault yet"


def _absent(store: ClusterStore, workload: Workload) -> int:
    there = sum(pod.active for pod in store.pods_of(workload))
    return 0 if well(store, workload) else max(_wanted(store, workload) - there, 0)


def _wanted(store: ClusterStore, workload: Workload) -> int:
    """In a rollout, those of each template."""
    return sum(each.desired for each in store.replica_sets_of(workload)) or workload.desired
