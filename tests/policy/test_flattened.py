"""The other learner's view of the simulator is honest: the same sight, every legal action and no other, the same rewards."""

import numpy as np
import torch

from bench.policy_maskable import Flat, flat_actions, flat_masks, flat_sight
from planaria_policy.simulator.environment import Environment
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, USED_BY


def legal_one_by_one(legal, at, row):
    category = CATEGORIES[row[0]]
    return bool(legal["category"][at, row[0]]) and all(
        legal[head][at, row[COLUMN[head]]] for head in USED_BY[category]
    )


def test_every_legal_action_is_there_once_and_no_other_is_open():
    sight, actions = Environment(40, seed=4).observe(), flat_actions(6)
    assert len(set(map(tuple, actions.tolist()))) == len(actions)
    masks = flat_masks(sight.legal, actions)
    assert masks.any(1).all()
    for at in range(40):
        assert masks[at].tolist() == [legal_one_by_one(sight.legal, at, row) for row in actions.tolist()]


def test_it_steps_through_the_same_incidents_as_everybody_else(monkeypatch):
    monkeypatch.setattr("planaria_policy.simulator.environment.MOST_STEPS", 3)  # so that some are cut off
    flat, own = Flat(Environment(200, seed=9), 6), Environment(200, seed=9)
    seen, cut = flat.reset(), 0
    for _ in range(12):
        assert (seen == flat_sight(own.observe())).all()
        masks = torch.as_tensor(np.stack(flat.action_masks()))
        chosen = masks.long().argmax(1)  # the first legal one: the shortest wait, as long as that may be
        seen, reward, done, infos = flat.step(chosen.numpy())
        step = own.step(flat.actions[chosen])
        assert (reward == step.reward.numpy()).all()
        assert (done == (step.terminated | step.truncated).numpy()).all()
        told = [at for at, info in enumerate(infos) if info.get("TimeLimit.truncated")]
        assert told == step.cut.tolist()
        cut += len(told)
    assert cut, "an incident that is cut off has to be among them"
