"""The rounds of a drain: which pods come next, and whether those before are ready elsewhere. Pure.

The plan names every pod, in order. A round takes as many of the next ones as may be away at once; those that a disruption
budget held come again once all have had their turn. So the record and the plan together say what comes next, whoever asks.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from planaria_operator.api.drain import DrainRecord, HeldPod, ReadyBeside
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.objects.cordon import UNCORDON, WHEN_WELL, unwell
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload
from planaria_operator.text import listed


def closed(plan: Plan, now: datetime) -> DrainRecord:
    """The node is closed, and nothing is moved yet."""
    return DrainRecord(total=len(_moves(plan)), progress_at=now)


def following(plan: Plan, record: DrainRecord) -> tuple[ObjectReference, ...]:
    """The pods of the next round; empty where nothing is left to try."""
    most = plan.at_once or 1
    if fresh := _moves(plan)[record.tried : record.tried + most]:
        return tuple(each.object for each in fresh)
    return tuple(each.pod for each in record.held if each.retried)[:most]


def next_round(store: ClusterStore, plan: Plan, record: DrainRecord, now: datetime) -> DrainRecord:
    pods = following(plan, record)
    fresh = record.tried < record.total
    return record.model_copy(
        update={
            "round": record.round + 1,
            "pods": pods,
            "tried": record.tried + (len(pods) if fresh else 0),
            "held": tuple(each for each in record.held if each.pod not in pods),
            "beside": _beside(store, pods),
            "progress_at": now if record.round == 0 or _moved_some(record) else record.progress_at,
            "sent_at": None,
        }
    )


def answered(record: DrainRecord, held: Iterable[HeldPod], now: datetime) -> DrainRecord:
    """Every eviction of the round was sent; `held` are those that were refused."""
    refused = tuple(held)
    moved = record.moved + len(record.pods) - len(refused)
    return record.model_copy(update={"held": (*record.held, *refused), "moved": moved, "sent_at": now})


def unsent(record: DrainRecord) -> DrainRecord:
    """Without the latest round, of which no answer is known."""
    again = [HeldPod(pod=each) for each in record.pods]
    return (
        record.model_copy(update={"held": (*record.held, *again), "pods": ()})
        if record.sent_at is None
        else record
    )


def calls(plan: Plan, record: DrainRecord) -> list[Operation]:
    """The evictions of the round, in the plan's order."""
    uids = {each.uid for each in record.pods}
    return [each for each in _moves(plan) if each.object.uid in uids]


def only_retries(record: DrainRecord) -> bool:
    """Every pod has had its turn, so what comes next was refused before."""
    return record.tried >= record.total


def not_ready(store: ClusterStore, record: DrainRecord) -> list[str]:
    """Workloads, in words, that do not have again what they had before the round."""
    return [why for each in record.beside if (why := _short(store, record, each))]


def is_over(plan: Plan, store: ClusterStore, steady: timedelta, now: datetime) -> bool:
    """The node showed that it was unwell when it was closed, and has been well for `steady`: what is left there may stay."""
    node = store.node(plan.target.name)
    if node is None or unwell(node) or node.steady_since is None:
        return False
    return json.loads(cordon(plan).body)[UNCORDON] == WHEN_WELL and now - node.steady_since >= steady


def cordon(plan: Plan) -> Operation:
    return next(each for each in plan.operations if each.verb is Verb.CORDON)


# --- in words


def progress(record: DrainRecord) -> str:
    return f"{record.moved} of {record.total} pods moved"


def names(pods: Iterable[ObjectReference]) -> str:
    return listed([f"{each.namespace}/{each.name}" for each in pods])


def left(plan: Plan, record: DrainRecord) -> str:
    """The pods that are still on the node, with what the API server said of them; empty where none is."""
    untried = [each.object for each in _moves(plan)[record.tried :]]
    refused = [names([each.pod]) + (f" ({each.message})" if each.message else "") for each in record.held[:4]]
    more = len(record.held) - 4
    parts = [*refused, *([f"{more} more that were refused"] if more > 0 else ())]
    if untried:
        parts.append(names(untried))
    return ", ".join(parts)


# --- inside


def _moves(plan: Plan) -> list[Operation]:
    return [each for each in plan.operations if each.verb is Verb.EVICT]


def _moved_some(record: DrainRecord) -> bool:
    held = {each.pod.uid for each in record.held}
    return any(each.uid not in held for each in record.pods)


def _beside(store: ClusterStore, pods: Iterable[ObjectReference]) -> tuple[ReadyBeside, ...]:
    moving = {each.uid for each in pods}
    owners: dict[tuple[str, str, str], Workload] = {}
    count: Counter[tuple[str, str, str]] = Counter()
    for workload in _owners(store, pods):
        owners[workload.meta.key] = workload
        count[workload.meta.key] += 1
    return tuple(
        ReadyBeside(
            workload=_reference(owners[key]),
            ready=sum(1 for pod in _ready(store, owners[key]) if pod.meta.uid not in moving),
            moving=count[key],
        )
        for key in sorted(owners)
    )


def _owners(store: ClusterStore, pods: Iterable[ObjectReference]) -> Iterator[Workload]:
    """Of each pod that Planaria knows the workload of. For others, such as a Job, there is nothing to wait for."""
    for each in pods:
        pod = store.pod(each.namespace or "", each.name)
        workload = store.workload_of(pod) if pod and pod.meta.uid == each.uid else None
        if workload:
            yield workload


def _short(store: ClusterStore, record: DrainRecord, before: ReadyBeside) -> str:
    about = before.workload
    workload = store.workload(about.kind, about.namespace or "", about.name)
    if workload is None or workload.meta.uid != about.uid:
        return ""  # deleted: nobody waits for its pods
    of_round = {each.uid for each in record.pods}
    held = of_round & {each.pod.uid for each in record.held}
    staying = sum(pod.meta.uid in held for pod in store.pods_of(workload))
    wanted = min(workload.desired, before.ready + before.moving) - staying
    found = sum(pod.meta.uid not in of_round for pod in _ready(store, workload))
    return (
        f"{about.namespace}/{about.name} ({found} of {wanted} pods ready elsewhere)" if found < wanted else ""
    )


def _ready(store: ClusterStore, workload: Workload) -> list[Pod]:
    return [pod for pod in store.pods_of(workload) if pod.active and pod.ready]


def _reference(workload: Workload) -> ObjectReference:
    meta = workload.meta
    return ObjectReference(kind=meta.kind, namespace=meta.namespace, name=meta.name, uid=meta.uid)
