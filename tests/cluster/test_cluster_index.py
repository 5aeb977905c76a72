"""How a build learns where packages come from, and that it forgets it."""

import configparser
import stat
from pathlib import Path

import pytest

from planaria_cluster import index


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch, tmp_path):
    for name in (*index._CERTIFICATES, *(f"PIP_{key.replace('-', '_').upper()}" for key in index._SETTINGS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(index, "_files", lambda: [tmp_path / "pip.conf"])
    return tmp_path


def told(secrets):
    parser = configparser.RawConfigParser()
    parser.read(secrets["pip"])
    return dict(parser["global"])


def test_where_nothing_is_configured_nothing_is_said():
    with index.build_secrets() as secrets:
        assert secrets == {}


def test_a_variable_wins_over_a_file_and_other_settings_stay_here(monkeypatch, tmp_path):
    text = (
        "[global]\nindex-url = https://one.example/simple\nretries = 7\n[install]\ntrusted-host =\n  a\n  b\n"
    )
    (tmp_path / "pip.conf").write_text(text)
    with index.build_secrets() as secrets:
        assert told(secrets) == {"index-url": "https://one.example/simple", "trusted-host": "a b"}
    monkeypatch.setenv("PIP_INDEX_URL", "https://two.example/simple")
    with index.build_secrets() as secrets:
        assert told(secrets)["index-url"] == "https://two.example/simple"


def test_the_file_is_private_and_gone_after_the_build(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@two.example/simple")
    with index.build_secrets() as secrets:
        path = Path(secrets["pip"])
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()


def test_certificates_are_found_inside_the_build(monkeypatch, tmp_path):
    (tmp_path / "ca.pem").write_text("x")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with index.build_secrets() as secrets:
        assert secrets["ca"] == tmp_path / "ca.pem"
        assert told(secrets) == {"cert": index.CA}
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    with index.build_secrets() as secrets:
        assert secrets == {}
