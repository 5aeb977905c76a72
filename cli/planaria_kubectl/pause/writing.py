"""Each requester's entry of `spec.pauseRequests`, under a field manager of its own: applying one leaves the others alone."""

import hashlib
from typing import Final

from planaria_kubectl.errors import PluginError
from planaria_kubectl.pauses import PauseRequest
from planaria_operator.kube.errors import KubeError, NotFound
from planaria_operator.kube.interface import RESOURCES, JsonBody, Kube, PatchType

MANAGER: Final = "kubectl-planaria-pause"
LONGEST: Final = 128
"""Characters of a field manager's name that the API server takes."""
NAMESPACED: Final = "HealingPolicy"
CLUSTER_WIDE: Final = "ClusterHealingPolicy"
UNKNOWN_FIELD: Final = "field not declared in schema"
"""As the API server refuses to apply what it would otherwise silently leave out."""
TOO_OLD: Final = (
    "this cluster's {kind} has no spec.pauseRequests: apply the crds/ of this version of Planaria first"
)


async def write(kube: Kube, policy: JsonBody, requester: str, request: PauseRequest | None) -> JsonBody:
    """The policy with `requester`'s entry as given; None takes away what this wrote before.

    Raises PluginError where this cluster's policies have no such field, and otherwise what the API server says.
    """
    meta, kind = policy["metadata"], kind_of(policy)
    place = {"namespace": meta["namespace"]} if meta.get("namespace") else {}
    spec = {"pauseRequests": [request.to_body()]} if request else {}
    body = {
        "apiVersion": RESOURCES[kind].api_version,
        "kind": kind,
        # The uid keeps apply from making a policy where this one was deleted meanwhile.
        "metadata": {"name": meta["name"], **place, "uid": meta["uid"]},
        "spec": spec,
    }
    try:
        return await kube.patch(
            kind,
            meta.get("namespace") or "",
            meta["name"],
            body,
            patch_type=PatchType.APPLY,
            field_manager=manager_of(requester),
            force=True,  # the same person may have written the entry by hand before
        )
    except KubeError as error:
        if UNKNOWN_FIELD in str(error):
            raise PluginError(TOO_OLD.format(kind=kind)) from error
        raise


async def read(kube: Kube, namespace: str, name: str) -> JsonBody:
    """`namespace` empty for a ClusterHealingPolicy. Raises PluginError naming the policies that there are."""
    kind = NAMESPACED if namespace else CLUSTER_WIDE
    try:
        return await kube.get(kind, namespace, name)
    except NotFound:
        known = [each["metadata"]["name"] for each in await kube.list(kind, namespace)]
        there = f"there are {', '.join(known)}" if known else "there is none"
        where = f" in namespace {namespace}" if namespace else ""
        raise PluginError(f"no {kind} {name}{where}: {there}") from None


def kind_of(policy: JsonBody) -> str:
    return NAMESPACED if policy["metadata"].get("namespace") else CLUSTER_WIDE


def manager_of(requester: str) -> str:
    """Readable where it fits. Names are told apart by a digest where they had to be cut or hold what is not printable."""
    plain = f"{MANAGER}-{requester}"
    if len(plain) <= LONGEST and plain.isprintable():
        return plain
    return f"{MANAGER}-{hashlib.sha256(requester.encode()).hexdigest()[:32]}"


def holder(policy: JsonBody, requester: str) -> str:
    """Who else owns the requester's entry, by their field manager; empty where it is not known."""
    key = f'"requester":"{requester}"'
    for entry in policy["metadata"].get("managedFields") or ():
        fields = entry.get("fieldsV1", {}).get("f:spec", {}).get("f:pauseRequests", {})
        if any(key in name for name in fields):
            return str(entry.get("manager"))
    return ""
