"""What does not survive the API server is refused when the schema is made, with the field and the fix."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, create_model

from planaria_operator.api.schema import SchemaError, structural


class Colour(StrEnum):
    RED = "Red"
    BLUE = "Blue"


class Inner(BaseModel):
    """Inside."""

    size: Annotated[int, Field(ge=0, le=9, description="How large.")] = 3


class Strict(BaseModel):
    """Held by a rule."""

    model_config = ConfigDict(
        json_schema_extra={"x-kubernetes-validations": [{"rule": "self.low < self.high"}]}
    )
    low: Annotated[int, Field(description="Low.")] = 1
    high: Annotated[int, Field(description="High.")] = 2


class Everything(BaseModel):
    """One of each."""

    text: Annotated[str, Field(max_length=5, description="A text.")] = ""
    choice: Annotated[Colour, Field(description="A choice.")] = Colour.RED
    constant: Annotated[Literal["only"], Field(description="A constant.")] = "only"
    small: Annotated[int, Field(ge=0, le=100, description="Small.")] = 7
    large: Annotated[int, Field(ge=0, description="Large.")] = 0
    maybe: Annotated[int | None, Field(ge=1, le=2, description="Perhaps.")] = None
    when: Annotated[datetime | None, Field(description="When.")] = None
    flag: Annotated[bool, Field(description="Yes or no.")] = False
    inner: Annotated[Inner, Field(description="Within.")] = Inner()
    other: Annotated[Inner, Field(description="Another within.")] = Inner(size=5)
    strict: Annotated[Strict, Field(description="With a rule.")] = Strict()
    items: Annotated[tuple[Inner, ...], Field(max_length=2, description="Several.")] = (Inner(size=1),)
    labels: Annotated[
        dict[str, Annotated[str, Field(max_length=9)]], Field(max_length=2, description="Labels.")
    ]


def fields(*, defaults: bool) -> dict[str, Any]:
    return dict(structural(Everything, defaults=defaults)["properties"])


def test_an_optional_field_is_one_that_is_not_required_and_never_null():
    schema = structural(Everything, defaults=True)
    assert schema["required"] == ["labels"]
    assert schema["properties"]["maybe"] == {
        "description": "Perhaps.",
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": 2,
    }


def test_a_constant_becomes_a_choice_of_one():
    assert fields(defaults=False)["constant"]["enum"] == ["only"]


def test_a_reference_is_written_out_with_the_description_of_the_field():
    inner = fields(defaults=True)["inner"]
    assert inner["description"] == "Within."
    assert inner["properties"]["size"]["default"] == 3


def test_whole_numbers_say_how_wide_they_are():
    made = fields(defaults=True)
    assert (made["small"]["format"], made["large"]["format"]) == ("int32", "int64")


def test_defaults_are_kept_where_a_person_reads_them():
    made = fields(defaults=True)
    assert made["choice"]["default"] == "Red"
    assert made["flag"]["default"] is False
    assert made["large"]["default"] == 0
    assert made["items"]["default"] == [{"size": 1}]


def test_a_section_at_its_defaults_is_left_for_the_server_to_fill_in():
    made = fields(defaults=True)
    assert made["inner"]["default"] == {}
    assert made["other"]["default"] == {"size": 5}


def test_the_default_of_a_section_with_rules_is_written_out():
    assert fields(defaults=True)["strict"]["default"] == {"low": 1, "high": 2}


def test_an_empty_text_is_no_default_that_anybody_needs_to_see():
    assert "default" not in fields(defaults=True)["text"]


def test_what_the_operator_writes_has_no_defaults():
    assert not any("default" in node for node in fields(defaults=False).values())


def test_a_list_without_a_key_is_replaced_as_a_whole():
    assert fields(defaults=False)["items"]["x-kubernetes-list-type"] == "atomic"


def test_rules_of_a_model_and_of_the_field_that_holds_it_all_apply():
    class Holder(BaseModel):
        """Holds."""

        held: Annotated[
            Strict,
            Field(description="Held.", json_schema_extra={"x-kubernetes-validations": [{"rule": "true"}]}),
        ]

    rules = structural(Holder, defaults=False)["properties"]["held"]["x-kubernetes-validations"]
    assert [rule["rule"] for rule in rules] == ["self.low < self.high", "true"]


def said(**description: Any) -> Any:
    return Field(description="Something.", **description)


REFUSED: dict[str, tuple[Any, str]] = {
    "no description": (Annotated[str, Field(max_length=3)], "has no description"),
    "a text without a bound": (Annotated[str, said()], "a string needs max_length"),
    "a list without a bound": (Annotated[tuple[bool, ...], said()], "a list needs max_length"),
    "a map without a bound": (
        Annotated[dict[str, Annotated[str, Field(max_length=9)]], said()],
        "a map needs max_length",
    ),
    "a map of anything": (Annotated[dict[str, Any], said(max_length=3)], "may be anything"),
    "a float": (Annotated[float, said()], "is a float; use an integer"),
    "a decimal": (Annotated[Decimal, said()], "is a union|is a float"),
    "anything": (Annotated[Any, said()], "has the type None"),
    "a union": (Annotated[int | bool, said()], "is a union"),
    "an exclusive bound": (Annotated[int, said(gt=3)], "exclusiveMinimum has no place at this integer"),
    "a set": (Annotated[set[bool], said(max_length=3)], "uniqueItems has no place at this array"),
    "a pair": (Annotated[tuple[int, bool], said()], "prefixItems"),
    "a multiple": (Annotated[int, said(multiple_of=5)], "multipleOf has no place at this integer"),
    "a number or text without a bound": (
        Annotated[int | str, said(json_schema_extra={"x-kubernetes-int-or-string": True})],
        "a number or text needs maxLength",
    ),
    "a misspelt extension": (
        Annotated[bool, said(json_schema_extra={"x-kubernetes-list-tpye": "set"})],
        "x-kubernetes-list-tpye has no place",
    ),
}


@pytest.mark.parametrize(("annotation", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_a_structural_schema_cannot_hold_is_refused(annotation, why):
    holder = create_model("Holder", __doc__="Holds.", field=(annotation, ...))
    with pytest.raises(SchemaError, match=rf"Holder\.field.*: .*({why})"):
        structural(holder, defaults=True)


def test_a_model_without_a_docstring_has_nothing_to_say_at_the_top():
    class Silent(BaseModel):
        flag: Annotated[bool, said()]

    with pytest.raises(SchemaError, match="Silent: has no description"):
        structural(Silent, defaults=True)


def test_a_model_that_takes_fields_that_it_does_not_name_is_refused():
    class Open(BaseModel):
        """Takes anything."""

        model_config = ConfigDict(extra="allow")
        flag: Annotated[bool, said()]

    with pytest.raises(SchemaError, match="properties and additionalProperties exclude each other"):
        structural(Open, defaults=True)
