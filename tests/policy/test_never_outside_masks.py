"""A hundred thousand questions of every shape: what the shipped policy decides is never outside its masks.

The masks are written here once more, from the contract's own words and one decision at a time, so that an error in the service's
tables of them cannot hide itself.
"""

import gc
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.questions import about, observation
from planaria_contract import Action, Resize, Restart, Scale
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import PolicyFile
from planaria_policy.spaces.decode import decode
from planaria_policy.spaces.encode import encode

SEEDS, OBSERVATIONS, ASKED = 50, 80, 25
"""Their product is the number of questions."""
LARGEST_BATCH = 12
EXPLAINED = 0.2
"""Share of the batches of which the whole decision is looked at, with its masks and probabilities."""
FOR_WORKLOADS = {Action.RESTART, Action.SCALE, Action.RESIZE, Action.ROLLBACK, Action.RELOAD}


@pytest.fixture(scope="module")
def brain():
    gc.collect()
    gc.freeze()  # looking through torch's libraries again and again takes longer than a decision
    yield Brain(PolicyFile.load())
    gc.unfreeze()


@pytest.fixture(scope="module")
def chosen():
    """How often each action was chosen, over all seeds."""
    found: Counter[Action] = Counter()
    yield found
    assert sum(found.values()) >= SEEDS * OBSERVATIONS * ASKED
    assert set(found) == set(Action), "an action that is never chosen is not tested"


@settings(
    max_examples=SEEDS,
    phases=[Phase.explicit, Phase.generate],  # a smaller seed is not a simpler question
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_decision_is_never_outside_its_masks(brain, chosen, seed):
    draws = np.random.default_rng(seed)
    seen = [observation(draws) for _ in range(OBSERVATIONS)]
    asked = [about(each, draws) for each in seen for _ in range(ASKED)]
    order, at = draws.permutation(len(asked)), 0  # questions with other numbers of nodes in one batch
    while at < len(order):
        batch = [asked[each] for each in order[at : at + int(draws.integers(1, LARGEST_BATCH + 1))]]
        for question, row in zip(batch, brain.answer([encode(each) for each in batch]).rows, strict=True):
            parameters, target = decode(row, question)
            assert legal(question, parameters, target), told(question, parameters, target)
            chosen[parameters.category] += 1
        if draws.random() < EXPLAINED:
            for question, decision in zip(batch, brain.decide(batch), strict=True):
                assert legal(question, decision.parameters, decision.target), told(question, decision)
                assert explained(question, decision), told(question, decision)
        at += len(batch)


def told(asked, *decided):
    return f"{decided!r} for {asked.to_json()}"


def explained(asked, decision):
    """What is masked is told, and has no probability."""
    masks = {mask.category for mask in decision.masks}
    return (
        {mask.category for mask in asked.masks} - {Action.ESCALATE} <= masks
        and decision.category not in masks
        and not any(decision.probabilities[each] for each in masks)
        and abs(sum(decision.probabilities.values()) - 1) < 1e-4
    )


def legal(asked, done, target):
    """A person can always be asked; anything else must be open, possible, and not what was tried before."""
    if done.category is Action.ESCALATE:
        return True
    if asked.attempts_left == 0 or any(mask.category is done.category for mask in asked.masks):
        return False
    if done.category in FOR_WORKLOADS and asked.observation.workload is None:
        return False
    return done.category is Action.NONE or CHECKS[done.category](asked, done, target)


def tried(asked, kind, **values):
    return any(
        isinstance(done, kind) and all(getattr(done, name) == value for name, value in values.items())
        for done in asked.tried
    )


def never(asked, category):
    return all(done.category is not category for done in asked.tried)


def at_zero(asked):
    """Dependencies that can be scaled up again."""
    return [
        each.workload.ref
        for each in asked.observation.dependencies
        if each.ready_endpoints == 0 and each.workload and each.workload.desired == 0
    ]


def left(asked):
    """Nodes that hold an affected pod."""
    return {pod.node for pod in asked.observation.pods if pod.affected}


def restart(asked, done, _target):
    affected = tuple(pod.name for pod in asked.observation.pods if pod.affected)
    named = done.pods == affected if done.scope == "pod" else done.pods == ()
    return named and not tried(asked, Restart, scope=done.scope)


def migrate(asked, done, _target):
    seen = asked.observation
    good = {node.name for node in seen.nodes if node.ready and node.schedulable} - left(asked)
    movable = {pod.name for pod in seen.pods if pod.affected and pod.movable}
    return bool(good) and (done.node is None or done.node in good) and set(done.pods) == movable != set()


def scale(asked, done, target):
    if tried(asked, Scale, ratio=done.ratio):
        return False
    if at_zero(asked):
        return done.ratio == 1.0 and target in at_zero(asked)
    own = target == asked.observation.target and done.ratio != 1.0
    return own and asked.observation.workload.autoscaled_by is None


def resize(asked, done, _target):
    return not tried(asked, Resize, resource=done.resource, ratio=done.ratio)


def rollback(asked, done, _target):
    revision = asked.observation.workload.previous_revision
    return revision is not None and done.revision == revision and never(asked, Action.ROLLBACK)


def isolate(asked, done, target):
    named = [node for node in asked.observation.nodes if node.name == done.node]
    odd = any(node.name in left(asked) or not node.ready or node.pressure for node in named)
    return odd and named[0].schedulable and target.name == named[0].name


def reload(asked, _done, _target):
    return never(asked, Action.RELOAD)


CHECKS = {
    Action.RESTART: restart,
    Action.MIGRATE: migrate,
    Action.SCALE: scale,
    Action.RESIZE: resize,
    Action.ROLLBACK: rollback,
    Action.ISOLATE: isolate,
    Action.RELOAD: reload,
}
