"""How this machine reaches its package index, as files that a build may read and no image keeps."""

import configparser
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "cert")
_SECTIONS = ("global", "install")
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CA = "/run/secrets/ca"


@contextmanager
def build_secrets() -> Iterator[dict[str, Path]]:
    """`pip`, a configuration, and `ca`, certificates, each only where this machine has one; gone after the build.

    Nothing is said where nothing is configured: the build then uses the public index.
    """
    settings = pip_settings()
    authorities = _certificates(settings.pop("cert", ""))
    if authorities:
        settings["cert"] = CA
    with tempfile.TemporaryDirectory(prefix="planaria-build-") as folder:
        secrets = {"ca": authorities} if authorities else {}
        if settings:
            secrets["pip"] = Path(folder) / "pip.conf"
            lines = (f"{key} = {value}" for key, value in settings.items())
            secrets["pip"].write_text("\n".join(["[global]", *lines, ""]))  # the folder is ours alone
        yield secrets


def pip_settings() -> dict[str, str]:
    """What pip's files and then its variables say of where packages come from; later ones win, as in pip."""
    parser = configparser.RawConfigParser()
    parser.read(_files(), encoding="utf-8")
    found: dict[str, str] = {}
    for section in _SECTIONS:
        if parser.has_section(section):
            found |= {
                key: " ".join(parser[section][key].split()) for key in _SETTINGS if key in parser[section]
            }
    variables = {key: os.environ.get(f"PIP_{key.replace('-', '_').upper()}", "") for key in _SETTINGS}
    return found | {key: value for key, value in variables.items() if value}


def _files() -> list[Path]:
    home = Path.home()
    usual = [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", home / ".config" / "pip" / "pip.conf"]
    own = os.environ.get("PIP_CONFIG_FILE")
    return [*usual, Path(own)] if own else usual


def _certificates(configured: str) -> Path | None:
    named = (os.environ.get(name, "") for name in _CERTIFICATES)
    return next((Path(text) for text in (configured, *named) if text and Path(text).is_file()), None)
