"""Whatever the situation, the runbook never chooses what is masked or was tried, and always comes to an end."""

from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import Action, DependencyFact, Fault, Mask, NodeFact, ObjectRef
from planaria_operator.decide.decider import Situation, Tried
from planaria_operator.decide.runbook import RUNBOOK, ladder
from planaria_operator.decide.signature import signature
from tests.builders import observation, state, workload_fact
from tests.decide.situations import OLD, climb, decide, pods

ACTING = (
    Action.RESTART,
    Action.MIGRATE,
    Action.SCALE,
    Action.RESIZE,
    Action.ROLLBACK,
    Action.ISOLATE,
    Action.RELOAD,
)
masks = st.lists(st.sampled_from(ACTING), unique=True).map(
    lambda chosen: tuple(Mask(category=action, reason="NotAllowedByPolicy") for action in chosen)
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    total = draw(st.integers(0, 5))
    affected = draw(st.integers(0, total))
    workload = workload_fact(
        kind=draw(st.sampled_from(["Deployment", "StatefulSet", "DaemonSet"])),
        desired=draw(st.integers(0, 5)),
        revision=draw(st.sampled_from([None, "hash1", "hash2"])),
        previous_revision=draw(st.sampled_from([None, OLD])),
        rollout_in_progress=draw(st.booleans()),
        revision_age_seconds=draw(st.none() | st.integers(0, 10_000)),
        autoscaled_by=draw(st.sampled_from([None, "HorizontalPodAutoscaler/x"])),
    )
    node = draw(st.booleans())
    nodes = tuple(
        NodeFact(name=f"node-{index}", ready=draw(st.booleans()), schedulable=draw(st.booleans()))
        for index in (1, 2)
    )
    dependency = DependencyFact(
        service="back",
        ready_endpoints=draw(st.integers(0, 1)),
        workload=workload_fact("back", desired=draw(st.integers(0, 1))),
    )
    seen = observation(
        pods=pods(affected, total, others=draw(st.sampled_from([None, "hash1", "hash2"]))),
        workload=None if node else workload,
        target=ObjectRef(kind="Node", name="node-1") if node else workload.ref,
        nodes=nodes,
        dependencies=draw(st.sampled_from([(), (dependency,)])),
    )
    fault = draw(st.sampled_from(list(Fault)))
    return Situation(
        observation=seen,
        state=state(fault, confidence=draw(st.sampled_from([0.2, 0.9]))),
        masks=draw(masks),
        attempts_left=draw(st.integers(0, 3)),
    )


@given(situations())
async def test_what_is_masked_is_never_chosen(found: Situation):
    decision = await decide(found)
    assert decision.category not in {mask.category for mask in found.masks}
    assert {mask.category for mask in decision.masks} >= {mask.category for mask in found.masks}


@given(situations())
async def test_what_was_tried_is_never_chosen_again(found: Situation):
    first = await decide(found)
    again = await decide(
        Situation(
            found.observation,
            found.state,
            found.masks,
            (Tried(first.category.value, signature(first)),),
            found.attempts_left,
        )
    )
    acting = first.category not in {Action.NONE, Action.ESCALATE}
    assert not acting or signature(again) != signature(first)


@given(situations())
async def test_every_ladder_but_that_of_the_healthy_ends_with_a_person(found: Situation):
    rules = await climb(found)
    assert rules[-1] == "escalate" or found.state.fault is Fault.HEALTHY


@given(situations())
async def test_a_node_is_never_acted_on_but_to_close_it_or_move_pods_off_it(found: Situation):
    decision = await decide(found)
    assert decision.target.kind != "Node" or decision.category in {
        Action.NONE,
        Action.ISOLATE,
        Action.MIGRATE,
        Action.ESCALATE,
    }


@given(situations())
async def test_the_same_situation_gives_the_same_decision(found: Situation):
    assert await decide(found) == await decide(found)


def test_every_fault_has_its_ladder_and_no_rung_stands_twice_in_it():
    assert set(RUNBOOK) == set(Fault)
    for fault in Fault:
        names = [rung.name for rung in ladder(fault)]
        assert len(set(names)) == len(names)
