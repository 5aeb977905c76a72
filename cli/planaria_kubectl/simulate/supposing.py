"""The situation of a target that had a fault: what is really seen of it, and what has to be supposed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from planaria_contract import ObjectRef, Observation, Symptom, SymptomKind
from planaria_kubectl.world import World
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.detect.detector import detect
from planaria_operator.objects.pod import Pod


@dataclass(frozen=True)
class Supposed:
    symptoms: tuple[Symptom, ...]
    real: bool
    """True where these show now, False where they are made up."""


def supposed(
    world: World, policy: HealingPolicy, target: ObjectRef, pods: int | None, now: datetime
) -> Supposed:
    """Symptoms on `pods` pods, the first by name; None takes what really shows, else all of them."""
    found = detect(world.store, policy, now)
    shown = next((incident.symptoms for incident in found if incident.target.uid == target.uid), ())
    if shown and pods is None:
        return Supposed(shown, real=True)
    if target.kind == "Node":
        return Supposed((_symptom(SymptomKind.NODE_NOT_READY, target, now),), real=False)
    chosen = [_reference(pod) for pod in _pods(world, target)][:pods]
    return Supposed(
        tuple(_symptom(SymptomKind.NOT_READY, each, now) for each in chosen or [target]), real=False
    )


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
