"""A cluster beside the shared one, with the images of this checkout on its nodes: for what holds for a whole cluster."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from planaria_cluster import Provider, open_cluster
from planaria_cluster.images import builder
from planaria_cluster.products import build_products


class Apart:
    """One cluster for all modules that ask for it, made for the first of them. Each leaves it without a release."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._cluster: Provider | None = None

    def cluster(self) -> Provider:
        if self._cluster is None:
            self._cluster = self._stack.enter_context(_made())
        return self._cluster

    def close(self) -> None:
        self._cluster = None
        self._stack.close()


@contextmanager
def _made() -> Iterator[Provider]:
    if builder() is None:
        pytest.skip("no Docker, podman or buildah here")
    archives = build_products(("operator", "policy"))
    cluster = open_cluster(f"apart-{os.getpid()}")
    try:
        cluster.up(nodes=2)
        for archive in archives:
            cluster.load(archive)
        yield cluster
    finally:
        cluster.down()


def last_of(request: pytest.FixtureRequest, fixture: str) -> bool:
    """Whether no module after this one asks for `fixture`."""
    asking = [item.path for item in request.session.items if fixture in getattr(item, "fixturenames", ())]
    return asking[-1] == request.path
