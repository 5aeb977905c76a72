"""Completion: candidates and a directive, and never a message in the middle of somebody's command line."""

import pytest

from planaria_cluster.provider import DEFAULT_NAME
from planaria_kubectl import complete
from planaria_kubectl.complete import main
from planaria_kubectl.main import PLACES


def offered(capsys, *words):
    assert main(list(words)) == 0
    told = capsys.readouterr()
    assert told.err == ""
    *lines, directive = told.out.splitlines()
    assert directive == ":4"
    return lines


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))


def test_commands_flags_and_values_need_no_cluster(capsys, nowhere):
    assert offered(capsys) == list(PLACES)
    assert offered(capsys, "si") == ["simulate"]
    assert offered(capsys, "pause", "web", "--re") == ["--reason", "--requester"]
    assert offered(capsys, "simulate", "deploy/x", "--fault", "mem") == ["memory_exhaustion"]
    assert offered(capsys, "why", "-o", "j") == ["json"]
    assert offered(capsys, "gremlins", "") == []


@pytest.mark.parametrize(
    "words",
    [("why", "-n"), ("approve", "x", "--reason"), ("pause", "--for"), ("status", "-A", "--kubeconfig")],
)
def test_what_a_flag_is_given_is_not_offered_names_of_objects(capsys, monkeypatch, words):
    async def names(*_):
        return ["deploy/web"]

    monkeypatch.setattr(complete, "_names", names)
    assert offered(capsys, *words, "") == []
    assert offered(capsys, "why", "--namespace", "shop", "") == ["deploy/web"]
    assert offered(capsys, "pause", "--cluster", "") == ["deploy/web"]


def test_without_a_cluster_no_name_is_offered_and_nothing_is_said(capsys, nowhere):
    assert offered(capsys, "diff", "") == []


@pytest.mark.apiserver
def test_names_of_the_cluster(capsys, kubectl, namespace):
    place = ["-n", namespace, "--kubeconfig", str(kubectl.kubeconfig)]
    image = "--image=planaria.local/busybox:1"
    kubectl("create", "deployment", "front", image, "--replicas=0", "-n", namespace)
    assert offered(capsys, "why", *place, "deploy/") == ["deploy/front"]
    assert f"node/{DEFAULT_NAME}-node-1" in offered(capsys, "why", *place, "")
    assert offered(capsys, "pause", *place, "") == []
