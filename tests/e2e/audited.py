"""The local cluster, for what is judged by the audit log of its API server."""

import pytest

from planaria_cluster import Provider, UsageError, open_cluster
from planaria_cluster.progress import Progress
from planaria_scenarios.environment import prepare


def audited_cluster() -> Provider:
    """With what faults need. Skips the test where the API server keeps no audit log."""
    cluster = open_cluster()
    try:
        cluster.audit_log()
    except UsageError as error:
        pytest.skip(str(error))
    prepare(cluster, Progress())
    return cluster
