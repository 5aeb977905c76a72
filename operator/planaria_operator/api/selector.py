"""Which objects, by their labels. The rules are those of the API server, checked when the policy is written."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from planaria_operator.api.base import ApiModel
from planaria_operator.api.cel import rule, validations

LABEL_KEY = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LabelValue = Annotated[
    str,
    Field(
        max_length=63,
        json_schema_extra=validations(
            rule(
                f"self.matches('{LABEL_VALUE}')",
                "a label value has only letters, digits, '-', '_' and '.', and starts and ends with a letter or digit",
            )
        ),
    ),
]


class SelectorRequirement(ApiModel):
    """One row of `matchExpressions`."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            rule(
                "!(self.operator in ['In', 'NotIn']) || (has(self.values) && size(self.values) > 0)",
                "values is needed with operator In and NotIn: list at least one label value",
                field=".values",
            ),
            rule(
                "self.operator in ['In', 'NotIn'] || !has(self.values) || size(self.values) == 0",
                "values must be empty with operator Exists and DoesNotExist: remove it, or use In or NotIn",
                field=".values",
            ),
        )
    )

    key: Annotated[
        str,
        Field(
            max_length=317,
            description="The label that is looked at.",
            json_schema_extra=validations(
                rule(
                    f"self.matches('{LABEL_KEY}')",
                    "key must be a label such as tier or app.kubernetes.io/name",
                )
            ),
        ),
    ]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist"],
        Field(description="How `values` is compared with the label."),
    ]
    values: Annotated[
        tuple[LabelValue, ...],
        Field(
            max_length=32, description="Needed for In and NotIn; must be empty for Exists and DoesNotExist."
        ),
    ] = ()


class LabelSelector(ApiModel):
    """Which workloads, by their labels, exactly as in a Deployment. Empty selects everything in the namespace."""

    model_config = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})

    match_labels: Annotated[
        dict[str, LabelValue],
        Field(
            default_factory=dict,
            max_length=32,
            description="Labels that must all have exactly these values.",
            json_schema_extra=validations(
                rule(
                    f"self.all(key, key.matches('{LABEL_KEY}'))",
                    "each key of matchLabels must be a label such as tier or app.kubernetes.io/name",
                )
            ),
        ),
    ]
    match_expressions: Annotated[
        tuple[SelectorRequirement, ...], Field(max_length=32, description="Further rows that must all hold.")
    ] = ()
