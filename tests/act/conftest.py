from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.act.live import Live, own_namespace


@pytest.fixture
async def live(kubeconfig: Path) -> AsyncIterator[Live]:
    async with own_namespace(kubeconfig) as found:
        yield found
