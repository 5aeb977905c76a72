from pathlib import Path

import pytest
import yaml

from planaria_scenarios import kubeconfig
from planaria_scenarios.errors import EnvironmentalError


def config(tmp_path: Path) -> Path:
    body = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "admin"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443/"}}],
        "users": [{"name": "admin", "user": {"token": "administrator"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(body))
    return path


def test_operators_kubeconfig_holds_its_token_and_nothing_of_the_administrator(tmp_path):
    out = kubeconfig.with_token(config(tmp_path), "narrow", tmp_path / "operator")
    assert kubeconfig.read(out).token == "narrow"
    assert "administrator" not in out.read_text()
    assert out.stat().st_mode & 0o777 == 0o600


def test_server_is_read_without_its_trailing_slash(tmp_path):
    assert kubeconfig.read(config(tmp_path)).server == "https://127.0.0.1:6443"


@pytest.mark.parametrize(
    "text", ["", "[1, 2", "current-context: nowhere\ncontexts: []\nclusters: []\nusers: []"]
)
def test_unusable_kubeconfig_is_named(tmp_path, text: str):
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(EnvironmentalError, match="broken: not a usable kubeconfig"):
        kubeconfig.read(path)
