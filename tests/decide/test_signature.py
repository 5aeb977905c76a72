"""What makes two decisions the same action."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import Escalate, Migrate, ObjectRef, Resize, Restart, Rollback, Scale, Wait
from planaria_contract.actions import Parameters
from planaria_operator.decide.signature import changes_template, signature
from planaria_operator.record.convert import decision as stored
from planaria_operator.record.convert import decision_record
from tests.builders import decision, deployment

CASES: list[Parameters] = [
    Wait(wait_seconds=60),
    Restart(pods=("a", "b")),
    Restart(scope="workload", delay_seconds=5),
    Migrate(pods=("a",), source="node-1"),
    Scale(ratio=2.0),
    Resize(resource="memory", ratio=1.5),
    Resize(resource="cpu", ratio=3.0, container="app"),
    Rollback(),
    Rollback(revision="7"),
    Escalate(reason="no rung is left"),
]


def test_it_reads_like_what_was_done():
    assert signature(decision(Resize(resource="memory", ratio=2.0))) == (
        "resize Deployment/shop/front ratio=2.0 resource=memory"
    )


def test_waiting_and_escalating_are_the_same_whatever_their_words():
    assert signature(decision(Wait(wait_seconds=30))) == signature(decision(Wait(wait_seconds=60))) == "none"
    assert signature(decision(Escalate(reason="a"))) == signature(decision(Escalate(reason="b")))


def test_restarting_the_replacement_is_the_same_action_as_restarting_the_pod():
    assert signature(decision(Restart(pods=("a",)))) == signature(
        decision(Restart(pods=("b",), delay_seconds=9))
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Resize(resource="memory", ratio=2.0), Resize(resource="memory", ratio=3.0)),
        (Resize(resource="memory", ratio=2.0), Resize(resource="cpu", ratio=2.0)),
        (Restart(scope="pod"), Restart(scope="workload")),
        (Rollback(), Rollback(revision="3")),
        (Migrate(source="node-1"), Migrate(source="node-2")),
    ],
)
def test_what_differs_in_effect_differs_in_signature(one: Parameters, other: Parameters):
    assert signature(decision(one)) != signature(decision(other))


def test_the_same_action_on_another_object_is_another_action():
    assert signature(decision(Scale(ratio=1.0), deployment("back"))) != signature(decision(Scale(ratio=1.0)))


@pytest.mark.parametrize("parameters", CASES, ids=lambda each: each.category.value)
def test_it_survives_the_record(parameters: Parameters):
    made = decision(parameters, ObjectRef(kind="Deployment", name="front", namespace="shop", uid="u"))
    assert signature(stored(decision_record(made))) == signature(made)


@given(st.text(max_size=20), st.floats(0.75, 3.0))
def test_the_uid_does_not_matter(uid: str, ratio: float):
    target = ObjectRef(kind="Deployment", name="front", namespace="shop")
    parameters = Resize(resource="both", ratio=ratio)
    with_uid = decision(parameters, target.model_copy(update={"uid": uid}))
    assert signature(with_uid) == signature(decision(parameters, target))


@pytest.mark.parametrize(
    ("parameters", "changes"),
    [
        (Restart(scope="workload"), True),
        (Restart(scope="pod"), False),
        (Resize(resource="cpu", ratio=2.0), True),
        (Rollback(), True),
        (Scale(ratio=2.0), False),
    ],
)
def test_actions_that_make_a_new_revision_are_known_by_their_signature(parameters: Parameters, changes: bool):
    assert changes_template(signature(decision(parameters))) is changes
