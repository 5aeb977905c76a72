import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

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
