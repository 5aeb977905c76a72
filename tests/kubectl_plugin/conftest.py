import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from planaria_kubectl.main import main
from tests.kubectl import Kubectl

Plugin = Callable[..., Any]


@pytest.fixture(scope="session")
def kubectl(kubeconfig: Path) -> Kubectl:
    return Kubectl.of(kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    yield from new_namespace(kubectl)


def new_namespace(kubectl: Kubectl) -> Iterator[str]:
    name = f"plugin-{secrets.token_hex(4)}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def plugin(kubeconfig: Path, namespace: str, capsys: pytest.CaptureFixture[str]) -> Plugin:
    """Runs a command in the test's namespace and returns its JSON; `table=True` its table, `fails=True` its complaint."""

    def call(*words: str, table: bool = False, fails: bool = False, config: Path = kubeconfig) -> Any:
        output = "table" if table else "json"
        status = main([*words, "-n", namespace, "-o", output, "--kubeconfig", str(config)])
        told = capsys.readouterr()
        assert status == int(fails), told.err
        if fails:
            return told.err
        return told.out if table else json.loads(told.out)

    return call
