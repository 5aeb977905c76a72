"""Five want to lead on a real API server: at every moment at most one does."""

import asyncio

import pytest

from planaria_operator.kube.client import KubeClient
from planaria_operator.lead.elector import LEASE_NAME, Elector
from planaria_operator.lead.lease import Timing
from tests.kube.real import eventually

pytestmark = pytest.mark.apiserver

QUICK = Timing(lease=2, deadline=1.2, retry=0.05)


async def test_at_most_one_leads_while_they_take_turns(real: KubeClient, namespace: str):
    everybody = [Elector(real, namespace, f"operator-{number}", timing=QUICK) for number in range(5)]
    stops = {elector.identity: asyncio.Event() for elector in everybody}
    led: list[str] = []

    async def take_part(elector: Elector) -> None:
        stop = stops[elector.identity]
        if await elector.win(stop):
            led.append(elector.identity)
            await elector.hold(stop)
            await elector.release()

    tasks = [asyncio.create_task(take_part(elector)) for elector in everybody]
    for turn in range(1, 6):

        async def somebody_new(turn: int = turn) -> bool:
            assert sum(elector.leading for elector in everybody) <= 1
            return len(led) == turn

        await eventually(somebody_new, f"turn {turn}")
        stops[led[-1]].set()
    await asyncio.wait_for(asyncio.gather(*tasks), 20)
    assert sorted(led) == sorted(stops)
    body = await real.get("Lease", namespace, LEASE_NAME)
    assert body["spec"]["leaseTransitions"] == 4, "it changed hands four times"
