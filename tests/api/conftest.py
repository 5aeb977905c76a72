import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubectl import Kubectl

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path) -> Kubectl:
    """With the custom resources of this checkout in force."""
    kubectl = Kubectl.of(kubeconfig)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRDS))
    kubectl.until_served("-f", str(CRDS))
    deadline = time.monotonic() + 60
    # The server publishes a changed schema some seconds after it enforces it; kubectl explain reads what is published.
    while kubectl.run("explain", "hpol.spec").returncode or kubectl.run("explain", "rem.spec").returncode:
        assert time.monotonic() < deadline, "the custom resources are not published"
        time.sleep(0.5)
    return kubectl


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    name = f"api-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")
