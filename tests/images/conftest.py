"""The images that ship, built as `make images` builds them; nothing to do where nothing changed since."""

import pytest

from planaria_cluster.archive import Archive
from planaria_cluster.images import builder
from planaria_cluster.products import build_products


@pytest.fixture(scope="session")
def archives():
    if builder() is None:
        pytest.skip("no Docker, podman or buildah here")
    return {path.stem: Archive(path) for path in build_products(("operator", "policy"))}


@pytest.fixture(scope="session", params=["operator", "policy"])
def image(request, archives):
    return archives[request.param]
