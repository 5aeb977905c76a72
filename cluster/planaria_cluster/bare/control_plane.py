"""etcd, API server, controller manager and scheduler, as processes of the host on addresses only it and its nodes have.

Started here and not by kwokctl, whose records hold a bare pid: after a crash it would take, and kill, a stranger.
"""

from pathlib import Path

from planaria_cluster.bare import audit, certificates
from planaria_cluster.bare.api import Api
from planaria_cluster.bare.launcher import Launcher, Program
from planaria_cluster.bare.settings import Settings
from planaria_cluster.bare.waiting import wait_until
from planaria_cluster.paths import make_folder, write_if_changed

PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def programs(settings: Settings, binaries: Path) -> list[Program]:
    """The four programs with their full command lines, in the order of starting."""
    flags = {
        "etcd": _etcd(settings),
        "kube-apiserver": _apiserver(settings),
        "kube-controller-manager": _controller_manager(settings),
        "kube-scheduler": _scheduler(settings),
    }
    files = {"kube-apiserver": audit.policy_text()}  # a change of what it reads at its start only restarts it
    return [
        Program(
            part,
            [binaries / part, *(f"--{key}={value}" for key, value in flags[part].items())],
            files.get(part, ""),
        )
        for part in PARTS
    ]


def start(settings: Settings, binaries: Path, launcher: Launcher, part: str) -> None:
    """Start one part where it does not run, and wait for the API server."""
    for program in programs(settings, binaries):
        if program.part == part:
            launcher.ensure(program)
    wait_ready(settings, Api(settings.server, settings.folder / "pki"), launcher)


def ensure_server(settings: Settings, binaries: Path, launcher: Launcher) -> None:
    """Start etcd and the API server where they do not run; returns at once, readiness is another question."""
    pki = certificates.ensure(settings)
    make_folder(settings.folder / "etcd").chmod(0o700)
    write_if_changed(settings.folder / "kubeconfig", certificates.kubeconfig(settings, pki / "admin"))
    audit.ensure(settings)
    for program in programs(settings, binaries)[:2]:
        launcher.ensure(program)


def ensure_controllers(settings: Settings, binaries: Path, launcher: Launcher) -> None:
    """Start controller manager and scheduler. Only once the server is ready: before, it refuses them and they give up."""
    for who in ("controller-manager", "scheduler"):
        certificate = settings.folder / "pki" / who
        write_if_changed(
            settings.folder / f"{who}.kubeconfig", certificates.kubeconfig(settings, certificate)
        )
    for program in programs(settings, binaries)[2:]:
        launcher.ensure(program)


def wait_ready(settings: Settings, api: Api, launcher: Launcher) -> None:
    """Wait until the API server says so itself, a minute at most."""

    def died() -> str | None:
        dead = next((part for part in PARTS[:2] if launcher.ledger.alive(part) is None), None)
        return f"{dead} ended: {launcher.tail(dead)}" if dead else None

    wait_until(api.ready, f"the API server at {settings.server} did not become ready", 60, died)


def _etcd(settings: Settings) -> dict[str, object]:
    pki = settings.folder / "pki"
    client, peer = f"https://{settings.loopback}:2379", f"https://{settings.loopback}:2380"
    return {
        "name": "etcd",
        "data-dir": settings.folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"etcd={peer}",
        "cert-file": pki / "etcd.crt",
        "key-file": pki / "etcd.key",
        "trusted-ca-file": pki / "etcd-ca.crt",
        "client-cert-auth": "true",
        "peer-cert-file": pki / "etcd.crt",
        "peer-key-file": pki / "etcd.key",
        "peer-trusted-ca-file": pki / "etcd-ca.crt",
        "peer-client-cert-auth": "true",
        # Only a power cut loses what is not synced, and this cluster is made to be thrown away.
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }


def _apiserver(settings: Settings) -> dict[str, object]:
    pki = settings.folder / "pki"
    return {
        "etcd-servers": f"https://{settings.loopback}:2379",
        "etcd-cafile": pki / "etcd-ca.crt",
        "etcd-certfile": pki / "apiserver-etcd.crt",
        "etcd-keyfile": pki / "apiserver-etcd.key",
        "bind-address": settings.host_address,
        "advertise-address": settings.host_address,
        "secure-port": 6443,
        "service-cluster-ip-range": settings.services,
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
        "kubelet-client-key": pki / "apiserver-kubelet.key",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki / "service-accounts.pub",
        "service-account-signing-key-file": pki / "service-accounts.key",
        "requestheader-client-ca-file": pki / "front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": pki / "front-proxy.crt",
        "proxy-client-key-file": pki / "front-proxy.key",
        "enable-aggregator-routing": "true",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "allow-privileged": "true",
        **audit.flags(settings),
    }


def _controller_manager(settings: Settings) -> dict[str, object]:
    pki = settings.folder / "pki"
    return {
        **_own_server(settings, "controller-manager"),
        "root-ca-file": pki / "ca.crt",
        "service-account-private-key-file": pki / "service-accounts.key",
        "cluster-signing-cert-file": pki / "ca.crt",
        "cluster-signing-key-file": pki / "ca.key",
        "use-service-account-credentials": "true",
        "controllers": "*,bootstrap-signer-controller,token-cleaner-controller",
        # At the default of 20 calls a second it spends 5 s of its start on its own service accounts.
        "kube-api-qps": 200,
        "kube-api-burst": 300,
        # A lost node should show within half a minute: the defaults (5 s and 50 s) make every trial wait for them.
        "node-monitor-period": "2s",
        "node-monitor-grace-period": "20s",
    }


def _scheduler(settings: Settings) -> dict[str, object]:
    return _own_server(settings, "scheduler")


def _own_server(settings: Settings, who: str) -> dict[str, object]:
    pki, kubeconfig = settings.folder / "pki", settings.folder / f"{who}.kubeconfig"
    return {
        "kubeconfig": kubeconfig,
        "authentication-kubeconfig": kubeconfig,
        "authorization-kubeconfig": kubeconfig,
        "bind-address": settings.loopback,
        "tls-cert-file": pki / f"{who}.crt",
        "tls-private-key-file": pki / f"{who}.key",
        # One of each: losing a lease on a busy laptop would only make it exit.
        "leader-elect": "false",
    }
