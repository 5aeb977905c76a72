"""A policy service that can be ended and started again at the same address, with a memory that can be taken from it."""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import aiohttp

from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.subprocesses import free_port

READY_SECONDS: Final = 60.0


class Service:
    def __init__(self, memory: str, log: Path) -> None:
        """`memory`: the URL of a database; empty for none."""
        self._log, self._port = log, free_port()
        self._options = ("--memory", memory) if memory else ()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Returns when it is ready. Raises EnvironmentalError."""
        words = ("policy", "serve", "--port", str(self._port), *self._options)
        with self._log.open("ab") as stream:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "planaria_cli", *words), stdout=stream, stderr=stream
            )
        try:
            async with asyncio.timeout(READY_SECONDS):
                while True:
                    if await self._get("/readyz") is not None:
                        return
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            raise EnvironmentalError(f"the policy service is not ready; see {self._log}") from error

    async def stop(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def trouble(self) -> str:
        """What it says of its memory; empty where all is well."""
        answer = await self._get("/v1/model")
        memory: dict[str, Any] = (answer and answer.get("memory")) or {}
        return str(memory.get("trouble") or "")

    async def remembered(self) -> int:
        """Incidents whose end is in the memory."""
        text = await self._text("/metrics") or ""
        found = re.search(
            r'^planaria_policy_memory_kept_total\{result="Kept",what="outcome"\} (\d+)', text, re.MULTILINE
        )
        return int(found[1]) if found else 0

    async def _get(self, path: str) -> Any:
        text = await self._text(path)
        if text is None:
            return None
        return json.loads(text) if text.startswith("{") else text

    async def _text(self, path: str) -> str | None:
        timeout = aiohttp.ClientTimeout(total=3)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{self.address}{path}") as answer,
            ):
                return await answer.text() if answer.ok else None
        except (aiohttp.ClientError, TimeoutError):
            return None
