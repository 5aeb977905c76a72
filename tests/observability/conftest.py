"""A process that plays incidents with the operator's real parts, and a real Prometheus that scrapes it."""

import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from planaria_observability.asking import Span
from planaria_observability.prometheus import Prometheus, Target, started

NAMESPACE = "planaria-system"
PACE = "0.25"
"""Seconds between two steps of the play, each a quarter of a minute by its own clock."""


@dataclass(frozen=True)
class Scraped:
    prometheus: Prometheus
    begin: float

    def span(self) -> Span:
        end = time.time()
        return Span(self.begin, end, scrape=1, shortest_bar=10, namespace=NAMESPACE)


@pytest.fixture(scope="module")
def play():
    """Ports of the operator's metrics and of the policy service."""
    command = [sys.executable, "-m", "planaria_observability", "play", "--pace", PACE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield tuple(int(port) for port in line.split())
        process.kill()


@pytest.fixture(scope="module")
def scraped(play, tmp_path_factory):
    operator, policy = play
    targets = [
        Target(f"127.0.0.1:{operator}", "planaria-operator", NAMESPACE, "planaria-operator-0"),
        Target(f"127.0.0.1:{policy}", "planaria-policy", NAMESPACE, "planaria-policy-0"),
    ]
    with started(tmp_path_factory.mktemp("prometheus"), targets) as prometheus:
        yield Scraped(prometheus, time.time())
