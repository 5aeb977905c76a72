import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from planaria_cluster import Provider
from tests.chart.own import Apart, last_of
from tests.kubectl import Kubectl

RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path) -> Kubectl:
    return Kubectl.of(kubeconfig)


@pytest.fixture(scope="module")
def restricted(kubectl: Kubectl) -> Iterator[str]:
    """A namespace that lets in only pods of the Pod Security Standard `restricted`."""
    name = f"chart-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, *(f"{key}={value}" for key, value in RESTRICTED.items()))
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def one_apart() -> Iterator[Apart]:
    apart = Apart()
    yield apart
    apart.close()


@pytest.fixture(scope="module")
def apart(one_apart: Apart, request: pytest.FixtureRequest) -> Iterator[Provider]:
    """A cluster beside the shared one, for what holds for a whole cluster; gone as soon as nobody needs it any more."""
    yield one_apart.cluster()
    if last_of(request, "apart"):
        one_apart.close()
