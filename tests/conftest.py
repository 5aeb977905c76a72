"""What every test may use: the path of a kubeconfig for a real cluster, started once and kept for the next run."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# How long an example takes says how busy the machine is. Speed is measured in bench/.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")


@pytest.fixture(scope="session")
def kubeconfig() -> Path:
    """The local cluster `planaria`, up, with Planaria's custom resources installed."""
    from planaria_cluster import open_cluster
    from planaria_scenarios.environment import ensure_crds

    cluster = open_cluster()
    cluster.up(nodes=2)
    path = cluster.kubeconfig()
    ensure_crds(path)
    return path


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """For whoever lets the operator set logging up: its stream ends with the test."""
    import structlog

    root, show = logging.getLogger(), warnings.showwarning
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    warnings.showwarning = show
    for name in ("kopf", "kubernetes", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("aiohttp.access").disabled = False
