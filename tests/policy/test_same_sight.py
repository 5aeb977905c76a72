"""The policy sees only what the operator would: a simulated incident, told in the contract's words, encodes to the same."""

import numpy as np
import torch

from planaria_contract import Consultation
from planaria_policy.network.choosing import choose
from planaria_policy.network.policy import PolicyNetwork
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.render import render
from planaria_policy.spaces.decode import decode
from planaria_policy.spaces.encode import encode
from planaria_policy.spaces.sights import SIGHTS

ROUNDING = 2e-3
"""An age loses its fraction of a second on the way."""


def test_facts_nodes_and_masks_are_the_same_on_both_ways(draws):
    environment, network = Environment(150, seed=3), PolicyNetwork()
    for _ in range(5):
        sight = environment.observe()
        rows, _ = choose(network, sight.facts, sight.nodes, sight.legal, draws=draws)
        for at in range(0, 150, 3):
            asked = Consultation.from_json(render(environment.world.pick(slice(at, at + 1))).to_json())
            told = encode(asked)
            apart = np.abs(told.facts - sight.facts[at].numpy())
            odd = [SIGHTS[number] for number in np.nonzero(apart > ROUNDING)[0]]
            assert odd in ([], ["rollout.age"]), odd
            count = len(told.names)
            assert np.allclose(told.nodes[:count], sight.nodes[at, :count], atol=1e-3)
            assert (told.legal["category"] == sight.legal["category"][at].numpy()).all()
            for head in ("wait", "drain", "delay"):
                assert (told.legal[head] == sight.legal[head][at].numpy()).all()
            if not environment.world.is_node[at]:
                for head in ("scope", "scale", "size"):
                    assert (told.legal[head] == sight.legal[head][at].numpy()).all()
            place = sight.legal["place"][at].numpy()
            assert (told.legal["place"] == [*place[:count], place[-1]]).all()
            parameters, target = decode(rows[at].numpy(), asked)
            assert target.name
            assert parameters.category in {mask.category for mask in asked.masks} | {parameters.category}
            assert not any(mask.category is parameters.category for mask in asked.masks)
        environment.step(rows)


def test_every_number_lies_between_minus_one_and_one():
    environment = Environment(2000, seed=8)
    for _ in range(6):
        sight = environment.observe()
        assert torch.isfinite(sight.facts).all()
        assert sight.facts.abs().max() <= 1.0 + 1e-6
        rows = torch.zeros(2000, 9, dtype=torch.long)
        environment.step(rows)
