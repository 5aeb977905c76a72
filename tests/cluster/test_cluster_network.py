"""Links of a cluster that is taken down: the kernel may bury one between any two looks at it."""

import pytest

from planaria_cluster.bare import network
from planaria_cluster.bare.settings import Settings
from planaria_cluster.errors import CommandError


def settings(monkeypatch, bridge: str) -> Settings:
    monkeypatch.setattr(Settings, "bridge", bridge)
    return Settings(name="links", index=126, nodes=1, simulated=0)


def test_links_that_went_by_themselves_are_no_failure(monkeypatch):
    network.remove(settings(monkeypatch, "planaria-none"))


def test_a_link_that_cannot_be_deleted_is_one(monkeypatch):
    with pytest.raises(CommandError, match="ip link delete lo failed"):
        network.remove(settings(monkeypatch, "lo"))
