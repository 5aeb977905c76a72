"""Looks for new policies for as long as the service runs."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from planaria_policy.serving.shelf import Shelf

log = logging.getLogger("planaria.policy.serving")

LOOK_SECONDS: Final = 2.0


async def watch(shelf: Shelf, show: Callable[[], None]) -> None:
    """Loads and tests them beside the event loop, so that no question waits for it; `show` is called after each look.

    Whatever goes wrong in one look, the next one comes: a watch that ended would be a silent stop.
    """
    said = ""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        trouble = ""
        try:
            await asyncio.to_thread(shelf.look)
        except Exception as error:  # noqa: BLE001  told below, once for each trouble and not for each look
            trouble = f"{type(error).__name__}: {error}"
        show()
        if trouble and trouble != said:
            log.warning(
                "%s could not be looked through, %s is still served: %s", shelf.folder, shelf.name, trouble
            )
        said = trouble
