"""When the runbook closes a node, and when it has a configuration read anew."""

from dataclasses import replace

import pytest

from planaria_contract import Action, Fault, Isolate, NodeFact, ObjectRef, Reload
from planaria_operator.decide.decider import Situation, Tried
from tests.builders import pod_fact
from tests.decide.situations import USUAL, WAITED, climb, decide, rolled_out, situation

WELL_NODES = (
    NodeFact(name="node-1", ready=True, schedulable=True),
    NodeFact(name="node-2", ready=True, schedulable=True),
)
LOST_NODES = (NodeFact(name="node-1", ready=False, schedulable=True), WELL_NODES[1])
LISTED = ()
"""No masks: a policy that lists every action, with a command."""


def on_shared_node(fault: Fault, **fields) -> Situation:
    return replace(situation(fault, masks=LISTED, nodes=WELL_NODES, **fields), shared_node="node-1")


@pytest.mark.parametrize(
    ("fault", "tried"),
    [
        (Fault.NODE_FAULT, ()),
        (Fault.ACCELERATOR_FAULT, (WAITED,)),
        (Fault.ACCELERATOR_MEMORY, (Tried("restart", "restart Deployment/shop/front scope=pod"),)),
    ],
)
async def test_a_node_on_which_several_workloads_fail_is_closed_and_drained(fault, tried):
    found = await decide(on_shared_node(fault, tried=tried))
    assert found.parameters == Isolate(node="node-1", drain=True)
    assert (found.target.kind, found.target.name) == ("Node", "node-1")
    assert found.rule == "isolate-node"


@pytest.mark.parametrize("fault", [Fault.NODE_FAULT, Fault.ACCELERATOR_FAULT, Fault.ACCELERATOR_MEMORY])
async def test_a_node_that_no_other_workload_complains_of_stays_open(fault):
    assert "isolate-node" not in await climb(situation(fault, masks=LISTED, nodes=WELL_NODES))


async def test_a_lost_node_is_closed_where_moving_its_pods_did_not_help():
    moved = Tried("migrate", "migrate Node/node-1 source=node-1")
    lost = situation(
        Fault.NODE_FAULT,
        target=ObjectRef(kind="Node", name="node-1"),
        workload=None,
        pods=(pod_fact("a", affected=True),),
        nodes=LOST_NODES,
        masks=LISTED,
        tried=(moved,),
    )
    assert (await decide(lost)).parameters == Isolate(node="node-1", drain=True)


async def test_under_a_policy_of_one_namespace_a_node_is_never_closed():
    found = replace(on_shared_node(Fault.NODE_FAULT), masks=USUAL)
    assert (await decide(found)).category is not Action.ISOLATE
    assert "isolate" not in (await decide(replace(found, tried=(WAITED,) * 9))).explanation


@pytest.mark.parametrize("fault", [Fault.BAD_CONFIGURATION, Fault.AUTH_OR_CERTIFICATE])
async def test_what_runs_with_an_old_configuration_is_told_to_read_it_anew(fault):
    found = await decide(situation(fault, masks=LISTED, affected=2))
    assert found.parameters == Reload(pods=("front-0", "front-1"))
    assert await climb(situation(fault, masks=LISTED)) == ["reload", "escalate"]


async def test_a_rollout_is_taken_back_before_anything_is_read_anew():
    found = situation(Fault.BAD_CONFIGURATION, masks=LISTED, workload=rolled_out())
    assert (await decide(found)).category is Action.ROLLBACK


async def test_what_does_not_run_is_not_told_anything():
    crashed = (pod_fact("front-0", affected=True, waiting_reason="CrashLoopBackOff"), pod_fact("front-1"))
    assert await climb(situation(Fault.BAD_CONFIGURATION, masks=LISTED, pods=crashed)) == ["escalate"]
