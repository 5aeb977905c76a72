"""What the operator's role allows, asked before it matters."""

from typing import Final

from planaria_operator.kube.errors import Forbidden
from planaria_operator.kube.interface import JsonBody, Kube
from planaria_operator.kube.paths import group_of, resource_of

REVIEW: Final = "SelfSubjectAccessReview"


async def may(kube: Kube, verb: str, kind: str, namespace: str, *, subresource: str = "") -> bool:
    """True also where even the question is forbidden, as in some clusters: then the call itself has to answer it."""
    resource = resource_of(kind)
    attributes = {"verb": verb, "group": group_of(resource), "resource": resource.plural}
    if namespace:
        attributes["namespace"] = namespace
    if subresource:
        attributes["subresource"] = subresource
    review: JsonBody = {
        "apiVersion": resource_of(REVIEW).api_version,
        "kind": REVIEW,
        "spec": {"resourceAttributes": attributes},
    }
    try:
        # A question changes nothing, which "dry run" says to whoever counts changes.
        answer = await kube.create(REVIEW, "", review, dry_run=True)
    except Forbidden:
        return True
    return bool((answer.get("status") or {}).get("allowed"))
