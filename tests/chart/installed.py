"""A release on the real cluster, driven by the helm program as a person would."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from charts.generate.helm import CHART, helm

SECONDS = 300


@dataclass(frozen=True)
class Release:
    name: str
    namespace: str
    kubeconfig: Path

    def run(self, verb: str, *words: str) -> str:
        """What helm prints. Fails the test, with what it said, where it does not succeed."""
        command = [
            str(helm()),
            verb,
            *words,
            "--namespace",
            self.namespace,
            "--kubeconfig",
            str(self.kubeconfig),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"helm {verb}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def install(self, *options: str) -> str:
        # The cluster's definitions were applied by other tests; the release takes them over.
        return self.run("install", self.name, str(CHART), "--take-ownership", "--wait", *options)

    def upgrade(self, *options: str) -> str:
        return self.run("upgrade", self.name, str(CHART), "--reuse-values", "--wait", *options)

    def rollback(self, revision: int) -> str:
        return self.run("rollback", self.name, str(revision), "--wait")

    def test(self) -> str:
        return self.run("test", self.name)

    def uninstall(self) -> str:
        return self.run("uninstall", self.name, "--wait")
