"""Hours of play in a minute: every sample with the time that the play's clock showed, as a database for Prometheus."""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from prometheus_client import CollectorRegistry

from planaria_observability.play.policy_service import PolicyServer
from planaria_observability.play.stage import staged
from planaria_observability.prometheus import binary
from planaria_operator.telemetry import metrics

STEP_SECONDS: Final = 10.0
SAMPLE_STEPS: Final = 6
"""A sample each minute, as by a Prometheus with its default interval."""
LEFT_OUT: Final = (
    "python_",
    "process_cpu",
    "process_virtual",
    "process_open",
    "process_max",
    "process_start",
)
NAMESPACE: Final = "planaria-system"


async def recorded(folder: Path, begin: datetime, hours: float) -> None:
    """Leaves Prometheus' blocks in `folder`/data. Raises PrometheusMissing, CalledProcessError."""
    promtool = binary("promtool")
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".om") as out:
        async with staged(begin) as (stage, server):
            metrics.LEADER.set(1)  # as Engine.run does, whose own clock this play cannot wait for
            steps = int(hours * 3600 / STEP_SECONDS)
            for step in range(steps):
                await stage.move(STEP_SECONDS)
                await stage.pass_over()
                if step % SAMPLE_STEPS == 0:
                    _sample(out, server, stage.now.timestamp())
        out.write("# EOF\n")
        out.flush()
        command = [
            promtool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            out.name,
            str(folder / "data"),
        ]
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=300)


def _sample(out: IO[str], server: PolicyServer, at: float) -> None:
    for line in _lines(metrics.REGISTRY, "planaria-operator", "planaria-operator-0", at):
        out.write(line)
    if registry := server.registry:
        for line in _lines(registry, "planaria-policy", "planaria-policy-0", at):
            out.write(line)


def _lines(registry: CollectorRegistry, job: str, pod: str, at: float) -> Iterator[str]:
    for family in registry.collect():
        for sample in family.samples:
            if sample.name.startswith(LEFT_OUT):
                continue
            labels = {**sample.labels, "job": job, "namespace": NAMESPACE, "pod": pod, "instance": pod}
            inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
            yield f"{sample.name}{{{inside}}} {_told(sample.name, sample.value, at)} {at:.0f}\n"


def _told(name: str, value: float, at: float) -> float:
    """What is a time by the machine's clock is told by the play's."""
    return at - 2 if name == "planaria_watch_last_event_timestamp_seconds" else value
