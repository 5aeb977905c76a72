"""Programs that tests and people use beside the cluster, each at its pinned version, built into the cache at first need."""

from collections.abc import Callable
from pathlib import Path

from planaria_cluster import build
from planaria_cluster.progress import Progress


def helm() -> Path:
    """The path of `helm`. Raises ClusterError where it can be neither found in the cache nor built."""
    return build.built(build.helm(), Progress()) / "helm"


def promtool() -> Path:
    """The path of `promtool`, which checks and unit-tests rules. Raises ClusterError as `helm` does."""
    return build.built(build.prometheus(), Progress()) / "promtool"


def prometheus() -> Path:
    """The path of `prometheus`; it discovers Kubernetes, files and fixed addresses. Raises ClusterError as `helm` does."""
    return build.built(build.prometheus(), Progress()) / "prometheus"


TOOLS: dict[str, Callable[[], Path]] = {
    "helm": helm,
    "promtool": promtool,
    "prometheus": prometheus,
}
