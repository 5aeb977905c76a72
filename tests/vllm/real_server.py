"""A real vLLM with the small model, as a process that tests may stop, freeze and start again."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from planaria_scenarios.subprocesses import free_port

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv-vllm" / "bin"
MODEL = "tiny"
KEY = "key-of-the-tests"
READY_SECONDS = 240
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
}
# disable_any_whitespace: a weak model writes newlines until it runs out of tokens otherwise, and the schema allows it.
OPTIONS = (
    *("--served-model-name", MODEL, "--max-model-len", "4096", "--enforce-eager"),
    *("--max-num-seqs", "2", "--max-num-queued-reqs", "2", "--shutdown-timeout", "1"),
    *("--structured-outputs-config", '{"backend":"guidance","disable_any_whitespace":true}'),
)


def environment():
    return {**os.environ, **QUIET}


class RealServer:
    def __init__(self, model: Path, log: Path, host: str = "127.0.0.1"):
        """`host`: an address of this machine, such as that which the pods of a local cluster reach."""
        self.model, self.log, self.host = model, log, host
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def start(self):
        command = [
            str(BIN / "vllm"),
            "serve",
            str(self.model),
            "--host",
            self.host,
            "--port",
            str(self.port),
            *OPTIONS,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env={**environment(), "VLLM_API_KEY": KEY},
                start_new_session=True,
            )

    def wait_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if self._healthy():
                return
            time.sleep(0.3)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
        raise RuntimeError(f"vLLM did not become ready:\n{tail}")

    def _healthy(self):
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metric(self, name):
        """Sum over all labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((f"{name}{{", f"{name} "))
        )

    def signal(self, number):
        """To the server and to the processes that it started."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def stop(self):
        """Dead at once, frozen or not: a process that was woken first could still answer."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
