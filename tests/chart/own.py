"""A cluster that one module of tests has for itself, with the images of this checkout on its nodes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from planaria_cluster import Provider, open_cluster
from planaria_cluster.images import builder
from planaria_cluster.products import build_products


@contextmanager
def own_cluster(name: str, *, network_policies: bool = False) -> Iterator[Provider]:
    if builder() is None:
        pytest.skip("no Docker, podman or buildah here")
    archives = build_products(("operator", "policy"))
    cluster = open_cluster(f"{name}-{os.getpid()}")
    try:
        cluster.up(nodes=2, network_policies=network_policies)
        for archive in archives:
            cluster.load(archive)
        yield cluster
    finally:
        cluster.down()
