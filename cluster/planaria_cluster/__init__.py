"""A local Kubernetes cluster for the demo, the tests and the bench: real nodes, real containers, no registry.

from planaria_cluster import open_cluster
cluster = open_cluster()
cluster.up()
print(cluster.kubeconfig())
"""

from planaria_cluster.errors import (
    ClusterError,
    CommandError,
    NoClusterError,
    NotReadyError,
    PrerequisiteError,
    UsageError,
)
from planaria_cluster.images import build_image
from planaria_cluster.opening import open_cluster
from planaria_cluster.provider import ClusterStatus, Finding, Provider, Row

__all__ = [
    "ClusterError",
    "ClusterStatus",
    "CommandError",
    "Finding",
    "NoClusterError",
    "NotReadyError",
    "PrerequisiteError",
    "Provider",
    "Row",
    "UsageError",
    "build_image",
    "open_cluster",
]
