"""From the contract to the numbers of `sights.py`: what the service does with a question before it asks the network."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from planaria_contract import Action, Consultation, MetricSeries, NodeFact, Resize, Restart, Scale
from planaria_policy.spaces.choices import CATEGORIES, SCALES, SCOPES, SIZES, WORKLOAD_ONLY
from planaria_policy.spaces.choices import FIXED as FIXED_HEADS
from planaria_policy.spaces.sights import ALLOWED, AT, NODE_SIGHTS, SIGHTS, YOUNG_SECONDS
from planaria_policy.spaces.view import View

Numbers = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

ONCE: Final = (Action.ROLLBACK, Action.RELOAD)
"""Actions without parameters: where they did not help, they are the same action again."""
GATED: Final = {
    Action.RESTART: "scope",
    Action.SCALE: "scale",
    Action.RESIZE: "size",
    Action.ISOLATE: "node",
    Action.MIGRATE: "place",
}
"""Categories that need at least one legal choice of a head."""


@dataclass(frozen=True)
class Encoded:
    """One question, N candidate nodes."""

    facts: Numbers
    """[len(SIGHTS)]."""
    nodes: Numbers
    """[N, len(NODE_SIGHTS)]; one row that does not exist where no node is known."""
    legal: dict[str, Flags]
    """`category` and every head: [choices]."""
    names: tuple[str, ...]
    """Of the candidate nodes."""


def encode(asked: Consultation) -> Encoded:
    view = View(asked)
    legal = _legal(view)
    facts = [0.0] * len(SIGHTS)  # a list: setting a hundred numbers of an array one by one is slow
    for name, value in chain(_semantics(asked), _usage(view), _facts(view), _history(asked)):
        facts[AT[name]] = min(1.0, max(-1.0, value))
    facts[-len(ALLOWED) :] = legal["category"].tolist()
    names = tuple(node.name for node in asked.observation.nodes)
    return Encoded(np.array(facts, np.float32), _nodes(view), legal, names)


def _semantics(asked: Consultation) -> Iterable[tuple[str, float]]:
    state = asked.state
    yield f"fault.{state.fault}", state.confidence
    if state.secondary:
        yield f"secondary.{state.secondary}", 1.0
    yield "confidence", state.confidence
    yield "novelty", state.novelty
    yield "severity", state.severity / 3
    for symptom in asked.observation.symptoms:
        yield f"symptom.{symptom.kind}", 1.0


def _usage(view: View) -> Iterable[tuple[str, float]]:
    if view.workload is None:
        return
    affected = {pod.name for pod in view.affected}
    others = {pod.name for pod in view.observation.unaffected}
    for name, what, pods in (
        ("usage.memory", "memory", affected),
        ("usage.siblings", "memory", others),
        ("usage.cpu", "cpu", affected | others),
    ):
        fullest = _fullest(view.observation.metrics, what, pods)
        if fullest is not None:
            yield name, fullest / 2
            yield f"{name}.known", 1.0


def _fullest(metrics: Iterable[MetricSeries], what: str, pods: set[str]) -> float | None:
    shares = (
        series.saturation
        for series in metrics
        if what in series.name and not pods.isdisjoint(series.subject.split("/"))
    )
    return max((share for share in shares if share is not None), default=None)


def _facts(view: View) -> Iterable[tuple[str, float]]:
    affected, total, workload = len(view.affected), view.total, view.workload
    yield "pods.total", math.log1p(total) / 4
    yield "pods.affected", affected / max(total, 1)
    yield "pods.some", view.some
    yield "pods.single", view.some and affected == 1
    yield "pods.movable", any(pod.movable for pod in view.affected)
    yield "pods.restarts", math.log1p(max((pod.restarts for pod in view.observation.pods), default=0)) / 4
    yield "nodes.lost", bool(view.holding & view.not_ready)
    yield "nodes.pressure", bool(view.holding & view.pressed)
    yield "age", math.log1p(view.age) / 8
    if workload is None:
        return
    age = workload.revision_age_seconds
    yield "nodes.single", len(view.holding) == 1 < len(view.spread)
    yield "workload.ready", workload.ready / max(workload.desired, 1)
    yield "rollout.running", workload.rollout_in_progress
    yield "rollout.young", age is not None and age < YOUNG_SECONDS
    yield "rollout.age", math.log1p(age or 0) / 16
    yield "rollout.previous", workload.previous_revision is not None
    yield "rollout.healed", workload.healed_revision
    yield "rollout.old.fine", bool(view.older) and not any(pod.affected for pod in view.older)
    yield "rollout.old.affected", any(pod.affected for pod in view.older)
    yield "autoscaled", workload.autoscaled_by is not None
    yield "dependency.broken", view.broken is not None
    yield "dependency.at.zero", view.at_zero


def _history(asked: Consultation) -> Iterable[tuple[str, float]]:
    done = [parameters.category for parameters in asked.tried]
    for category in set(done):
        yield f"tried.{category}", min(done.count(category), 4) / 4
    actions = [category for category in done if category is not Action.NONE]
    if actions:
        yield f"last.{actions[-1]}", 1.0
    yield "attempts.left", asked.attempts_left / 5


def _nodes(view: View) -> Numbers:
    found = view.observation.nodes
    table = np.zeros((max(len(found), 1), len(NODE_SIGHTS)), np.float32)
    for row, node in zip(table, found, strict=False):
        affected, unaffected = view.pods_on(node.name)
        row[:] = (
            1.0,
            node.ready,
            node.schedulable,
            bool(node.pressure),
            affected > 0,
            affected / max(view.total, 1),
            unaffected / max(view.total, 1),
        )
    return table


def _legal(view: View) -> dict[str, Flags]:
    heads = {head: np.ones(choices, np.bool_) for head, choices in FIXED_HEADS.items()}
    heads["scope"] = np.array([not _did(view, Restart, scope=scope) for scope in SCOPES])
    heads["scale"] = np.array([_may_scale(view, what, ratio) for what, ratio in SCALES])
    heads["size"] = np.array([not _did(view, Resize, resource=name, ratio=ratio) for name, ratio in SIZES])
    good = [_is_good(view, node) for node in view.observation.nodes] or [False]
    heads["place"] = np.array([*good, any(good)])
    heads["node"] = np.array([_is_suspect(view, node) for node in view.observation.nodes] or [False])
    return {"category": _categories(view, heads), **heads}


def _categories(view: View, heads: dict[str, Flags]) -> Flags:
    may = dict.fromkeys(CATEGORIES, True)
    done = {parameters.category for parameters in view.asked.tried}
    masked = {mask.category for mask in view.asked.masks} | (done & set(ONCE))
    if view.workload is None:
        masked.update(WORKLOAD_ONLY)
    elif view.workload.previous_revision is None:
        masked.add(Action.ROLLBACK)
    if not any(pod.movable for pod in view.affected):
        masked.add(Action.MIGRATE)
    masked.update(category for category, head in GATED.items() if not heads[head].any())
    if view.asked.attempts_left <= 0:
        masked.update(CATEGORIES)
    may |= dict.fromkeys(masked, False)
    may[Action.ESCALATE] = True  # a person can always be asked
    return np.array([may[category] for category in CATEGORIES])


def _did(view: View, kind: type[Restart | Resize | Scale], **values: str | float) -> bool:
    return any(
        isinstance(parameters, kind)
        and all(getattr(parameters, name) == value for name, value in values.items())
        for parameters in view.asked.tried
    )


def _may_scale(view: View, what: str, ratio: float) -> bool:
    if _did(view, Scale, ratio=ratio):
        return False
    if what == "dependency":
        return view.at_zero
    return view.workload is not None and view.workload.autoscaled_by is None and not view.at_zero


def _is_good(view: View, node: NodeFact) -> bool:
    """A place for a pod: up, open, and not where the fault is."""
    return node.ready and node.schedulable and node.name not in view.holding


def _is_suspect(view: View, node: NodeFact) -> bool:
    """A node that could be the cause; no other may be isolated."""
    odd = node.name in view.holding or not node.ready or bool(node.pressure)
    return odd and node.schedulable
