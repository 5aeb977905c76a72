"""The rules baseline of the bench is the operator's own runbook: over tensors it decides as the real one does."""

import asyncio

from planaria_contract import Action
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.runbook import Runbook
from planaria_operator.decide.signature import signature
from planaria_policy.simulator import players
from planaria_policy.simulator.environment import Environment
from planaria_policy.simulator.render import render
from planaria_policy.spaces.choices import CATEGORIES
from planaria_policy.spaces.decode import decode

INCIDENTS = 240


def real(asked):
    """What the operator's runbook says to the same question."""
    tried = []
    for parameters in asked.tried:
        done = parameters.category.value
        if parameters.category is not Action.NONE:
            target = asked.observation.target
            if parameters.category is Action.SCALE and parameters.ratio == 1.0:
                target = asked.observation.dependencies[0].workload.ref
            mine = Situation(observation=asked.observation, state=asked.state)
            decision = asyncio.run(Runbook().decide(mine)).model_copy(
                update={"parameters": parameters, "target": target, "masks": ()}
            )
            tried.append(Tried(done, signature(decision), parameters))
        else:
            tried.append(Tried(done, done))
    situation = Situation(
        observation=asked.observation, state=asked.state, masks=asked.masks, tried=tuple(tried),
        attempts_left=asked.attempts_left,
    )  # fmt: skip
    return asyncio.run(Runbook().decide(situation))


def test_the_tensor_runbook_decides_as_the_operators():
    environment = Environment(INCIDENTS, seed=12)
    same, told = 0, []
    for _ in range(4):
        sight = environment.observe()
        rows = players.rules(environment, sight)
        for at in range(0, INCIDENTS, 3):
            asked = render(environment.world.pick(slice(at, at + 1)))
            decision, row = real(asked), rows[at].numpy()
            mine = decode(row, asked)[0]
            if decision.category is mine.category:
                same += 1
            else:
                told.append(
                    (asked.state.fault, asked.observation.target.kind, decision.category, CATEGORIES[row[0]])
                )
        environment.step(rows)
    assert same / (same + len(told)) > 0.97, "\n".join(map(str, told))
