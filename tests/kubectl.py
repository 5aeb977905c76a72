"""kubectl as a person would run it, against the cluster of the tests."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from planaria_cluster import open_cluster


def condition(status: dict[str, Any], kind: str) -> Any:
    """Fails the test where there is none."""
    (found,) = [each for each in status["conditions"] if each["type"] == kind]
    return found


def image_of(workload: Any) -> str:
    return str(workload["spec"]["template"]["spec"]["containers"][0]["image"])


@dataclass(frozen=True)
class Kubectl:
    program: Path
    kubeconfig: Path

    @classmethod
    def of(cls, kubeconfig: Path) -> "Kubectl":
        """With the kubectl of the local cluster, which has the cluster's version."""
        return cls(open_cluster().kubectl(), kubeconfig)

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.program), "--kubeconfig", str(self.kubeconfig), *words]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=180, check=False)

    def __call__(self, *words: str, stdin: str = "") -> str:
        """What it prints. Fails the test, with what it said, where it does not succeed."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def until_served(self, *what: str) -> None:
        """Until the API server serves these custom resources: `crd/NAME`, or `-f` and a folder."""
        wait = ("wait", "--for=condition=Established", *what, "--timeout=30s")
        # Of a definition that has no conditions at all yet kubectl says that nil is no list, and gives up.
        while "accessor error" in (done := self.run(*wait)).stderr:
            time.sleep(0.1)
        assert done.returncode == 0, f"kubectl {' '.join(wait)}: {done.stderr}"

    def refusal(self, *words: str, stdin: str = "") -> str:
        """Why the API server says no. Fails the test where it says yes."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode != 0, f"kubectl {' '.join(words)} was accepted: {done.stdout}"
        return done.stderr

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "-o", "json"))

    def items(self, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        scope = ("-n", namespace) if namespace else ("-A",)
        found: list[dict[str, Any]] = self.json("get", kind, *scope)["items"]
        return found

    def with_token(self, token: str, folder: Path) -> Path:
        """A kubeconfig for the same server with a token instead of the administrator's certificate."""
        config = self.json("config", "view", "--raw", "--flatten")
        config["users"][0]["user"] = {"token": token}
        path = folder / "token-kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def apply(self, namespace: str, body: dict[str, Any], *flags: str) -> Any:
        """Server-side apply as a Go or Python client does it, with warnings as errors; returns what is stored."""
        words = ("apply", "--server-side", "--warnings-as-errors", "-n", namespace, "-f", "-", "-o", "json")
        return json.loads(self(*words, *flags, stdin=yaml.safe_dump(body)))

    def apply_status(self, namespace: str, body: dict[str, Any]) -> Any:
        """As the operator writes it: the status is its own, whoever wrote there before."""
        return self.apply(
            namespace, body, "--subresource=status", "--field-manager=planaria-status", "--force-conflicts"
        )
