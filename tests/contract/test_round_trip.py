import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planaria_contract
from planaria_contract import Model
from tests.contract.strategies import calm, models

PUBLIC = [
    thing
    for name in planaria_contract.__all__
    if isinstance(thing := getattr(planaria_contract, name), type)
    and issubclass(thing, Model)
    and thing is not Model
]


def from_a_newer_peer(value: Any) -> Any:
    """The same tree with a field that this version does not know in every object that has fields of ours."""
    if isinstance(value, list):
        return [from_a_newer_peer(item) for item in value]
    if not isinstance(value, dict):
        return value
    grown = {key: value[key] if key == "probabilities" else from_a_newer_peer(value[key]) for key in value}
    return grown | {"from_the_future": {"deep": [1, 2]}}


@pytest.mark.parametrize("model", PUBLIC, ids=lambda model: model.__name__)
@calm
@given(data=st.data())
def test_what_is_written_is_read_back_the_same(model: type[Model], data: st.DataObject):
    value = data.draw(models(model))
    assert model.from_json(value.to_json()) == value


@pytest.mark.parametrize("model", PUBLIC, ids=lambda model: model.__name__)
@calm
@given(data=st.data())
def test_fields_of_a_newer_peer_are_ignored(model: type[Model], data: st.DataObject):
    value = data.draw(models(model))
    grown = json.dumps(from_a_newer_peer(json.loads(value.to_json())))
    assert model.from_json(grown) == value


@pytest.mark.parametrize("model", PUBLIC, ids=lambda model: model.__name__)
def test_a_value_cannot_be_changed_after_it_was_made(model: type[Model]):
    value = model.model_construct()
    with pytest.raises(ValueError, match="frozen"):
        setattr(value, next(iter(model.model_fields)), None)
