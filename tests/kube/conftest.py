from collections.abc import AsyncIterator

import pytest

from planaria_operator.kube.client import KubeClient
from tests.kube.raw_server import RawServer, client_of, raw_server
from tests.kube.real import namespace, real  # noqa: F401  fixtures


@pytest.fixture
async def raw() -> AsyncIterator[RawServer]:
    async with raw_server() as server:
        yield server


@pytest.fixture
async def kube(raw: RawServer) -> AsyncIterator[KubeClient]:
    client = client_of(raw)
    yield client
    await client.close()
