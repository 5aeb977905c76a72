"""What the outages are made of: the relay that falls silent, and what is counted."""

import asyncio
from pathlib import Path

import pytest
import yaml

from bench.outage_field import Ending
from bench.outage_play import Outcome
from bench.outage_relay import Relay
from bench.outages import goals


@pytest.fixture
async def echo():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def relay(echo: int, tmp_path: Path):
    path = tmp_path / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {
                            "server": f"https://127.0.0.1:{echo}",
                            "certificate-authority": "pki/ca.crt",
                        },
                    }
                ],
                "users": [{"name": "u", "user": {"client-certificate": "/abs/a.crt", "client-key": "a.key"}}],
            }
        )
    )
    made = Relay(path)
    await made.start()
    yield made
    made.mend()
    await made.stop()


async def exchange(relay: Relay) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"here")
    assert await asyncio.wait_for(reader.readexactly(4), 10) == b"here"
    return reader, writer


async def test_what_is_cut_is_silent_and_open_and_goes_on_when_it_is_mended(relay: Relay):
    reader, writer = await exchange(relay)
    relay.cut()
    writer.write(b"more")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(4), 0.3)
    relay.mend()
    assert await asyncio.wait_for(reader.readexactly(4), 10) == b"more"
    writer.close()


async def test_a_connection_made_while_it_is_cut_is_served_when_it_is_mended(relay: Relay):
    relay.cut()
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(b"here")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(4), 0.3)
    relay.mend()
    assert await asyncio.wait_for(reader.readexactly(4), 10) == b"here"
    writer.close()


async def test_the_end_of_one_side_is_the_end_of_the_other(relay: Relay):
    reader, writer = await exchange(relay)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def test_its_kubeconfig_leads_to_it_with_the_same_files(relay: Relay, tmp_path: Path):
    body = yaml.safe_load(relay.kubeconfig(tmp_path / "other").read_text())
    cluster = body["clusters"][0]["cluster"]
    assert cluster["server"] == f"https://localhost:{relay.port}"
    assert cluster["certificate-authority"] == str(tmp_path / "pki/ca.crt")
    assert body["users"][0]["user"]["client-certificate"] == "/abs/a.crt"
    assert body["users"][0]["user"]["client-key"] == str(tmp_path / "a.key")


def ending(**changes: object) -> Ending:
    good = Ending("before", records=1, attempts=1, changes=1, reservations=1, healed=True, seconds=5.0)
    return good._replace(**changes)  # type: ignore[arg-type]


def outcome(*endings: Ending, told: str = "said", well: float | None = 1.0, tracebacks: int = 0) -> Outcome:
    return Outcome("etcd", "etcd is stopped", 30.0, told, 2.0, list(endings), well, [3], tracebacks)


@pytest.mark.parametrize(
    "changes",
    [
        {"attempts": 2},
        {"attempts": 0},
        {"changes": 2},
        {"records": 2},
        {"reservations": 0},
        {"healed": False},
    ],
)
def test_twice_or_never_is_not_once(changes: dict[str, object]):
    assert ending().exactly_once
    assert not ending(**changes).exactly_once


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (outcome(ending()), []),
        (outcome(ending(), ending(attempts=2)), ["incidents that ended in exactly one action"]),
        (outcome(ending(), told=""), ["outages that somebody told of"]),
        (outcome(ending(), well=None), ["recovered without a person"]),
        (outcome(ending(), tracebacks=1), ["stack traces in the operators' logs"]),
    ],
)
def test_each_goal_is_missed_by_what_it_is_about(found: Outcome, missed: list[str]):
    assert [goal.name for goal in goals([found]) if not goal.met] == missed
