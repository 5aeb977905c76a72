"""Programs that tests and people use beside the cluster, each at its pinned version, built into the cache at first need."""

from collections.abc import Callable
from pathlib import Path

from planaria_cluster import build
from planaria_cluster.progress import Progress


def helm(progress: Progress | None = None) -> Path:
    """The path of `helm`. Raises ClusterError where it can be neither found in the cache nor built."""
    return build.built(build.helm(), progress or Progress()) / "helm"


def promtool(progress: Progress | None = None) -> Path:
    """The path of `promtool`, which checks and unit-tests rules. Raises ClusterError as `helm` does."""
    return build.built(build.prometheus(), progress or Progress()) / "promtool"


def prometheus(progress: Progress | None = None) -> Path:
    """The path of `prometheus`; it discovers Kubernetes, files and fixed addresses. Raises ClusterError as `helm` does."""
    return build.built(build.prometheus(), progress or Progress()) / "prometheus"


TOOLS: dict[str, Callable[[Progress | None], Path]] = {
    "helm": helm,
    "promtool": promtool,
    "prometheus": prometheus,
}
