"""500 pods fall ill of one cause at once: what the model is asked, and how long the encoder takes meanwhile."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import numpy as np

from planaria_contract import Fault, LogLine, ObjectRef, Observation, PodFact, Symptom, SymptomKind
from planaria_semantics.cascade import Cascade
from planaria_semantics.factory import assemble
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.vllm.fake import Behaviour, FakeVllm

PODS: Final = 500
MODEL_SECONDS: Final = 0.5
"""Of one answer; a real model on a GPU takes about as long."""
BETWEEN: Final = 0.15
"""Seconds between two windows that only the encoder reads, so that their times are those of reading, not of a queue of ours."""
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
FAULT: Final = Fault.DEPENDENCY_UNAVAILABLE
ANSWER: Final = {"fault": FAULT.value, "secondary": "none", "severity": 2, "certainty": 90, "evidence": [0]}


def pod(number: int) -> Observation:
    """The same cause on every pod; addresses, attempts and times differ."""
    name = f"front-{number}"
    texts = (
        f"ERROR [front] dependency check failed request_id={number:08x} attempt={number % 9 + 1} error=dial tcp 10.96.{number % 250}.4:8080: connect: connection refused",
        f"2026-11-23T11:59:{number % 60:02d}Z INFO  [front] request_id={number:08x} method=GET path=/work status=200 duration={number % 90 + 1}ms",
        f"WARN  [front] backend is away for {number + 2} ms, leaving the load balancer",
    )
    subject = ObjectRef(kind="Pod", name=name, namespace="shop")
    return Observation(
        incident=f"storm-{number}",
        time=NOW,
        target=subject,
        symptoms=(Symptom(kind=SymptomKind.NOT_READY, subject=subject, since=NOW),),
        logs=tuple(LogLine(index=at, pod=name, container="app", text=text) for at, text in enumerate(texts)),
        pods=(PodFact(name=name, uid=f"uid-{number}", ready=False, affected=True),),
    )


async def measure() -> dict[str, float]:
    async with FakeVllm(answer=ANSWER) as server:
        server.always = Behaviour(seconds=MODEL_SECONDS)
        with_model = assemble(SemanticsSettings("vllm", vllm_url=server.url, vllm_model=server.model))
        alone = assemble(SemanticsSettings("encoder"))
        await alone.extract(pod(0))
        started = time.perf_counter()
        storm = asyncio.gather(*(_timed(with_model, pod(number)) for number in range(PODS)))
        beside = [await _beside(alone, PODS + number) for number in range(40)]
        states = await storm
        seconds = time.perf_counter() - started
        await with_model.aclose()
        agreed = sum(fault is FAULT for fault, _ in states)
        return {
            "pods": PODS,
            "calls": len(server.asked),
            "agreed": agreed,
            "seconds": seconds,
            "vllm_p95_s": float(np.percentile([each for _, each in states], 95)),
            "encoder_p50_s": float(np.percentile(beside, 50)),
            "encoder_p95_s": float(np.percentile(beside, 95)),
        }


async def _beside(cascade: Cascade, number: int) -> float:
    await asyncio.sleep(BETWEEN)
    return (await _timed(cascade, pod(number)))[1]


async def _timed(cascade: Cascade, seen: Observation) -> tuple[Fault, float]:
    started = time.perf_counter()
    state = await cascade.extract(seen)
    return state.fault, time.perf_counter() - started
