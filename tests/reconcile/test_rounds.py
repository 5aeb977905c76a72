"""Whatever is refused, and whenever: no round is too large, each pod goes at most once, and none is forgotten. Pure."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import Action
from planaria_operator.api.drain import DrainRecord, HeldPod
from planaria_operator.api.plan import ObjectReference, Operation, Plan, Verb
from planaria_operator.reconcile import rounds
from tests.builders import NOW, deployment, node, pod, pods_of, store

NODE = ObjectReference(kind="Node", name="node-1", uid="uid-node-node-1")
EMPTY = store(node())


def reference(number: int) -> ObjectReference:
    return ObjectReference(kind="Pod", namespace="shop", name=f"pod-{number}", uid=f"uid-{number}")


def plan(pods: int, at_once: int) -> Plan:
    cordon = Operation(verb=Verb.CORDON, object=NODE, body="{}")
    evictions = (Operation(verb=Verb.EVICT, object=reference(number)) for number in range(pods))
    return Plan(
        action=Action.ISOLATE, target=NODE, summary="x", operations=(cordon, *evictions), at_once=at_once
    )


@given(
    pods=st.integers(1, 40),
    at_once=st.integers(1, 45),
    refusals=st.dictionaries(st.integers(0, 39), st.integers(1, 3)),
    forever=st.sets(st.integers(0, 39)),
    for_good=st.sets(st.integers(0, 39)),
)
def test_every_pod_has_its_turn_and_no_round_is_too_large(
    pods: int, at_once: int, refusals: dict[int, int], forever: set[int], for_good: set[int]
) -> None:
    """`refusals`: how often each is refused before it may go; `forever` never may, `for_good` is not even tried again."""
    made, record = plan(pods, at_once), rounds.closed(plan(pods, at_once), NOW)
    left, gone = dict(refusals), list[str]()
    for turn in range(200):
        following = rounds.following(made, record)
        if not following:
            break
        record = rounds.next_round(EMPTY, made, record, NOW + timedelta(seconds=turn))
        assert record.pods == following
        assert 1 <= len(record.pods) <= at_once
        assert [each.object for each in rounds.calls(made, record)] == sorted(
            record.pods, key=lambda each: int(each.name.removeprefix("pod-"))
        )
        held = []
        for each in record.pods:
            number = int(each.name.removeprefix("pod-"))
            if number in for_good or number in forever or left.get(number, 0) > 0:
                left[number] = left.get(number, 0) - 1
                held.append(HeldPod(pod=each, message="no", retried=number not in for_good))
            else:
                gone.append(each.name)
        record = rounds.answered(record, held, NOW)
        assert DrainRecord.model_validate(record.to_body()) == record
    assert len(set(gone)) == len(gone) == record.moved
    stuck = {f"pod-{number}" for number in (forever | for_good) & set(range(pods))}
    assert set(gone) == {f"pod-{number}" for number in range(pods)} - stuck
    assert {each.pod.name for each in record.held} == stuck
    assert record.moved + len(record.held) == record.tried == record.total == pods


def test_a_stuck_drain_does_not_look_as_if_it_got_on():
    made = plan(2, 1)
    record = rounds.next_round(EMPTY, made, rounds.closed(made, NOW), NOW)
    record = rounds.answered(record, [HeldPod(pod=reference(0))], NOW)
    later = NOW + timedelta(seconds=100)
    record = rounds.next_round(EMPTY, made, record, later)
    assert record.progress_at == NOW, "the round before moved nothing"
    record = rounds.next_round(EMPTY, made, rounds.answered(record, [], later), later)
    assert record.progress_at == later


def test_a_workload_that_was_short_all_along_holds_up_nothing():
    front = deployment(desired=4)
    moving, broken = pods_of(front, 1), pod("front-sick", front, node="node-2", ready=False)
    world = store(front, node(), moving, broken)
    made = plan(0, 1).model_copy(
        update={
            "operations": (
                Operation(
                    verb=Verb.EVICT,
                    object=ObjectReference(
                        kind="Pod", namespace="shop", name="front-0", uid=moving[0].meta.uid
                    ),
                ),
            )
        }
    )
    record = rounds.next_round(world, made, rounds.closed(made, NOW), NOW)
    record = rounds.answered(record, [], NOW)
    assert rounds.not_ready(world, record) == ["shop/front (0 of 1 pods ready elsewhere)"], (
        "the moved one counts not"
    )
    world.remove(moving[0])
    assert rounds.not_ready(world, record) != []
    world.put(pod("front-new", front, node="node-2"))
    assert rounds.not_ready(world, record) == []


def test_a_workload_that_wants_fewer_pods_now_or_is_gone_is_not_waited_for():
    front = deployment(desired=2)
    moving = pods_of(front, 2)
    world = store(front, node(), moving)
    evictions = tuple(
        Operation(
            verb=Verb.EVICT,
            object=ObjectReference(kind="Pod", namespace="shop", name=each.meta.name, uid=each.meta.uid),
        )
        for each in moving
    )
    made = plan(0, 2).model_copy(update={"operations": evictions})
    record = rounds.answered(rounds.next_round(world, made, rounds.closed(made, NOW), NOW), [], NOW)
    for each in moving:
        world.remove(each)
    world.put(pod("front-new", front, node="node-2"))
    assert rounds.not_ready(world, record) == ["shop/front (1 of 2 pods ready elsewhere)"]
    world.put(deployment(desired=1))
    assert rounds.not_ready(world, record) == []
    world.put(deployment(desired=2, uid="another"))
    assert rounds.not_ready(world, record) == []
