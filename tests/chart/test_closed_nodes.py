"""Which nodes Planaria has closed: after an uninstall only the notes and the pages tell how to see it."""

import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.generate.helm import CHART
from planaria_operator.objects.cordon import BY_A_PERSON, CORDONED_BY, UNCORDON
from tests.chart.rendering import render
from tests.kubectl import Kubectl

PAGE = CHART.parents[1] / "docs" / "how-to" / "isolate-a-node.md"
NOTES = CHART / "templates" / "NOTES.txt"
MARKS = {CORDONED_BY: "web-1a2b3c4d/1", UNCORDON: BY_A_PERSON}


def told(path: Path) -> list[str]:
    """The words after `kubectl` of the one command that lists nodes, on its own line or between backticks."""
    parts = [part.strip() for part in path.read_text().replace("`", "\n").splitlines()]
    (command,) = [part for part in parts if part.startswith("kubectl get nodes ")]
    return shlex.split(command)[1:]


def test_the_notes_tell_the_command_of_the_page():
    assert told(NOTES) == told(PAGE)


def test_no_hook_asks_helm_for_its_log():
    """It would name the nodes, but Flux up to 1.6.3 of helm-controller panics then (fluxcd/helm-controller#1562)."""
    annotations = [body["metadata"].get("annotations") or {} for body in render()]
    assert not [each for each in annotations if "helm.sh/hook-output-log-policy" in each]


def node(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "annotations": MARKS}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec}


@pytest.fixture
def left(kubectl: Kubectl) -> Iterator[tuple[str, str]]:
    """Nodes with Planaria's marks, which `kubectl uncordon` leaves where they are: one closed, one open again."""
    names = closed, opened = f"closed-{secrets.token_hex(3)}", f"opened-{secrets.token_hex(3)}"
    kubectl("create", "-f", "-", stdin=yaml.safe_dump_all([node(closed, unschedulable=True), node(opened)]))
    yield names
    kubectl("delete", "node", *names)


@pytest.mark.apiserver
def test_the_command_shows_what_is_closed_and_nothing_else(left: tuple[str, str], kubectl: Kubectl):
    closed, opened = left
    lines = [line.split() for line in kubectl(*told(PAGE)).splitlines()]
    assert [closed, *MARKS.values()] in lines
    assert opened not in {line[0] for line in lines}
