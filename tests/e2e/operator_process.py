"""The operator as a process of its own, with its log lines at hand."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp


class OperatorProcess:
    def __init__(self, process: asyncio.subprocess.Process, log: Path, port: int) -> None:
        self._process = process
        self._log = log
        self._port = port

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    def text(self) -> str:
        return self._log.read_text(errors="replace")

    def lines(self) -> list[dict[str, Any]]:
        """Log lines; one that is not JSON is a failure of the log, not of the test."""
        return [json.loads(line) for line in self.text().splitlines() if line.strip()]

    def said(self, *words: str) -> bool:
        return any(all(word in json.dumps(line) for word in words) for line in self.lines())

    async def probe(self, path: str) -> tuple[int, str]:
        """Status and body; (0, why) where nothing answers."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self._port}{path}") as answer,
            ):
                return answer.status, await answer.text()
        except aiohttp.ClientError as error:
            return 0, str(error)

    async def ready(self) -> bool:
        return (await self.probe("/readyz"))[0] == 200


@asynccontextmanager
async def operator(
    kubeconfig: Path, folder: Path, port: int, *arguments: str
) -> AsyncIterator[OperatorProcess]:
    log = folder / "operator.log"
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "planaria_operator", "run"),
            *("--kubeconfig", str(kubeconfig), "--listen", f"127.0.0.1:{port}", *arguments),
            stdout=stream,
            stderr=stream,
        )
    try:
        yield OperatorProcess(process, log, port)
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)
