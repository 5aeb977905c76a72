"""The event loop stays free with 500 pods; `lag_probe.py` says how that is measured."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from planaria_operator.kube.client import KubeClient
from tests.kube.real import NOWHERE, deployment, eventually

pytestmark = pytest.mark.apiserver

PODS = 500
LIMIT = 2.0
"""Full garbage collections of the process: one is paid on purpose, when it starts (`telemetry/garbage.py`)."""


async def test_the_loop_is_never_blocked_for_long_with_500_pods(
    real: KubeClient, kubeconfig: Path, namespace: str
):
    await real.create("Deployment", namespace, deployment("crowd", replicas=PODS, **NOWHERE))

    async def all_made() -> bool:
        return len(await real.list("Pod", namespace)) == PODS

    await eventually(all_made, f"{PODS} pods", 180)
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.watch.lag_probe", str(kubeconfig), namespace),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await asyncio.wait_for(probe.communicate(), 300)
    assert probe.returncode == 0
    worst = json.loads(answer)
    assert worst.pop("pods") == PODS
    limit = LIMIT * worst.pop("full collection")
    assert set(worst) == {"first list", "kopf begins", "resync", "all pods go at once"}
    assert max(worst.values()) < limit, worst
