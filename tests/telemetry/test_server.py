import aiohttp
import pytest

from planaria_operator.telemetry.checks import Check
from planaria_operator.telemetry.server import serve


class State:
    """What the probes are told."""

    def __init__(self) -> None:
        self.alive = [Check("reconcile", ok=True, message="last tick 0 s ago")]
        self.ready = [Check("synced", ok=True, message="complete"), Check("api", ok=True, message="3 s ago")]


async def get(port: int, path: str) -> tuple[int, aiohttp.ClientResponse, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, answer, await answer.text()


async def test_probes_follow_their_checks_and_say_why_not():
    state = State()
    async with serve("127.0.0.1", 0, alive=lambda: state.alive, ready=lambda: state.ready) as port:
        assert (await get(port, "/healthz"))[0] == 200
        assert (await get(port, "/readyz"))[0] == 200
        state.ready[1] = Check("api", ok=False, message="last sign of life 200 s ago")
        status, answer, text = await get(port, "/readyz")
        assert (status, answer.content_type) == (503, "application/json")
        assert '"name": "api", "ok": false, "message": "last sign of life 200 s ago"' in text
        assert '"name": "synced", "ok": true' in text
        assert (await get(port, "/healthz"))[0] == 200
        state.alive = [Check("reconcile", ok=False, message="stuck")]
        assert (await get(port, "/healthz"))[0] == 503


async def test_metrics_are_in_prometheus_format_and_ours_alone():
    async with serve("127.0.0.1", 0, alive=list, ready=list) as port:
        status, answer, text = await get(port, "/metrics")
        assert status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        assert "\nplanaria_build_info{" in text
        assert "\nprocess_resident_memory_bytes " in text
        assert (await get(port, "/elsewhere"))[0] == 404


async def test_a_port_that_is_taken_is_an_error_of_the_operating_system():
    async with serve("127.0.0.1", 0, alive=list, ready=list) as port:
        with pytest.raises(OSError, match="address already in use"):
            async with serve("127.0.0.1", port, alive=list, ready=list):
                pass
