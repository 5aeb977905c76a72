"""The cluster's own certificate authorities and certificates, made with openssl; nothing here leaves this machine."""

import base64
import shutil
from dataclasses import dataclass
from pathlib import Path

from planaria_cluster.bare.settings import Node, Settings
from planaria_cluster.paths import make_folder
from planaria_cluster.run import run

DAYS = 3650  # a forgotten test cluster should not fail with an expired certificate
_EXTENSIONS = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth,clientAuth
"""


@dataclass(frozen=True)
class Subject:
    """`name` becomes the user and `group` the group that Kubernetes sees; `hosts` are DNS names and addresses."""

    file: str
    name: str
    group: str = ""
    hosts: tuple[str, ...] = ()
    authority: str = "ca"


def subjects(settings: Settings) -> list[Subject]:
    """Everybody in the control plane who proves who they are."""
    api = "kubernetes.default.svc.cluster.local"
    names = ("localhost", *(".".join(api.split(".")[:length]) for length in (1, 2, 3, 5)))
    return [
        Subject("apiserver", "kube-apiserver", hosts=(settings.host_address, settings.api_service, *names)),
        Subject("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
        Subject("apiserver-etcd", "kube-apiserver", authority="etcd-ca"),
        Subject("etcd", "etcd", hosts=(settings.loopback,), authority="etcd-ca"),
        Subject("front-proxy", "front-proxy-client", authority="front-proxy-ca"),
        Subject("admin", "planaria-admin", "system:masters"),
        Subject("controller-manager", "system:kube-controller-manager", hosts=(settings.loopback,)),
        Subject("scheduler", "system:kube-scheduler", hosts=(settings.loopback,)),
        Subject("proxy", "system:kube-proxy"),
        Subject("coredns", "system:coredns"),
        Subject("kwok", "planaria-kwok", "system:masters", hosts=(settings.host_address,)),
    ]


def ensure(settings: Settings) -> Path:
    """The folder with the control plane's certificates; made whole under another name, then renamed."""
    folder = settings.folder / "pki"
    if not folder.is_dir():
        fresh = folder.with_name("pki.new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_folder(fresh).chmod(0o700)
        for authority in ("ca", "etcd-ca", "front-proxy-ca"):
            _authority(fresh, authority)
        for subject in subjects(settings):
            _issue(fresh, fresh, subject)
        _service_account_key(fresh)
        fresh.rename(folder)
    return folder


def ensure_node(settings: Settings, node: Node) -> Path:
    """The folder with the node's certificate, which serves as its client certificate too."""
    folder = node.folder / "pki"
    if not folder.is_dir():
        fresh = folder.with_name("pki.new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_folder(fresh).chmod(0o700)
        subject = Subject("kubelet", f"system:node:{node.name}", "system:nodes", (node.address, node.name))
        _issue(ensure(settings), fresh, subject)
        fresh.rename(folder)
    return folder


def kubeconfig(settings: Settings, certificate: Path) -> str:
    """A kubeconfig that holds its certificates inside, so that it can be copied. `certificate` is without suffix."""
    authority = _inline(settings.folder / "pki" / "ca.crt")
    return f"""apiVersion: v1
kind: Config
current-context: {settings.name}
clusters:
- name: {settings.name}
  cluster:
    server: {settings.server}
    certificate-authority-data: {authority}
contexts:
- name: {settings.name}
  context:
    cluster: {settings.name}
    user: {certificate.name}
users:
- name: {certificate.name}
  user:
    client-certificate-data: {_inline(certificate.with_suffix(".crt"))}
    client-key-data: {_inline(certificate.with_suffix(".key"))}
"""


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _authority(folder: Path, name: str) -> None:
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    usage = "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"
    _key(key)
    _openssl("req -x509 -new", key=key, subj=f"/CN=planaria-{name}", days=DAYS, addext=usage, out=certificate)


def _issue(authorities: Path, folder: Path, subject: Subject) -> None:
    key, certificate = folder / f"{subject.file}.key", folder / f"{subject.file}.crt"
    authority = authorities / f"{subject.authority}.crt"
    _key(key)
    name = (f"/O={subject.group}" if subject.group else "") + f"/CN={subject.name}"
    request = _openssl("req -new", key=key, subj=name)
    extensions = folder / f"{subject.file}.ext"
    extensions.write_text(_EXTENSIONS + _alternative_names(subject.hosts))
    signer: dict[str, object] = {"CA": authority, "CAkey": authority.with_suffix(".key"), "days": DAYS}
    # Random: two certificates of one authority with the same number are refused.
    signer["set_serial"] = "0x" + _openssl("rand -hex 15").strip()
    _openssl("x509 -req", request, extfile=extensions, out=certificate, **signer)
    extensions.unlink()


def _alternative_names(hosts: tuple[str, ...]) -> str:
    if not hosts:
        return ""
    kinds = [f"{'IP' if host.replace('.', '').isdigit() else 'DNS'}:{host}" for host in hosts]
    return f"subjectAltName={','.join(kinds)}\n"


def _key(path: Path) -> None:
    _openssl("genpkey", algorithm="EC", pkeyopt="ec_paramgen_curve:P-256", out=path)
    path.chmod(0o600)


def _service_account_key(folder: Path) -> None:
    key = folder / "service-accounts.key"
    _key(key)
    files: dict[str, object] = {"in": key, "out": key.with_suffix(".pub")}
    _openssl("pkey -pubout", **files)


def _openssl(command: str, stdin: str = "", /, **options: object) -> str:
    flags = [word for key, value in options.items() for word in (f"-{key}", str(value))]
    return run(["openssl", *command.split(), *flags], stdin=stdin)
