"""The command line: fast to start, one line for what is wrong, and an exit status that scripts can use."""

import json
import re
import resource
import subprocess
import sys
import tomllib
from argparse import Namespace
from pathlib import Path

import pytest

from planaria_kubectl import session
from planaria_kubectl.arguments import parser
from planaria_kubectl.main import PLACES, main

ROOT = Path(__file__).parents[2]
WITHIN = 0.5
"""Seconds of one core."""


def call(*words, **environment):
    program = [sys.executable, "-m", "planaria_kubectl", *words]
    return subprocess.run(
        program,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
    )


@pytest.mark.parametrize("words", [["--help"], ["why", "--help"]])
def test_help_takes_less_than_half_a_second_of_a_core(words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = call(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "kubectl planaria" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < WITHIN


def test_help_names_every_command():
    shown = parser().format_help()
    assert all(name in shown for name in PLACES)


def test_it_loads_what_its_extra_names_and_neither_the_loop_nor_a_model():
    modules = ["session", "screen", *(each for pair in PLACES.values() for each in pair)]
    program = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(f'planaria_kubectl.{{name}}')\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert (
        not {
            "kopf",
            "onnxruntime",
            "numpy",
            "openai",
            "torch",
            "tokenizers",
            "structlog",
            "prometheus_api_client",
        }
        & loaded
    )
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "kubectl"
    ]
    named = {re.split(r"[<>=~]", word)[0].replace("-", "_").replace("pyyaml", "yaml") for word in extra}
    named -= {"tzdata"}  # no module of it is ever imported: zoneinfo reads its files
    assert named <= loaded, "one that is named is not needed any more"
    assert {"kubernetes", "rich", "regex", "yaml", "aiohttp"} <= named


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["whatever"],
        ["why"],
        ["why", "deploy/x", "--since", "soon"],
        ["simulate", "deploy/x"],
        ["simulate", "deploy/x", "--fault", "overload", "--confidence", "101"],
        ["simulate", "deploy/x", "--fault", "overload", "--pods", "0"],
        ["why", "deploy/x", "--since", "1000000d"],
        ["pause", "web"],
        ["pause", "web", "--reason", "x", "--for", "3000000d"],
        ["status", "-o", "yaml"],
        ["diff", "x", "--attempt", "0"],
    ],
)
def test_what_cannot_be_understood_is_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: kubectl planaria" in capsys.readouterr().err


def test_no_cluster_is_one_line_and_1(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["status"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"kubectl planaria: kubeconfig {tmp_path}/.kube/config: no such file\n"


def kubeconfig(path):
    """Of a server that does not answer."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "shop"}}],
        "current-context": "a",
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(config))
    return path


def test_a_server_that_does_not_answer_is_one_line_and_1(tmp_path, capsys):
    path = kubeconfig(tmp_path / "config")
    assert main(["status", "--kubeconfig", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "cannot be reached" in told
    assert main(["status", "--kubeconfig", str(path), "--context", "other"]) == 1
    assert "other" in capsys.readouterr().err


@pytest.fixture
def in_a_pod(monkeypatch, tmp_path):
    """Its user's home, which is empty."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("POD_NAMESPACE", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_in_a_pod_the_usual_kubeconfig_comes_before_the_pods_own_cluster(in_a_pod, capsys):
    kubeconfig(in_a_pod / ".kube" / "config")
    assert main(["status"]) == 1
    assert "http://127.0.0.1:1 cannot be reached" in capsys.readouterr().err
    assert main(["status", "--context", "other"]) == 1
    assert "other" in capsys.readouterr().err


def test_a_pod_without_a_kubeconfig_has_no_contexts_to_choose_from(in_a_pod, capsys):
    assert main(["pause", "web", "--reason", "x", "--context", "staging"]) == 1
    told = capsys.readouterr().err
    assert "--context staging: no kubeconfig has it" in told
    assert "--kubeconfig FILE" in told


def test_a_pod_without_a_kubeconfig_asks_its_own_cluster(in_a_pod, capsys):
    assert main(["status"]) == 1
    assert "service account of this pod" in capsys.readouterr().err


@pytest.mark.parametrize("current", [{}, {"current-context": "deleted"}], ids=["none", "gone"])
async def test_a_chosen_context_needs_no_current_one(tmp_path, monkeypatch, current):
    class Client:
        async def close(self):
            pass

    async def connect(*_, **__):
        return Client()

    path = kubeconfig(tmp_path / "config")
    config = json.loads(path.read_text())
    del config["current-context"]
    path.write_text(json.dumps({**config, **current}))
    monkeypatch.setattr(session, "connect", connect)
    given = Namespace(kubeconfig=path, context="a", namespace=None)
    async with session.open_session(given) as opened:
        assert opened.namespace == "shop"


@pytest.mark.parametrize(
    ("mounted", "told", "namespace"),
    [("ci\n", "", "ci"), ("ci\n", "named", "named"), ("", "", "default")],
)
async def test_a_pod_without_a_kubeconfig_is_in_its_own_namespace(
    in_a_pod, monkeypatch, mounted, told, namespace
):
    class Client:
        async def close(self):
            pass

    async def connect(*_, **__):
        return Client()

    (in_a_pod / "namespace").write_text(mounted)
    monkeypatch.setattr(session, "connect", connect)
    monkeypatch.setattr(session, "OF_THE_POD", in_a_pod / "namespace")
    monkeypatch.setenv("POD_NAMESPACE", told)
    given = Namespace(kubeconfig=None, context=None, namespace=None)
    async with session.open_session(given) as opened:
        assert opened.namespace == namespace


def test_a_missing_package_is_named_with_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(PLACES, "status", ("package_that_is_missing", "status.view"))
    assert main(["status"]) == 1
    assert "from a checkout: pip install '.[kubectl]'" in capsys.readouterr().err
