"""The play as a process that can be scraped: the engine runs by itself, as in the operator."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Final

from planaria_observability.play.stage import staged
from planaria_operator.telemetry.checks import Check
from planaria_operator.telemetry.logs import configure
from planaria_operator.telemetry.server import serve as serve_metrics

STEP_SECONDS: Final = 15.0
"""Of the play's time, in each step."""
PAUSE: Final = 0.25
"""Somebody is watching: four times as much happens."""


async def serve(port: int, pace: float) -> int:
    """Until it is interrupted. Prints the two ports, operator and policy service, in one line."""
    configure("console", "error")
    begin = datetime.now(UTC).replace(microsecond=0)
    async with (
        serve_metrics("127.0.0.1", port, alive=_fine, ready=_fine) as chosen,
        staged(begin, port=port + 1 if port else 0, pause=PAUSE) as (stage, server),
    ):
        sys.stdout.write(f"{chosen} {server.port}\n")
        sys.stdout.flush()
        stop = asyncio.Event()
        running = asyncio.create_task(stage.engine.run(stop))
        try:
            while True:
                await stage.move(STEP_SECONDS)
                await asyncio.sleep(pace)
        finally:
            stop.set()
            await running


def _fine() -> list[Check]:
    return []
