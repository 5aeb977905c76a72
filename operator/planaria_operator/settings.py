"""What the operator is told when it starts. Everything else is in the HealingPolicy objects."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from planaria_semantics.settings import SemanticsSettings

ALWAYS_PROTECTED = frozenset({"kube-system", "kube-public", "kube-node-lease"})


@dataclass(frozen=True, slots=True)
class Settings:
    kubeconfig: Path | None = None
    """Credentials for the API server. Default: $KUBECONFIG, else the pod's own service account."""

    namespaces: tuple[str, ...] = ()
    """Namespaces that are watched. Default: all of them, because most users want one operator per cluster."""

    protected_namespaces: frozenset[str] = field(default=ALWAYS_PROTECTED)
    """Namespaces where nothing is ever done, whatever a policy says. The system's own are always among them."""

    own_namespace: str = "planaria-system"
    """Where the operator runs; protected too, because an operator that heals itself cannot be trusted to stop."""

    prometheus_url: str | None = None
    """Base address of a Prometheus. Default: none; the kubelet's own metrics are used then."""

    semantics: SemanticsSettings = field(default=SemanticsSettings())
    """What reads the evidence. Default: the embedded encoder."""

    listen_host: str = "127.0.0.1"
    """Address of the probe and metrics endpoint. Loopback by default; 0.0.0.0 inside a pod."""

    listen_port: int = 8080
    """0 picks a free port."""

    log_format: Literal["console", "json"] = "json"
    log_level: str = "info"

    tick_seconds: float = 1.0
    """How often the world is compared with the policies where no watch event comes first."""

    api_timeout_seconds: float = 10.0
    """Deadline of one call to the API server."""

    max_concurrent: int = 32
    """Remediations advanced at the same time; further ones wait their turn."""

    @property
    def protected(self) -> frozenset[str]:
        return self.protected_namespaces | ALWAYS_PROTECTED | {self.own_namespace}
