"""The operator as a process of its own, with the rights of its ServiceAccount and no others."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from planaria_scenarios import kubeconfig
from planaria_scenarios.api import Api
from planaria_scenarios.environment import OPERATOR_ACCOUNT, OPERATOR_NAMESPACE
from planaria_scenarios.errors import EnvironmentalError
from planaria_scenarios.subprocesses import free_port, stop_process

READY_SECONDS = 180
STOP_SECONDS = 20
TOKEN_SECONDS = 7200
ENCODER_DEADLINE = "20"
"""Seconds. The machine that runs the operator here runs a whole cluster too, and may be busy for the usual 2 s."""


@asynccontextmanager
async def running(
    api: Api, admin: Path, namespaces: Sequence[str], log: Path, options: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The operator, watching `namespaces` only; gives its address. `admin` names the cluster.

    Raises EnvironmentalError with the end of its log where it does not become ready, or dies while it is needed.
    """
    with tempfile.TemporaryDirectory(prefix="planaria-") as folder:
        access = await access_of(api, admin, Path(folder))
        address = f"127.0.0.1:{free_port()}"
        process = await _start(access, address, log, (*_scope(namespaces), *options))
        try:
            await _until_ready(process, address, log)
            yield f"http://{address}"
            _check_alive(process, log)
        finally:
            await stop_process(process, STOP_SECONDS)


async def access_of(api: Api, admin: Path, folder: Path) -> Path:
    """A kubeconfig of the operator's own account, written into `folder`."""
    return kubeconfig.with_token(admin, await _token(api), folder / "kubeconfig")


async def _token(api: Api) -> str:
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": TOKEN_SECONDS},
    }
    answer = await api.create(
        "ServiceAccount", OPERATOR_NAMESPACE, body, name=OPERATOR_ACCOUNT, subresource="token"
    )
    return str(answer["status"]["token"])


async def _start(access: Path, address: str, log: Path, options: Sequence[str]) -> asyncio.subprocess.Process:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "planaria_operator", "run", "--kubeconfig", str(access)),
            *("--listen", address, "--log-format", "json", "--encoder-deadline", ENCODER_DEADLINE, *options),
            stdout=stream,
            stderr=stream,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to handle: records are closed before the operator goes
        )


def _scope(namespaces: Sequence[str]) -> Iterator[str]:
    for namespace in namespaces:
        yield from ("--namespace", namespace)


async def _until_ready(process: asyncio.subprocess.Process, address: str, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession() as session:
        while not await _answers(session, f"http://{address}/readyz"):
            _check_alive(process, log)
            if time.monotonic() > end:
                raise EnvironmentalError(f"the operator is not ready after {READY_SECONDS} s: {_tail(log)}")
            await asyncio.sleep(0.5)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=3)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _check_alive(process: asyncio.subprocess.Process, log: Path) -> None:
    if process.returncode is not None:
        raise EnvironmentalError(f"the operator ended with status {process.returncode}: {_tail(log)}")


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return f"{' | '.join(lines[-3:])[-600:] or 'it wrote nothing'} (all of it in {log})"
