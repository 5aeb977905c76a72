"""What a real incident is remembered as: which decisions count, and what each of them cost."""

import json
from datetime import timedelta

import pytest

from planaria_contract import Action, AttemptOutcome, Outcome, Wait
from planaria_policy.memory.words import actions
from planaria_policy.recording.joining import joined
from planaria_policy.recording.step import LENGTH, Step
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import PolicyFile
from planaria_policy.serving.selftest import cases
from planaria_policy.spaces.encode import encode
from planaria_policy.spaces.prices import price

HANGING = next(case.asked for case in cases() if case.name == "hanging-replica")
"""One of three pods is ill, and the shipped policy restarts it."""


@pytest.fixture(scope="module")
def brain():
    return Brain(PolicyFile.load())


def asked(after, *, ill=1, waits=0, **workload):
    """The same incident, seconds `after` it was first asked about."""
    seen = HANGING.observation
    assert seen.workload is not None
    pods = tuple(
        pod.model_copy(update={"affected": number < ill, "ready": number >= ill})
        for number, pod in enumerate(seen.pods)
    )
    facts = seen.workload.model_copy(update={"ready": 3 - ill, **workload})
    changes = {"time": seen.time + timedelta(seconds=after), "pods": pods, "workload": facts}
    return HANGING.model_copy(
        update={
            "incident": "shop/web@1",
            "observation": seen.model_copy(update=changes),
            "tried": (Wait(wait_seconds=60),) * waits,
        }
    )


def remembered(brain, questions, *, seconds, acts=True):
    """With the last answer carried out, unless not `acts`. `seconds`: from the first question to the recovery."""
    thoughts = [brain.think([question], [encode(question)])[0] for question in questions]
    steps = [Step.of(question, thought) for question, thought in zip(questions, thoughts, strict=True)]
    first = steps[0].about
    done = AttemptOutcome(decision=thoughts[-1].decision, applied=True, helped=True, seconds=20)
    outcome = Outcome(
        incident="shop/web@1",
        state=HANGING.state,
        attempts=(done,) if acts else (),
        recovered=True,
        seconds=first.at - first.visible + seconds,
    )
    return joined([Step.from_bytes(step.to_bytes()) for step in steps], outcome, 0)


@pytest.mark.parametrize("looks", [1, 2, 4])
def test_what_a_guard_held_back_is_no_wait_and_what_it_cost_is_kept(brain, looks):
    """Held for 15 s at each look, a third of the target down; a minute later it is well."""
    questions = [asked(15 * number) for number in range(looks)]
    one = remembered(brain, questions, seconds=15 * (looks - 1) + 60)
    assert actions(one) == ("restart pod",)
    assert one.log_probability[0] < 0, "it is the network's own decision"
    assert one.total == pytest.approx(-(15 * (looks - 1) + 60) / 3 / 60 - price(Action.RESTART), abs=1e-4)


def test_what_spreads_while_it_is_held_costs_what_was_down_meanwhile(brain):
    one = remembered(brain, [asked(0, ill=1), asked(60, ill=2)], seconds=120)
    assert len(one.reward) == 1
    assert one.total == pytest.approx(-1 / 3 - 2 / 3 - price(Action(actions(one)[0].split()[0])), abs=1e-4)


def test_a_wait_that_somebody_chose_stays_one(brain):
    one = remembered(brain, [asked(0), asked(15, waits=1), asked(75, waits=1)], seconds=135)
    assert actions(one) == ("wait 30 s", "restart pod")
    assert one.reward.tolist() == pytest.approx(
        [-1 / 12 - price(Action.NONE), -2 / 3 - price(Action.RESTART)], abs=1e-4
    )


def test_where_nothing_was_done_at_all_it_was_waited_once(brain):
    """Mode Recommend: a person saw to it, and nobody tells what was done."""
    one = remembered(brain, [asked(60 * number) for number in range(5)], seconds=300, acts=False)
    assert len(one.reward) == 1
    assert actions(one)[0].startswith("wait")
    assert one.total == pytest.approx(-300 / 3 / 60 - price(Action.NONE), abs=1e-4)


# --- how much of the target is down


@pytest.mark.parametrize(
    ("ill", "ready_ill", "ready", "there", "share"),
    [
        (0, 0, 0, 0, 1),  # a quota lets no pod be created
        (0, 0, 1, 1, 2 / 3),
        (1, 0, 1, 2, 2 / 3),  # one is ill, one is missing
        (1, 1, 2, 2, 2 / 3),  # the same; what is ill may be ready all the same
        (2, 2, 3, 3, 2 / 3),
        (0, 0, 3, 3, 0),
    ],
)
def test_pods_that_are_missing_are_down_as_the_affected_are(brain, ill, ready_ill, ready, there, share):
    question = asked(0, ill=ill, ready=ready)
    pods = [
        pod.model_copy(update={"ready": pod.ready or number < ready_ill})
        for number, pod in enumerate(question.observation.pods[:there])
    ]
    seen = question.observation.model_copy(update={"pods": tuple(pods)})
    one = remembered(brain, [question.model_copy(update={"observation": seen})], seconds=3600, acts=False)
    assert one.total == pytest.approx(-60 * share - price(Action.NONE), abs=1e-3)


def test_of_a_large_workload_the_pods_that_are_not_named_are_not_missing(brain):
    """The operator names no more than 200 pods, the affected ones first."""
    one = remembered(brain, [asked(0, desired=300, ready=299)], seconds=3600, acts=False)
    assert one.total == pytest.approx(-60 / 300 - price(Action.NONE), abs=1e-3)


def test_a_step_of_before_has_the_share_that_the_network_saw(brain):
    question = asked(0)
    data = Step.of(question, brain.think([question], [encode(question)])[0]).to_bytes()
    (length,) = LENGTH.unpack_from(data)
    about = json.loads(data[LENGTH.size : LENGTH.size + length])
    about.pop("share", None)
    head = json.dumps(about).encode()
    old = Step.from_bytes(LENGTH.pack(len(head)) + head + data[LENGTH.size + length :])
    assert old.share == pytest.approx(1 / 3, abs=1e-3)
