"""The command line: fast to start, one line for what is wrong, and an exit status that scripts can use."""

import json
import re
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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
        ["pause", "web"],
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


def test_a_server_that_does_not_answer_is_one_line_and_1(tmp_path, capsys):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "a", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "shop"}}],
        "current-context": "a",
    }
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    assert main(["status", "--kubeconfig", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "cannot be reached" in told
    assert main(["status", "--kubeconfig", str(path), "--context", "other"]) == 1
    assert "other" in capsys.readouterr().err


def test_a_missing_package_is_named_with_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(PLACES, "status", ("package_that_is_missing", "status.view"))
    assert main(["status"]) == 1
    assert "pip install 'planaria[kubectl]'" in capsys.readouterr().err
