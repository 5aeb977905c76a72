"""Two operators, one Lease: the second goes on where the first stopped, and the first does nothing more when it wakes."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.bad_rollout import BAD, IMAGE, deployment, finished, policy
from tests.e2e.proxy import wait_until
from tests.kubectl import Kubectl, image_of

pytestmark = pytest.mark.cluster

EXIT_LOST_LEAD = 3


class Contender:
    """One operator that wants to lead."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log = process, log

    def said(self, words: str) -> bool:
        return words in self.log.read_text(errors="replace")

    async def leads(self) -> bool:
        return self.said('"event": "leading"')

    async def waits(self) -> bool:
        return self.said("waiting for the lead")

    async def acts(self) -> bool:
        """It has written down what it is going to do."""
        return self.said('"station": "intent"')


@asynccontextmanager
async def contender(kubeconfig: Path, namespace: str, log: Path) -> AsyncIterator[Contender]:
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "planaria_operator", "run", "--kubeconfig", str(kubeconfig)),
            *("--namespace", namespace, "--own-namespace", f"{namespace}-system", "--leader-elect"),
            *("--listen", "127.0.0.1:0", "--extractor", "rules"),
            stdout=stream,
            stderr=stream,
        )
    try:
        yield Contender(process, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


@pytest.fixture
def namespace(kubeconfig: Path) -> Iterator[str]:
    kubectl, name = Kubectl.of(kubeconfig), f"lead-{int(time.time()) % 100000}"
    for each in (name, f"{name}-system"):
        kubectl("create", "namespace", each)
    yield name
    kubectl("delete", "namespace", name, f"{name}-system", "--wait=false")


async def test_a_leader_frozen_in_mid_action_is_replaced_and_ends_without_a_second_action(
    kubeconfig: Path, namespace: str, tmp_path: Path
) -> None:
    kubectl = Kubectl.of(kubeconfig)
    kubectl.apply(namespace, policy(namespace))
    kubectl.apply(namespace, deployment(namespace))
    kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=120s")
    async with (
        contender(kubeconfig, namespace, tmp_path / "one.log") as one,
    ):
        await wait_until(one.leads, 60)
        async with contender(kubeconfig, namespace, tmp_path / "two.log") as two:
            await wait_until(two.waits, 60)
            broken = kubectl.apply(namespace, deployment(namespace, BAD))
            await wait_until(one.acts, 60)
            one.process.send_signal(signal.SIGSTOP)
            await wait_until(two.leads, 60)
            one.process.send_signal(signal.SIGCONT)
            assert await asyncio.wait_for(one.process.wait(), 60) == EXIT_LOST_LEAD

            async def over() -> bool:
                return await asyncio.to_thread(finished, kubectl, namespace)

            await wait_until(over, 90)
    body = kubectl.json("get", "deployment", "web", "-n", namespace)
    assert image_of(body) == IMAGE
    assert body["metadata"]["generation"] == broken["metadata"]["generation"] + 1, "rolled back exactly once"
    (remediation,) = kubectl.items("remediations", namespace)
    assert len(remediation["status"]["attempts"]) == 1
    lease = kubectl.json("get", "lease", "planaria-operator", "-n", f"{namespace}-system")
    assert lease["spec"]["leaseTransitions"] == 1
    assert lease["spec"]["holderIdentity"] == "", "the second let it go in order"
