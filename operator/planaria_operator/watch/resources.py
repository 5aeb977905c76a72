"""Bodies of the custom resources, read into their models."""

from typing import Any, Final

from pydantic import ValidationError

from planaria_operator.api.approval import ApprovalSpec
from planaria_operator.api.healing_policy import ClusterHealingPolicy, HealingPolicy
from planaria_operator.api.remediation import Remediation
from planaria_operator.objects.approval import Approval
from planaria_operator.objects.meta import Body, parse_meta

MOST_PROBLEMS: Final = 5


class Unreadable(ValueError):
    """Names every field that is wrong, in one line. The API server's schema lets such an object pass only where it was
    stored under an older schema, or written while the schema was not installed.
    """


def parse_policy(body: Body) -> HealingPolicy:
    """Of either kind: items of a list do not say theirs, but one that is in no namespace is for many. Raises Unreadable."""
    meta = body.get("metadata") or {}
    namespace, generation = meta.get("namespace") or "", meta.get("generation", 1)
    model = HealingPolicy if namespace else ClusterHealingPolicy
    identity = {**_identity(body), "namespace": namespace, "generation": generation}
    try:
        return model.model_validate({**identity, **_parts(body)})
    except ValidationError as error:
        raise Unreadable(describe(error)) from error


def parse_remediation(body: Body) -> Remediation:
    """Raises Unreadable."""
    meta = body.get("metadata") or {}
    owners = (each.get("uid") for each in meta.get("ownerReferences") or () if each.get("controller"))
    try:
        return Remediation.model_validate({**_identity(body), "policy_uid": next(owners, ""), **_parts(body)})
    except ValidationError as error:
        raise Unreadable(describe(error)) from error


def parse_approval(body: Body) -> Approval:
    """Raises Unreadable."""
    try:
        return Approval(parse_meta("Approval", body), ApprovalSpec.model_validate(body.get("spec")))
    except ValidationError as error:
        raise Unreadable(describe(error)) from error


def describe(error: ValidationError) -> str:
    """`spec.guardrails.budget.actions: Input should be ... (got -1)`, for the first few fields."""
    problems = error.errors(include_url=False, include_context=False)
    lines = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']} (got {problem['input']!r:.60})"
        for problem in problems[:MOST_PROBLEMS]
    ]
    more = len(problems) - MOST_PROBLEMS
    return "; ".join(lines) + (f"; and {more} more" if more > 0 else "")


def _identity(body: Body) -> dict[str, Any]:
    meta = body.get("metadata") or {}
    return {
        "name": meta.get("name"),
        "namespace": meta.get("namespace"),
        "uid": meta.get("uid", ""),
        "resource_version": meta.get("resourceVersion", ""),
    }


def _parts(body: Body) -> dict[str, Any]:
    return {part: body[part] for part in ("spec", "status") if body.get(part) is not None}
