from collections.abc import AsyncIterator

import pytest

from tests.notify.inbox import Inbox, served


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with served() as found:
        yield found
