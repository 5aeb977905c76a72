"""What the learned policy may answer to the operator's masks, and that its answer becomes a plan."""

import json
from dataclasses import replace

import numpy as np
import pytest

from planaria_contract import Action, Fault, Isolate, NodeFact, Reload
from planaria_operator.act import isolate, reload
from planaria_operator.api.plan import Plan, Verb
from planaria_operator.decide.choice import consultation
from planaria_operator.decide.masks import node_masks, policy_masks
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, DRAINS
from planaria_policy.spaces.decode import decode
from planaria_policy.spaces.encode import encode
from tests.act.bodies import affected, pod, seen, setting
from tests.builders import decision, policy
from tests.decide.situations import situation

NODES = (
    NodeFact(name="node-1", ready=True, schedulable=True),
    NodeFact(name="node-2", ready=True, schedulable=True),
)
COMMAND = ["nginx", "-s", "reload"]
WIDE = policy(actions=[{"type": "isolate"}]).model_copy(update={"namespace": ""})
DECLARED = policy(actions=[{"type": "reload", "command": COMMAND}])


def asked(under, *, shared: str | None):
    found = situation(Fault.ACCELERATOR_FAULT, nodes=NODES)
    masks = (*policy_masks(under), *node_masks(found.observation.target, shared))
    return consultation(replace(found, masks=masks, shared_node=shared))


def legal(question) -> set[Action]:
    may = encode(question).legal["category"]
    return {action for action, allowed in zip(CATEGORIES, may, strict=True) if allowed}


@pytest.mark.parametrize(
    ("under", "shared", "isolates", "reloads"),
    [
        (policy(), "node-1", False, False),
        (WIDE, None, False, False),
        (WIDE, "node-1", True, False),
        (DECLARED, None, False, True),
    ],
    ids=["default", "one-workload-alone", "several-share-it", "declared"],
)
def test_the_service_may_choose_what_a_guard_would_let_pass(under, shared, isolates: bool, reloads: bool):
    may = legal(asked(under, shared=shared))
    assert (Action.ISOLATE in may, Action.RELOAD in may) == (isolates, reloads)


def test_an_answer_to_isolate_becomes_a_plan_for_that_node():
    row = np.zeros(len(COLUMN), np.int64)
    row[0], row[COLUMN["drain"]] = CATEGORIES.index(Action.ISOLATE), DRAINS.index(True)
    parameters, target = decode(row, asked(WIDE, shared="node-1"))
    assert (parameters, target.kind, target.name) == (Isolate(node="node-1", drain=True), "Node", "node-1")
    body = {"kind": "Node", "metadata": {"name": "node-1", "uid": "n1"}, "spec": {}, "status": {}}
    made = setting(parameters, target=body, pods=(pod(),))
    plan = isolate.build(replace(made, decision=decision(parameters, target), on_node=(pod(),)))
    assert isinstance(plan, Plan)
    assert [each.verb for each in plan.operations] == [Verb.CORDON, Verb.EVICT]


def test_an_answer_to_reload_runs_the_policys_words_in_the_affected_pods():
    row = np.zeros(len(COLUMN), np.int64)
    row[0] = CATEGORIES.index(Action.RELOAD)
    parameters, _ = decode(row, asked(DECLARED, shared=None))
    assert parameters == Reload(pods=("front-0",))
    body = pod()
    body["status"]["containerStatuses"] = [{"name": "app", "state": {"running": {}}}]
    observed = seen(affected("front-0"))
    plan = reload.build(setting(parameters, pods=(body,), observed=observed, command=COMMAND))
    assert isinstance(plan, Plan)
    assert json.loads(plan.operations[0].body)["command"] == COMMAND
