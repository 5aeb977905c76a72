"""Two operators that want to lead, each with a way of its own to the API server, started again when they end.

As a Deployment of two replicas: what ends by itself is not a failure, and what does not come back is.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.outage_relay import Relay
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.subprocesses import free_port, stop_process

AGAIN_SECONDS: Final = 1.0
STOP_SECONDS: Final = 30.0
READY_SECONDS: Final = 60.0


class Operator:
    def __init__(self, relay: Relay, command: Sequence[str], log: Path, port: int) -> None:
        self.relay, self._command, self._log, self._port = relay, command, log, port
        self._heard = 0
        self.ended: list[int] = []
        """The exit status of every process that ended by itself."""

    @asynccontextmanager
    async def runs(self) -> AsyncIterator["Operator"]:
        keeping = asyncio.create_task(self._keep())
        try:
            yield self
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            self.relay.mend()
            await self.relay.stop()

    async def checks(self) -> list[dict[str, Any]]:
        """What /readyz says; nothing where nobody answers."""
        url = f"http://127.0.0.1:{self._port}/readyz"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
                session.get(url) as answer,
            ):
                checks: list[dict[str, Any]] = json.loads(await answer.text())["checks"]
                return checks
        except (aiohttp.ClientError, TimeoutError):
            return []

    async def ready(self) -> bool:
        checks = await self.checks()
        return bool(checks) and all(check["ok"] for check in checks)

    async def leads(self) -> bool:
        return any(check["message"] == "this operator acts" for check in await self.checks())

    async def misses(self) -> str:
        """What /readyz says that it lacks; empty while it is ready, or does not answer."""
        return "; ".join(check["message"] for check in await self.checks() if not check["ok"])

    def listen(self) -> None:
        """What was logged until now does not count for `said`."""
        self._heard = len(self._log.read_text(errors="replace"))

    def said(self, words: str) -> str:
        """The event of the first log line since `listen` with these words; empty where there is none."""
        lines = self._log.read_text(errors="replace")[self._heard :].splitlines()
        found = next((line for line in lines if words in line), "{}")
        return str(json.loads(found).get("event", ""))

    def tracebacks(self) -> int:
        return self._log.read_text(errors="replace").count("Traceback")

    async def _keep(self) -> None:
        while True:
            with self._log.open("ab") as stream:
                process = await asyncio.create_subprocess_exec(*self._command, stdout=stream, stderr=stream)
            try:
                self.ended.append(await process.wait())
            except asyncio.CancelledError:
                await stop_process(process, STOP_SECONDS)
                raise
            await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def two(
    kubeconfig: Path, namespaces: Sequence[str], own: str, folder: Path, options: Sequence[str]
) -> AsyncIterator[tuple[Operator, Operator]]:
    """The one that leads, and the one that stands by. Raises EnvironmentalError where they do not come to that."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(
            (await _made(kubeconfig, namespaces, own, folder / "1", options)).runs()
        )
        await _until(one.leads, "the first operator does not lead", folder)
        other = await stack.enter_async_context(
            (await _made(kubeconfig, namespaces, own, folder / "2", options)).runs()
        )
        await _until(other.ready, "the second operator is not ready", folder)
        yield one, other


async def _made(
    kubeconfig: Path, namespaces: Sequence[str], own: str, folder: Path, options: Sequence[str]
) -> Operator:
    await asyncio.to_thread(folder.mkdir, parents=True)
    relay, port = Relay(kubeconfig), free_port()
    await relay.start()
    command = [
        *(sys.executable, "-m", "planaria_operator", "run", "--leader-elect", "--own-namespace", own),
        *(word for namespace in namespaces for word in ("--namespace", namespace)),
        *("--kubeconfig", str(relay.kubeconfig(folder / "kubeconfig")), "--listen", f"127.0.0.1:{port}"),
        *("--extractor", "rules", *options),
    ]
    return Operator(relay, command, folder / "operator.log", port)


async def _until(question: Any, otherwise: str, folder: Path) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                if await question():
                    return
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        raise EnvironmentalError(f"{otherwise} after {READY_SECONDS:.0f} s; see {folder}") from error
