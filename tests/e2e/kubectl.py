"""The cluster's own kubectl, for tests that must not see with the operator's eyes."""

import json
import subprocess
from pathlib import Path
from typing import Any

from planaria_cluster import open_cluster


class Kubectl:
    def __init__(self, kubeconfig: Path) -> None:
        self._command = [str(open_cluster().kubectl()), "--kubeconfig", str(kubeconfig)]

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Raises CalledProcessError with kubectl's own message among its notes."""
        done = subprocess.run(
            [*self._command, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        if done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def with_token(self, token: str, folder: Path) -> Path:
        """A kubeconfig for the same server with a token instead of the administrator's certificate."""
        config = json.loads(self.run("config", "view", "--raw", "--flatten", "-o", "json"))
        config["users"][0]["user"] = {"token": token}
        path = folder / "token-kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def apply(self, bodies: list[dict[str, Any]]) -> None:
        self.run("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies}))

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.run("get", kind, name, "-n", namespace, "-o", "json"))
        return body

    def list(self, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        scope = ["-n", namespace] if namespace else ["-A"]
        items: list[dict[str, Any]] = json.loads(self.run("get", kind, *scope, "-o", "json"))["items"]
        return items
