"""Cluster DNS: one CoreDNS on the host's side of the bridge, behind the usual `kube-dns` Service."""

from pathlib import Path
from typing import Any

from planaria_cluster.bare import certificates
from planaria_cluster.bare.api import Api
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Settings
from planaria_cluster.paths import write_if_changed

PORT = 5300  # 53 may be taken by a resolver that listens on all addresses
HEALTH_PORT = 8080


def corefile(settings: Settings) -> str:
    """Names of the cluster; NXDOMAIN at once for all others, since pods cannot reach the outside anyway."""
    return f"""cluster.local:{PORT} in-addr.arpa:{PORT} ip6.arpa:{PORT} {{
    bind {settings.host_address}
    errors
    health {settings.host_address}:{HEALTH_PORT}
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        kubeconfig {settings.folder}/coredns.kubeconfig
        pods insecure
        ttl 30
    }}
    cache 30
}}
.:{PORT} {{
    bind {settings.host_address}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def ensure(settings: Settings, launcher: Launcher, folder: Path) -> bool:
    """Start CoreDNS where it does not run. It needs no API server to start. True where it was started."""
    kubeconfig = certificates.kubeconfig(settings, settings.folder / "pki" / "coredns")
    write_if_changed(settings.folder / "coredns.kubeconfig", kubeconfig)
    text = corefile(settings)
    write_if_changed(settings.folder / "Corefile", text)
    argv: list[str | Path] = [folder / "coredns", "-conf", settings.folder / "Corefile"]
    return launcher.ensure(Program("coredns", argv, text + kubeconfig))


def apply(settings: Settings, api: Api) -> None:
    """The Service, its endpoint, and CoreDNS' right to read what it serves."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    space = "/namespaces/kube-system"
    api.apply(f"{rbac}/clusterroles/planaria:coredns", _role())
    api.apply(f"{rbac}/clusterrolebindings/planaria:coredns", _binding())
    api.apply(f"/api/v1{space}/services/kube-dns", _service(settings))
    api.apply(f"/apis/discovery.k8s.io/v1{space}/endpointslices/kube-dns-host", _endpoint(settings))


def _role() -> dict[str, Any]:
    rules = [
        {
            "apiGroups": [""],
            "resources": ["services", "pods", "namespaces", "nodes"],
            "verbs": ["list", "watch"],
        },
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "planaria:coredns"},
        "rules": rules,
    }


def _binding() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "planaria:coredns"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "planaria:coredns"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "system:coredns"}],
    }


def _service(settings: Settings) -> dict[str, Any]:
    ports = [
        {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": PORT},
        {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": PORT},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "labels": {"k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS"}},
        "spec": {"clusterIP": settings.dns_service, "ports": ports},
    }


def _endpoint(settings: Settings) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "kube-dns-host", "labels": {"kubernetes.io/service-name": "kube-dns"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [settings.host_address], "conditions": {"ready": True}}],
        "ports": [
            {"name": "dns", "protocol": "UDP", "port": PORT},
            {"name": "dns-tcp", "protocol": "TCP", "port": PORT},
        ],
    }
