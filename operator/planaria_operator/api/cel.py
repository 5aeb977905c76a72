"""Rules that the API server checks itself, written beside the model that they belong to.

https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from typing import Any

from pydantic.config import JsonDict, JsonValue


def rule(expression: str, message: str, *, field: str = "") -> dict[str, JsonValue]:
    """One CEL rule on `self`. The message is all that a person sees: it names the field and says what to write instead.

    `field` moves the error to that child (".maxReplicas"). There is no messageExpression: joining texts costs more than
    the server's budget allows.
    """
    parts = {"rule": expression, "message": message, "fieldPath": field}
    return {key: text for key, text in parts.items() if text}


def validations(*rules: dict[str, JsonValue]) -> JsonDict:
    """For `json_schema_extra` of a field or of a model."""
    return {"x-kubernetes-validations": list[Any](rules)}
