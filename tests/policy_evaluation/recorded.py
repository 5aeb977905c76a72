"""Real records for the tests: consultations that the service answered, and the outcomes that the operator reported."""

import numpy as np
from prometheus_client import CollectorRegistry

from planaria_contract import Action, AttemptOutcome, Decider, Outcome
from planaria_policy.memory import Trajectory
from planaria_policy.recording.recorder import Recorder
from planaria_policy.serving.brain import Brain
from planaria_policy.serving.file import PolicyFile
from planaria_policy.serving.selftest import cases
from planaria_policy.spaces.choices import CATEGORIES, COLUMN, HEADS, USED_BY
from planaria_policy.spaces.encode import encode

IDLE = (Action.NONE, Action.ESCALATE)


def shipped():
    return Brain(PolicyFile.load())


async def record(url, brain, count, *, by=Decider.PPO, instead=None):
    """`count` incidents of one decision into the memory at `url`.

    `instead`: from an incident's number to the parameters that were carried out in the place of the network's, or None.
    """
    recorder = Recorder(url, CollectorRegistry())
    recorder.start()
    try:
        for number in range(count):
            case = cases()[number % len(cases())]
            asked = case.asked.model_copy(update={"incident": f"{by}-{number}"})
            (thought,) = brain.think([asked], [encode(asked)])
            recorder.keep([asked], [thought])
            done = thought.decision.model_copy(update={"decided_by": by})
            other = instead(number) if instead else None
            if other:
                done = done.model_copy(update={"parameters": other})
            receipt = await recorder.learn(outcome(asked, done, 60.0 + 5 * number))
            assert receipt.kept, receipt
    finally:
        recorder.close()


def outcome(asked, done, seconds):
    acted = done.category not in IDLE
    return Outcome(
        incident=asked.incident,
        state=asked.state,
        attempts=(AttemptOutcome(decision=done, applied=True, helped=True, seconds=20),) if acted else (),
        recovered=done.category is not Action.ESCALATE,
        escalated=done.category is Action.ESCALATE,
        seconds=seconds,
    )


def drawn_incidents(brain, count, *, seed=0):
    """As a policy that learns leaves them: one decision each, drawn from its probabilities; the return is that of its category."""
    draws = np.random.default_rng(seed)
    return [_drawn(brain, cases()[number % len(cases())].asked, number, draws) for number in range(count)]


def _drawn(brain, asked, number, draws):
    seen = encode(asked)
    answers = brain.answer([seen])
    row, log = np.zeros(1 + len(HEADS), np.int64), 0.0
    for part in ("category", *HEADS):
        if part != "category" and part not in USED_BY[CATEGORIES[row[0]]]:
            continue
        if part == "category":
            shares = answers.category[0].astype(np.float64)
        else:
            logits = np.where(seen.legal[part], answers.heads[part][0, row[0]], -np.inf).astype(np.float64)
            shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        row[COLUMN[part]] = choice = draws.choice(len(shares), p=shares)
        log += np.log(shares[choice])
    return Trajectory(
        facts=seen.facts[None],
        nodes=seen.nodes[None],
        legal={part: mask[None] for part, mask in seen.legal.items()},
        rows=row[None],
        log_probability=np.array([log], np.float32),
        value=answers.value,
        reward=np.array([-1.0 - row[0]], np.float32),
        terminated=True,
        incident=f"drawn-{number}",
        fault=asked.state.fault.value,
        recovered=True,
        harmed=False,
        policy_version=1,
        source="simulator",
    )
