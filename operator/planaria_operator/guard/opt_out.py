from collections.abc import Iterator, Mapping
from typing import Final

from planaria_operator.api.plan import Verb
from planaria_operator.api.reasons import Reason
from planaria_operator.detect.selection import unread
from planaria_operator.guard.verdict import Proposal, Verdict, allow, refuse
from planaria_operator.objects.meta import HEAL, Identity, Meta
from planaria_operator.objects.pod import Pod
from planaria_operator.objects.workload import Workload

RETRY_SECONDS: Final = 60


class OptOut:
    """An object that says `planaria.dev/heal: disabled`, by label or annotation, is not acted on, nor is what it holds. A policy that
    cannot be read may say so too: one in Observe has its targets so that nobody else acts on them.
    """

    name = "opt-out"

    def check(self, proposal: Proposal) -> Verdict:
        if "Namespace" in proposal.store.unwatched:
            raise LookupError(f"namespaces are not watched: {proposal.store.unwatched['Namespace']}")
        pods = {pod.meta.key: pod for pod in _pods(proposal)}
        spaces = {proposal.namespace, *(pod.meta.namespace for pod in pods.values())}
        if unreadable := _unread(proposal, spaces):
            why = proposal.store.unreadable[unreadable]
            named = f"{unreadable.kind} {unreadable.name}"
            message = f"{named} cannot be read, and may want this left alone: {why}"
            return refuse(self, Reason.POLICY_UNREADABLE, message, RETRY_SECONDS)
        asked = [str(meta) for meta in _concerned(proposal, pods, spaces) if meta.heal_disabled]
        if any(_template_asks(each) for each in _workloads(proposal)):
            asked.append("the pod template")
        if not asked:
            return allow(self, f"nothing concerned says {HEAL}: disabled")
        return refuse(self, Reason.OPTED_OUT, f"{', '.join(asked[:4])} says {HEAL}: disabled", RETRY_SECONDS)


def _unread(proposal: Proposal, spaces: set[str]) -> Identity | None:
    """`spaces`: of the target, and of every pod that would be touched. The first that may be more specific than the policy; of those for many namespaces none is before a HealingPolicy."""
    many = {""} if proposal.policy.cluster_wide else set()
    return next(iter(unread(proposal.store, *spaces, *many)), None)


def _concerned(
    proposal: Proposal, pods: Mapping[tuple[str, str, str], Pod], spaces: set[str]
) -> Iterator[Meta]:
    """The namespaces, the workloads, the pods that would be touched, and the nodes that those are on."""
    found = (proposal.store.namespace(name) for name in sorted(spaces))
    yield from (space.meta for space in found if space)
    yield from (workload.meta for workload in _workloads(proposal))
    yield from (pods[key].meta for key in sorted(pods))
    for name in sorted(_nodes(proposal) | {pod.node for pod in pods.values() if pod.node}):
        if node := proposal.store.node(name):
            yield node.meta


def _workloads(proposal: Proposal) -> list[Workload]:
    references = {(each.kind, each.name) for each in (proposal.target, proposal.plan.target)}
    found = (proposal.store.workload(kind, proposal.namespace, name) for kind, name in references)
    named = {workload.meta.key: workload for workload in found if workload}
    for pod in _evicted(proposal):
        if owner := proposal.store.workload_of(pod):
            named[owner.meta.key] = owner
    return [named[key] for key in sorted(named)]


def _evicted(proposal: Proposal) -> Iterator[Pod]:
    for call in proposal.calls:
        pod = proposal.store.pod(call.object.namespace or "", call.object.name)
        if call.object.kind == "Pod" and pod:
            yield pod


def _pods(proposal: Proposal) -> Iterator[Pod]:
    """Those that a call names, and all that a changed template would replace."""
    yield from _evicted(proposal)
    for call in proposal.calls:
        workload = proposal.store.workload(call.object.kind, call.object.namespace or "", call.object.name)
        if call.verb is Verb.PATCH and workload:
            yield from proposal.store.pods_of(workload)


def _nodes(proposal: Proposal) -> set[str]:
    references = (proposal.target, proposal.plan.target, *(call.object for call in proposal.calls))
    return {each.name for each in references if each.kind == "Node"}


def _template_asks(workload: Workload) -> bool:
    return workload.template_heal_disabled
