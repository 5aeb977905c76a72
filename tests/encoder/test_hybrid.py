"""Two readers at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planaria_contract import CLASSES, Evidence, Fault, ModelVersion, Source
from planaria_semantics.errors import Malformed, NotReached, SemanticsError
from planaria_semantics.hybrid import MAX_EVIDENCE, HybridReader, pooled
from planaria_semantics.opinion import Opinion
from tests.semantics_service.windows import window

FAULTS = st.sampled_from(CLASSES)


def opinion(fault, sure, **fields):
    rest = (1 - sure) / (len(CLASSES) - 1)
    probabilities: dict[Fault, float] = {each: sure if each is fault else rest for each in CLASSES}
    fields.setdefault("model", ModelVersion(id="one", version="1"))
    return Opinion(probabilities, Source.ENCODER, **fields)


class Says:
    def __init__(self, outcome):
        self.outcome = outcome

    async def read(self, _):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def evidence(*indices, kind="log"):
    return tuple(Evidence(kind=kind, index=index) for index in indices)


@given(FAULTS, st.floats(0.3, 0.95), st.floats(0.3, 0.95))
def test_agreement_sharpens(fault, one, other):
    found = pooled(opinion(fault, one), opinion(fault, other), 0.5)
    assert found.probabilities[fault] > max(one, other)
    assert sum(found.probabilities.values()) == pytest.approx(1)


@given(FAULTS, FAULTS, st.floats(0.3, 0.99), st.floats(0.3, 0.99))
def test_disagreement_flattens(first, second, one, other):
    found = pooled(opinion(first, one), opinion(second, other), 0.5)
    if first is not second:
        assert max(found.probabilities.values()) < max(one, other)


@given(FAULTS)
def test_one_wrong_veto_does_not_win(fault):
    veto = opinion(fault, 0.0)  # even among all others
    for found in (pooled(opinion(fault, 0.97), veto, 0.5), pooled(veto, opinion(fault, 0.97), 0.5)):
        assert found.ranked[0] is fault


@given(FAULTS, FAULTS, st.sampled_from([0.0, 1.0]))
def test_a_share_of_nothing_has_no_say(first, second, share):
    found = pooled(opinion(first, 0.9), opinion(second, 0.9), share)
    assert found.ranked[0] is (first if share else second)


async def read(model, encoder):
    return await HybridReader(Says(model), Says(encoder)).read(window("text"))


async def test_what_the_model_cannot_say_is_passed_on():
    with pytest.raises(NotReached):
        await read(NotReached("gone"), opinion(Fault.OVERLOAD, 0.9))
    with pytest.raises(NotReached):
        await read(NotReached("gone"), Malformed("too"))


async def test_without_the_encoder_the_model_speaks_alone():
    said = opinion(Fault.OVERLOAD, 0.9)
    assert await read(said, SemanticsError("x")) is said


@pytest.mark.parametrize("place", [0, 1])
async def test_a_bug_in_either_is_not_hidden(place):
    outcomes = [opinion(Fault.OVERLOAD, 0.9), opinion(Fault.OVERLOAD, 0.9)]
    outcomes[place] = KeyError("bug")
    with pytest.raises(KeyError):
        await read(*outcomes)


def test_versions_are_joined_and_bounded():
    short = pooled(
        opinion(Fault.OVERLOAD, 0.9),
        opinion(Fault.OVERLOAD, 0.9, model=ModelVersion(id="two", version="2")),
        0.5,
    )
    assert (short.model.id, short.model.version, short.source) == ("one+two", "1+2", Source.HYBRID)
    long = opinion(Fault.OVERLOAD, 0.9, model=ModelVersion(id="i" * 128, version="v" * 64))
    model = pooled(long, long, 0.5).model
    assert (len(model.id), len(model.version)) == (128, 64)


@pytest.mark.parametrize(("one", "other", "both"), [(False, True, False), (True, True, True)])
def test_unknown_is_what_both_say(one, other, both):
    found = pooled(
        opinion(Fault.OVERLOAD, 0.3, unknown=one), opinion(Fault.OVERLOAD, 0.3, unknown=other), 0.5
    )
    assert found.unknown is both


def test_the_evidence_of_whoever_is_surer_comes_first_and_each_line_once():
    sure = opinion(Fault.OVERLOAD, 0.9, evidence=evidence(4, 2))
    other = opinion(Fault.OVERLOAD, 0.4, evidence=evidence(2, 7, *range(20, 40)), novelty=0.8, severity=3)
    found = pooled(other, sure, 0.5)
    assert [item.index for item in found.evidence][:3] == [4, 2, 7]
    assert len(found.evidence) == MAX_EVIDENCE
    assert (found.novelty, found.severity) == (0.8, 3)
    assert pooled(sure, other, 0.5).severity == 3


def test_a_line_that_both_name_stands_where_the_surer_names_it():
    sure = opinion(Fault.OVERLOAD, 0.9, evidence=evidence(1, 2, 3, 4))
    other = opinion(Fault.OVERLOAD, 0.4, evidence=evidence(5, 6, 7, 8, 1))
    assert [item.index for item in pooled(other, sure, 0.5).evidence] == [1, 2, 3, 4, 5, 6, 7, 8]
