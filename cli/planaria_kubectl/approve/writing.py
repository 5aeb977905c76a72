"""One Approval, in the name of whoever the API server takes us for."""

from typing import Any, Final

from planaria_kubectl.errors import PluginError
from planaria_operator.api.approval import ApprovalSpec, ApprovalVerdict
from planaria_operator.api.remediation import Remediation
from planaria_operator.kube.errors import NotFound
from planaria_operator.kube.interface import RESOURCES, JsonBody, Kube

KIND: Final = "Approval"
REVIEW: Final = "SelfSubjectReview"
LONGEST_PREFIX: Final = 240
"""Characters of a name that leave room for what the API server adds to it."""


async def write(
    kube: Kube, remediation: Remediation, digest: str, verdict: ApprovalVerdict, reason: str
) -> tuple[str, str, str]:
    """Who answered, and name and uid of the Approval. Raises what the API server says, such as Forbidden."""
    if len(reason) > 512:
        raise PluginError(f"--reason: {len(reason)} characters are too many; 512 is the most")
    approver = await whoami(kube)
    spec = ApprovalSpec(
        remediation=remediation.name, digest=digest, verdict=verdict, reason=reason, approver=approver
    )
    try:
        stored = await kube.create(KIND, remediation.namespace, body_of(remediation, spec))
    except NotFound as error:
        raise PluginError(
            f"{KIND} is not installed in this cluster: apply the crds/ of this version of Planaria first"
        ) from error
    return approver, str(stored["metadata"]["name"]), str(stored["metadata"]["uid"])


def body_of(remediation: Remediation, spec: ApprovalSpec) -> JsonBody:
    """Owned by its Remediation, so that it is gone with it."""
    owner: dict[str, Any] = {
        "apiVersion": RESOURCES["Remediation"].api_version,
        "kind": "Remediation",
        "name": remediation.name,
        "uid": remediation.uid,
    }
    prefix = remediation.name[:LONGEST_PREFIX].rstrip("-.")
    return {
        "apiVersion": RESOURCES[KIND].api_version,
        "kind": KIND,
        "metadata": {
            "generateName": f"{prefix}-",
            "namespace": remediation.namespace,
            "ownerReferences": [owner],
        },
        "spec": spec.to_body(),
    }


async def whoami(kube: Kube) -> str:
    """The user name that the API server takes us for, whatever stands in the kubeconfig."""
    review = {"apiVersion": RESOURCES[REVIEW].api_version, "kind": REVIEW}
    answer = await kube.create(REVIEW, "", review)
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")
