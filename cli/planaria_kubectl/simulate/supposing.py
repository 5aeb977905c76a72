"""The situation of a target that had a fault: what is really seen of it, and what has to be supposed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from planaria_contract import Fault, ObjectRef, Observation, Symptom, SymptomKind
from planaria_kubectl.world import World
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incident
from planaria_operator.detect.selection import Ranking, precedence
from planaria_operator.evidence.scene import scene
from planaria_operator.guard.weather import CALM, NodeClaims, Weather, may_isolate, weather
from planaria_operator.objects.pod import Pod

OF_A_NODE: Final = frozenset({Fault.NODE_FAULT, Fault.ACCELERATOR_FAULT, Fault.ACCELERATOR_MEMORY})
"""Faults that a workload shows where its node, or what is plugged into it, is to blame: on one node, as others do there."""


@dataclass(frozen=True)
class Supposed:
    symptoms: tuple[Symptom, ...]
    real: bool
    """True where these show now, False where they are made up."""


def supposed(
    world: World, policy: HealingPolicy, target: ObjectRef, fault: Fault, pods: int | None, now: datetime
) -> Supposed:
    """Symptoms on `pods` pods, the first by name; None takes what really shows, else all of them.

    Of a fault of a node: on the pods where other workloads of the policy fail already, where there is such a node.
    """
    found = detect(world.store, policy, now)
    shown = next((incident.symptoms for incident in found if incident.target.uid == target.uid), ())
    if shown and pods is None:
        return Supposed(shown, real=True)
    if target.kind == "Node":
        return Supposed((_symptom(SymptomKind.NODE_NOT_READY, target, now),), real=False)
    able = list(_pods(world, target))
    if fault in OF_A_NODE:
        others = (each for each in found if each.target.uid != target.uid)
        able = _on_a_bad_node(world, policy, others, able) or able
    chosen = [_reference(pod) for pod in able][:pods]
    return Supposed(
        tuple(_symptom(SymptomKind.NOT_READY, each, now) for each in chosen or [target]), real=False
    )


def sky(world: World, policy: HealingPolicy, target: ObjectRef, shown: Supposed, now: datetime) -> Weather:
    """As the operator would see it, with the target's fault among the others' that really show: the storm, and what a node is blamed for."""
    claims, ranking = NodeClaims(), Ranking(world.store)
    for each in sorted(world.policies, key=precedence):
        if each.key != policy.key and not may_isolate(each):
            continue
        found = detect(world.store, each, now, ranking)
        if each.key == policy.key:
            found = [one for one in found if one.target.uid != target.uid]
            found.append(Incident(policy, target, shown.symptoms))
        own = [one for one in found if ranking.heals(each, one.target)]
        above = claims.under(each, own, weather(world.store, each, found, now))
        if each.key == policy.key:
            return above
    return CALM


def _on_a_bad_node(
    world: World, policy: HealingPolicy, others: Iterator[Incident], pods: list[Pod]
) -> list[Pod]:
    """Those of `pods` that are on the one node on which another workload's pods fail; empty where there is none."""
    for incident in others:
        ill = {pod.node for pod in scene(world.store, policy, incident.target, incident.symptoms).affected}
        there = [pod for pod in pods if {pod.node} == ill]
        if there:
            return there
    return []


def with_lost_node(observation: Observation) -> Observation:
    """A node that is supposed to have a fault is one that does not report."""
    name = observation.target.name if observation.target.kind == "Node" else None
    nodes = tuple(
        node.model_copy(update={"ready": False}) if node.name == name else node for node in observation.nodes
    )
    return observation.model_copy(update={"nodes": nodes})


def _pods(world: World, target: ObjectRef) -> Iterator[Pod]:
    workload = world.store.workload(target.kind, target.namespace or "", target.name)
    yield from (pod for pod in world.store.pods_of(workload) if pod.active) if workload else ()


def _reference(pod: Pod) -> ObjectRef:
    meta = pod.meta
    return ObjectRef(kind="Pod", name=meta.name, namespace=meta.namespace, uid=meta.uid)


def _symptom(kind: SymptomKind, subject: ObjectRef, now: datetime) -> Symptom:
    return Symptom(kind=kind, subject=subject, since=now, message="supposed")
