"""Completion: candidates and a directive, and never a message in the middle of somebody's command line."""

from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from planaria_cluster.provider import DEFAULT_NAME
from planaria_kubectl import complete
from planaria_kubectl.complete import main
from planaria_kubectl.main import PLACES
from planaria_kubectl.session import Session
from tests.builders import NOW
from tests.kubectl_plugin.test_plugin_simulate import kube


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


@pytest.mark.parametrize(
    "words",
    [
        ("--namespace=shop",),
        ("-n=shop",),
        ("-nshop",),
        ("--namespace", "shop"),
        ("-n", "bank", "--namespace=shop"),
        ("--context=here", "-n=shop", "--kubeconfig=/tmp/k"),
    ],
)
def test_names_are_those_of_the_namespace_however_it_is_given(capsys, monkeypatch, words):
    asked = []

    @asynccontextmanager
    async def session(given):
        asked.append(given)
        server = kube()
        yield Session(server, server, given.namespace, NOW)

    monkeypatch.setattr("planaria_kubectl.session.open_session", session)
    assert offered(capsys, "why", *words, "deploy/") == ["deploy/front"]
    assert [each.namespace for each in asked] == ["shop"]
    if "--context=here" in words:
        assert (asked[0].context, asked[0].kubeconfig) == ("here", Path("/tmp/k"))


def test_what_stands_behind_the_equals_sign_of_a_flag_is_completed(capsys, nowhere):
    assert offered(capsys, "why", "--output=j") == ["json"]
    assert offered(capsys, "simulate", "deploy/x", "--fault=mem") == ["memory_exhaustion"]
    assert offered(capsys, "why", "--namespace=sh") == []


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
