"""Python programs in good health."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Experiment
from planaria_policy.semantics.harvest.settings import trusted

DATA = Path(__file__).parents[1] / "data" / "calm.py"
WORK = (
    "web", "jobs", "database", "resources", "retry", "tls", "stopping", "deprecated", "garbage", "loop",
)  # fmt: skip
TESTS = """\
import logging
import unittest

class ErrorHandling(unittest.TestCase):
    def test_crash_is_reported(self):
        with self.assertRaises(ZeroDivisionError):
            1 / 0

    def test_no_timeout(self):
        self.assertFalse(False)

    @unittest.skip("needs a GPU")
    def test_cuda_out_of_memory(self):
        pass
"""


def _work(name: str, style: str) -> Experiment:
    def run(bench: Bench) -> str:
        env = trusted(bench) if name == "tls" else {"PEER_PORT": str(peers.answering(bench, "200 OK", "ok"))}
        return bench.run([sys.executable, str(DATA), name, style], env=env)

    return Experiment(f"calm-{name}-{style}", Fault.HEALTHY, 0, run)


def _tests(bench: Bench) -> str:
    bench.file("test_errors.py", TESTS)
    return bench.run([sys.executable, "-m", "unittest", "-v", "test_errors"])


def _served(bench: Bench) -> str:
    port = str(bench.port())
    bench.file("index.html", "ok")
    server = bench.start([sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", port])
    server.wait_for("Serving")
    for path in ("", "missing", "errors.log", "index.html"):
        bench.run(["curl", "-s", f"http://127.0.0.1:{port}/{path}"])
    return server.stop()


def _tool(*arguments: str) -> Callable[[Bench], str]:
    def run(bench: Bench) -> str:
        bench.file("module.py", "import math\n\n\ndef area(r):\n    return math.pi * r * r\n")
        return bench.run([sys.executable, *arguments])

    return run


EXPERIMENTS: Sequence[Experiment] = (
    *(_work(name, style) for name in WORK for style in ("log", "json", "bare", "raw")),
    Experiment("calm-tests", Fault.HEALTHY, 0, _tests),
    Experiment("calm-http-server", Fault.HEALTHY, 0, _served),
    Experiment("calm-compileall", Fault.HEALTHY, 0, _tool("-m", "compileall", ".")),
    Experiment("calm-timeit", Fault.HEALTHY, 0, _tool("-m", "timeit", "-n", "1000", "-v", "sum(range(9))")),
    Experiment("calm-verbose", Fault.HEALTHY, 0, _tool("-v", "-c", "import module; print(module.area(2))")),
)
