"""The edge to the API server, as the stations see it. `client.py` talks to a real one; `fake.py` counts calls."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

JsonBody = dict[str, Any]


class Resource(NamedTuple):
    """Where a kind lives in the API."""

    api_version: str
    plural: str
    namespaced: bool = True


RESOURCES: dict[str, Resource] = {
    "Pod": Resource("v1", "pods"),
    "Node": Resource("v1", "nodes", namespaced=False),
    "Namespace": Resource("v1", "namespaces", namespaced=False),
    "Service": Resource("v1", "services"),
    "Deployment": Resource("apps/v1", "deployments"),
    "ReplicaSet": Resource("apps/v1", "replicasets"),
    "StatefulSet": Resource("apps/v1", "statefulsets"),
    "DaemonSet": Resource("apps/v1", "daemonsets"),
    "ControllerRevision": Resource("apps/v1", "controllerrevisions"),
    "EndpointSlice": Resource("discovery.k8s.io/v1", "endpointslices"),
    "HorizontalPodAutoscaler": Resource("autoscaling/v2", "horizontalpodautoscalers"),
    "ScaledObject": Resource("keda.sh/v1alpha1", "scaledobjects"),
    "PodDisruptionBudget": Resource("policy/v1", "poddisruptionbudgets"),
    "PersistentVolumeClaim": Resource("v1", "persistentvolumeclaims"),
    "PersistentVolume": Resource("v1", "persistentvolumes", namespaced=False),
    "Event": Resource("events.k8s.io/v1", "events"),
    "Lease": Resource("coordination.k8s.io/v1", "leases"),
    "CustomResourceDefinition": Resource(
        "apiextensions.k8s.io/v1", "customresourcedefinitions", namespaced=False
    ),
    "SelfSubjectAccessReview": Resource(
        "authorization.k8s.io/v1", "selfsubjectaccessreviews", namespaced=False
    ),
    "SelfSubjectReview": Resource("authentication.k8s.io/v1", "selfsubjectreviews", namespaced=False),
    "HealingPolicy": Resource("planaria.dev/v1alpha1", "healingpolicies"),
    "ClusterHealingPolicy": Resource("planaria.dev/v1alpha1", "clusterhealingpolicies", namespaced=False),
    "Remediation": Resource("planaria.dev/v1alpha1", "remediations"),
    "Approval": Resource("planaria.dev/v1alpha1", "approvals"),
}


class ExecResult(NamedTuple):
    """How a command in a container ended."""

    exit_code: int
    output: str
    """Standard output and error as they came, undecodable bytes replaced; the rest is cut off."""


class Page(NamedTuple):
    """A part of a list."""

    bodies: list[JsonBody]
    begins: bool
    """True for the first page, also where the reading had to begin again: what came before it does not count then."""


class PatchType(StrEnum):
    """Always named: the client's default differs between built-in and custom resources."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class Kube(Protocol):
    """Every call has a deadline and raises only the errors of `errors.py`. `namespace` is "" for cluster-scoped kinds."""

    async def get(self, kind: str, namespace: str, name: str, *, subresource: str = "") -> JsonBody: ...

    async def list(
        self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0
    ) -> list[JsonBody]:
        """All namespaces where `namespace` is empty."""
        ...

    def pages(self, kind: str, namespace: str = "", *, size: int = 0) -> AsyncIterator[Page]:
        """As `list`, but a part at a time, so that a large cluster is never held in memory as a whole.

        `size`: most objects of one page; by default as many as are read in a moment, whatever they are.
        """
        ...

    async def create(
        self, kind: str, namespace: str, body: JsonBody, *, dry_run: bool = False
    ) -> JsonBody: ...

    async def patch(  # noqa: PLR0913  an API call has these parts
        self,
        kind: str,
        namespace: str,
        name: str,
        body: Any,
        *,
        patch_type: PatchType,
        subresource: str = "",
        field_manager: str = "planaria",
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonBody: ...

    async def delete(self, kind: str, namespace: str, name: str, *, uid: str = "") -> None: ...

    async def evict(self, namespace: str, pod: str, *, uid: str, dry_run: bool = False) -> None:
        """Raises TooManyRequests where a budget refuses, NotFound where the pod is gone, Conflict where its uid differs."""
        ...

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        tail_lines: int,
        limit_bytes: int,
    ) -> str:
        """With timestamps. Bounded on the server; undecodable bytes are replaced."""
        ...

    async def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: tuple[str, ...],
        *,
        timeout: float,  # noqa: ASYNC109  of this call, which has another one than the rest
        limit_bytes: int,
    ) -> ExecResult:
        """Run `command` as it stands, without a shell, within `timeout` seconds, and keep `limit_bytes` of what it prints.

        Raises NotStarted where it certainly did not run, MayHaveRun where its end is not known, and Forbidden.
        """
        ...

    async def node_text(self, node: str, path: str) -> str:
        """What a node's kubelet answers through the API server's proxy, such as `metrics/resource`."""
        ...
