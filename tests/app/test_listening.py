"""An address for probes and metrics that cannot be had is a wrong setting: one line and status 2, no traceback."""

import socket
from collections.abc import Iterator

import pytest

from planaria_operator.app import EXIT_MISCONFIGURED, run_until_stopped
from planaria_operator.settings import Settings

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def refused(capsys: pytest.CaptureFixture[str], host: str, port: int) -> str:
    assert await run_until_stopped(Settings(listen_host=host, listen_port=port)) == EXIT_MISCONFIGURED
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--listen {host}:{port}: " in line
    return line


async def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str], taken: int):
    assert "a port that is free" in await refused(capsys, "127.0.0.1", taken)


@pytest.mark.parametrize("host", ["nowhere.invalid", "x..y"])
async def test_so_is_a_host_that_is_none(capsys: pytest.CaptureFixture[str], host: str):
    assert "an address of this machine" in await refused(capsys, host, 0)
