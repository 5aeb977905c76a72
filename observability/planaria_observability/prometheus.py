"""A real Prometheus, started for a test or a picture, and the three questions that are asked of it."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import requests

START_SECONDS: Final = 30.0
ASK_SECONDS: Final = 10.0
HINT: Final = "it is in the package `prometheus` of Debian and Ubuntu, or among the releases of prometheus.io"


class PrometheusMissing(Exception):
    """No binary. The message says where it can be had."""


class QueryFailed(Exception):
    """Prometheus refused the question; its own words."""


def binary(name: str = "prometheus") -> str:
    """`prometheus` or `promtool`. Raises PrometheusMissing."""
    found = shutil.which(name) or _of_cluster(name)
    if found is None:
        raise PrometheusMissing(f"{name} is not on the PATH: {HINT}")
    return found


def _of_cluster(name: str) -> str | None:
    """The local cluster's tools may have fetched one; promtool lies beside it."""
    try:
        tools: Any = import_module("planaria_cluster.tools")
        beside = Path(tools.prometheus()).parent / name
    except (ModuleNotFoundError, AttributeError):
        return None
    return str(beside) if beside.exists() else None


@dataclass(frozen=True, slots=True)
class Series:
    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]
    """Unix time and value."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped, with the labels that a ServiceMonitor would give it."""

    address: str
    job: str
    namespace: str
    pod: str


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def at(self, promql: str, when: float | None = None) -> list[Series]:
        """Each series with one point. Raises QueryFailed."""
        parameters = {"query": promql} if when is None else {"query": promql, "time": f"{when:.3f}"}
        return _read(self._ask("query", parameters))

    def over(self, promql: str, begin: float, end: float, step: float) -> list[Series]:
        """Raises QueryFailed."""
        span = {"start": f"{begin:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return _read(self._ask("query_range", {"query": promql, **span}))

    def ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=ASK_SECONDS).ok
        except requests.ConnectionError:
            return False

    def _ask(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        answer = requests.post(f"{self.url}/api/v1/{path}", data=parameters, timeout=ASK_SECONDS)
        if not answer.ok:
            raise QueryFailed(f"{parameters['query']}: {answer.text[:400]}")
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found


def _read(result: Sequence[Mapping[str, Any]]) -> list[Series]:
    found = []
    for each in result:
        points = each.get("values") or [each["value"]]
        found.append(Series(each["metric"], tuple((float(at), float(value)) for at, value in points)))
    return found


@contextmanager
def started(folder: Path, targets: Sequence[Target] = (), *, every: str = "1s") -> Iterator[Prometheus]:
    """On a free port, with its data in `folder` (which may hold blocks already). Raises PrometheusMissing, TimeoutError."""
    path = folder / "prometheus.yaml"
    path.write_text(json.dumps(_configuration(targets, every)))  # JSON is YAML
    port = _free_port()
    command = [
        binary(),
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with (
        (folder / "prometheus.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            server = Prometheus(f"http://127.0.0.1:{port}")
            _await(server, process, folder / "prometheus.log")
            yield server
        finally:
            process.terminate()


def _await(server: Prometheus, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"Prometheus is not ready: {log.read_text()[-800:]}")
        time.sleep(0.1)


def _configuration(targets: Sequence[Target], every: str) -> dict[str, Any]:
    jobs = [
        {
            "job_name": target.job,
            "static_configs": [
                {"targets": [target.address], "labels": {"namespace": target.namespace, "pod": target.pod}}
            ],
        }
        for target in targets
    ]
    return {"global": {"scrape_interval": every, "scrape_timeout": every}, "scrape_configs": jobs}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
