"""Programs that are started beside the tests and the bench, and have to end again."""

import asyncio
import socket


async def stop_process(process: asyncio.subprocess.Process, seconds: float) -> None:
    """Ask the process to end, and kill it after `seconds`."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()


def free_port() -> int:
    """One that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
