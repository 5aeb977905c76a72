"""Reading a kubeconfig, and writing the one that the operator is given."""

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from planaria_scenarios.errors import EnvironmentalError


@dataclass(frozen=True)
class Access:
    """Where the API server is and who we are to it."""

    server: str
    tls: ssl.SSLContext
    token: str = ""


def read(path: Path) -> Access:
    """The current context of a kubeconfig. Raises EnvironmentalError where it cannot be used."""
    try:
        cluster, user = _current(yaml.safe_load(path.read_text()))
        tls = _tls(cluster, user, path.parent)
        return Access(cluster["server"].rstrip("/"), tls, user.get("token", ""))
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise EnvironmentalError(f"{path}: not a usable kubeconfig: {error!r}") from error


def with_token(path: Path, token: str, out: Path) -> Path:
    """The same cluster as `path` names, but as the bearer of `token`. Only its owner may read `out`."""
    cluster, _ = _current(yaml.safe_load(path.read_text()))
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "operator",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": "operator", "context": {"cluster": "cluster", "user": "operator"}}],
    }
    out.touch(mode=0o600)
    out.write_text(yaml.safe_dump(body))
    return out


def _current(config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    named = {
        kind: {item["name"]: item[kind[:-1]] for item in config[kind]}
        for kind in ("contexts", "clusters", "users")
    }
    context = named["contexts"][config["current-context"]]
    return named["clusters"][context["cluster"]], named["users"][context["user"]]


def _tls(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _material(cluster, "certificate-authority", folder)
    tls = ssl.create_default_context(cadata=authority.decode() if authority else None)
    certificate, key = (_material(user, name, folder) for name in ("client-certificate", "client-key"))
    if certificate and key:
        # The ssl module reads key pairs from files only.
        with tempfile.NamedTemporaryFile(prefix="planaria-") as pair:
            pair.write(certificate + b"\n" + key)
            pair.flush()
            tls.load_cert_chain(pair.name)
    return tls


def _material(section: dict[str, Any], name: str, folder: Path) -> bytes:
    if data := section.get(f"{name}-data"):
        return base64.b64decode(data)
    if file := section.get(name):
        return Path(folder / file).read_bytes()
    return b""
