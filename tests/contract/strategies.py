"""Any value of any model of the contract, made from the model's own annotations and bounds."""

from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from hypothesis import settings
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from planaria_contract import Decision, Model, SemanticState

AnyModel = TypeVar("AnyModel", bound=Model)

ANY_TEXT = st.characters(exclude_categories=["Cs"])  # half a surrogate pair is no text and has no JSON
PRINTABLE = st.characters(categories=["L", "M", "N", "P", "S"], include_characters=" ").filter(
    str.isprintable
)
EXACT = 2**53

calm = settings(max_examples=30)
"""A shared machine is slow now and then; that is no fault of the code under test."""


@cache
def models(model: type[AnyModel], alphabet: st.SearchStrategy[str] = ANY_TEXT) -> st.SearchStrategy[AnyModel]:
    fields = {name: _field(info, alphabet) for name, info in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(lambda values: model(**_consistent(model, values)))


def _consistent(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """What the validators between two fields ask for."""
    if model is SemanticState and values["secondary"] is values["fault"]:
        return values | {"secondary": None}
    if model is Decision:
        chosen = values["parameters"].category
        return values | {"masks": tuple(mask for mask in values["masks"] if mask.category is not chosen)}
    return values


def _field(info: FieldInfo, alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return _of(info.annotation, info.metadata, alphabet)


def _of(annotation: Any, bounds: list[Any], alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(arguments[0], [*bounds, *_bounds(arguments[1:])], alphabet)
    if origin in (Union, UnionType):
        return st.one_of(*(_of(choice, bounds, alphabet) for choice in arguments))
    if origin in (tuple, dict):
        parts = [_of(part, [], alphabet) for part in arguments if part is not Ellipsis]
        return (
            st.lists(*parts, max_size=2).map(tuple)
            if origin is tuple
            else st.dictionaries(*parts, max_size=2)
        )
    return st.sampled_from(arguments) if origin is Literal else _class(annotation, bounds, alphabet)


def _class(annotation: Any, bounds: list[Any], alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    if issubclass(annotation, Model):
        return models(annotation, alphabet)
    return (
        st.sampled_from(annotation) if issubclass(annotation, Enum) else _plain(annotation, bounds, alphabet)
    )


def _bounds(extras: tuple[Any, ...]) -> list[Any]:
    return [bound for extra in extras if isinstance(extra, FieldInfo) for bound in extra.metadata]


def _plain(annotation: Any, bounds: list[Any], alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    patterns = [bound.pattern for bound in bounds if getattr(bound, "pattern", None)]
    most = min((bound.max_length for bound in bounds if isinstance(bound, MaxLen)), default=40)
    low: Any = next((bound.ge for bound in bounds if isinstance(bound, Ge)), None)
    high: Any = next((bound.le for bound in bounds if isinstance(bound, Le)), None)
    if patterns:
        return st.from_regex(patterns[0], fullmatch=True)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        str: st.text(alphabet, max_size=most),
        bool: st.booleans(),
        int: st.integers(-EXACT if low is None else low, EXACT if high is None else high),
        float: st.floats(low, high, allow_nan=False, allow_infinity=False),
        datetime: st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    }
    return plain[annotation]
