"""A few calls to the API server with the standard library, faster than starting kubectl for each."""

import http.client
import json
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from planaria_cluster.errors import ClusterError

APPLY = "application/apply-patch+yaml"


class ApiError(ClusterError):
    """The server's answer was an error, or none came (`status` 0)."""

    def __init__(self, what: str, status: int, text: str) -> None:
        super().__init__(f"{what}: {status or 'no answer'} {text[:300]}".strip())
        self.status = status


class Api:
    """Speaks as the cluster's administrator. `timeout` is in seconds per call."""

    def __init__(self, server: str, pki: Path, timeout: float = 10) -> None:
        self.address = urlsplit(server).netloc
        self.timeout = timeout
        self.context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self.context.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def call(self, method: str, path: str, body: Any = None, content: str = "application/json") -> str:
        """Raises ApiError."""
        connection = http.client.HTTPSConnection(self.address, timeout=self.timeout, context=self.context)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": content, "Accept": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{method} {path}", 0, str(error)) from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise ApiError(f"{method} {path}", answer.status, text)
        return text

    def get(self, path: str) -> Any:
        return json.loads(self.call("GET", path, content="application/json"))

    def apply(self, path: str, body: dict[str, Any]) -> None:
        """Server-side apply; repeating it changes nothing."""
        self.call("PATCH", f"{path}?fieldManager=planaria-cluster&force=true", body, APPLY)

    def ready(self) -> bool:
        try:
            self.call("GET", "/readyz")
        except ApiError:
            return False
        return True

    def accepts_pods(self) -> bool:
        """Whether the controller manager has made the service account without which no pod is admitted."""
        try:
            self.get("/api/v1/namespaces/default/serviceaccounts/default")
        except ApiError:
            return False
        return True

    def nodes(self) -> dict[str, float | None]:
        """Node names, and when each last said that it is Ready, in seconds since the epoch; None where it is not."""
        items = self.get("/api/v1/nodes")["items"]
        return {item["metadata"]["name"]: _ready(item) for item in items}

    def heartbeats(self) -> dict[str, float]:
        """Node names, and when each last renewed its lease, in seconds since the epoch."""
        items = self.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")["items"]
        times = {item["metadata"]["name"]: item["spec"].get("renewTime") for item in items}
        return {name: datetime.fromisoformat(text).timestamp() for name, text in times.items() if text}


def _ready(node: dict[str, Any]) -> float | None:
    for each in node.get("status", {}).get("conditions", []):
        if each["type"] == "Ready" and each["status"] == "True":
            return datetime.fromisoformat(each["lastHeartbeatTime"]).timestamp()
    return None
