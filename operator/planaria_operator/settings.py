"""What the operator is told when it starts. Everything else is in the HealingPolicy objects."""

import secrets
import socket
from collections.abc import Mapping
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

    leader_elect: bool = False
    """Whether other operators may run beside this one, so that only the holder of a Lease acts."""

    identity: str = field(default_factory=lambda: f"{socket.gethostname()}_{secrets.token_hex(4)}")
    """What this operator calls itself in the Lease: the host's name (in a pod, the pod's) and a part that no other process
    on the host has."""

    prometheus_url: str | None = None
    """Base address of a Prometheus. Default: none; the kubelet's own metrics are used then."""

    policy_url: str | None = None
    """Base address of the policy service. Default: none; the rules decide then."""

    policy_deadline_seconds: float = 0.05
    """How long one question to it may take before the rules decide."""

    semantics: SemanticsSettings = field(default=SemanticsSettings())
    """What reads the evidence. Default: the embedded encoder."""

    receivers: Mapping[str, str] = field(default_factory=dict)
    """Who can be told of an incident, by the name that policies use, with the format of the message. Default: nobody."""

    receivers_directory: Path = Path("/var/run/planaria/receivers")
    """Holds the secrets of each receiver: NAME/url, and NAME/signing-key where its messages are signed."""

    otlp_endpoint: str | None = None
    """Base address of an OTLP/HTTP collector that gets a trace of each incident. Default: none."""

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

    max_concurrent: int = 16
    """Remediations advanced at the same time; further ones wait their turn. Each may have eight calls under way, and one after the
    other is read by the encoder, so that more of them would only take memory, and the API server's time from what is new.
    """

    max_opening: int = 32
    """Incidents written down at the same time: noticing comes before reading."""

    max_actions_per_hour: int = 60
    """Actions of all policies together within an hour."""

    max_acting: int = 20
    """Remediations of all policies together that may be acting, verifying or reverting at the same time."""

    @property
    def protected(self) -> frozenset[str]:
        return self.protected_namespaces | ALWAYS_PROTECTED | {self.own_namespace}
