"""The HTTP service: POST /v1/decide, POST /v1/outcomes, GET /v1/model, /healthz, /readyz, /metrics."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import orjson
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from planaria_contract import SCHEMA_VERSION, Consultation, Decision, Outcome
from planaria_policy.serving.newer import Newer
from planaria_policy.serving.selftest import cases
from planaria_policy.serving.shelf import Shelf
from planaria_policy.serving.watch import watch
from planaria_policy.spaces.encode import encode

if TYPE_CHECKING:
    from planaria_policy.recording.recorder import Recorder

LARGEST_BODY: Final = 8 * 2**20
LARGEST_BATCH: Final = 64
QUESTIONS: Final = TypeAdapter(tuple[Consultation, ...])
REFUSALS: Final = ("TooLarge", "TooMany", "NotJson", "NotAConsultation", "NotAnOutcome")
BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series, and nobody asks for them


class Service:
    def __init__(self, shelf: Shelf, memory: str | None = None) -> None:
        """`memory`: a file or a URL, as `Memory.open` takes it; raises BadData where it can be none."""
        self.shelf = shelf
        self.ready = False
        self.registry = CollectorRegistry()
        self.decisions = Counter(
            "planaria_policy_decisions", "Decisions given.", ["action"], registry=self.registry
        )
        self.refusals = Counter(
            "planaria_policy_refusals", "Requests that were refused.", ["reason"], registry=self.registry
        )
        for (
            reason
        ) in REFUSALS:  # from zero on: a series that appears with its first event hides it from rate()
            self.refusals.labels(reason)
        self.seconds = Histogram(
            "planaria_policy_request_seconds",
            "Time to answer a question or a batch of them.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.served = Gauge(
            "planaria_policy_served",
            "1 for the policy that is served.",
            ["version", "name"],
            registry=self.registry,
        )
        self.failed = Gauge(
            "planaria_policy_refused_files",
            "Policy files that failed their self-test.",
            registry=self.registry,
        )
        self._newer = Newer()
        self.recorder = _recorder(memory, self.registry) if memory else None
        self._show()

    def app(self) -> Starlette:
        routes = [
            Route("/v1/decide", self.decide, methods=["POST"]),
            Route("/v1/outcomes", self.outcomes, methods=["POST"]),
            Route("/v1/model", self.model),
            Route("/healthz", self.health),
            Route("/readyz", self.readiness),
            Route("/metrics", self.metrics),
        ]
        return Starlette(routes=routes, lifespan=self._life)

    async def decide(self, request: Request) -> Response:
        """A list of questions, or one; decisions in the same order. 400 names each wrong field."""
        begin = time.perf_counter()
        body = await request.body()
        if len(body) > LARGEST_BODY:
            return self._refuse(
                413, "TooLarge", f"at most {LARGEST_BODY >> 20} MiB in one request; ask in parts"
            )
        try:
            asked = self._questions(body)
        except ValidationError as error:
            return self._refuse(400, _wrong(error), _fields(error))
        if len(asked) > LARGEST_BATCH:
            return self._refuse(
                413, "TooMany", f"{len(asked)} questions; at most {LARGEST_BATCH} in one request"
            )
        decisions = await self._decisions(asked)
        for decision in decisions:
            self.decisions.labels(decision.category.value).inc()
        self.seconds.observe(time.perf_counter() - begin)
        return _json(
            {
                "decisions": [each.model_dump(mode="json", exclude_none=True) for each in decisions],
                **self._about(),
            }
        )

    async def outcomes(self, request: Request) -> Response:
        """What came of one incident. 202 says whether it is remembered, and why not; 400 names each wrong field."""
        body = await request.body()
        if len(body) > LARGEST_BODY:
            return self._refuse(413, "TooLarge", f"at most {LARGEST_BODY >> 20} MiB")
        try:
            outcome = Outcome.model_validate(self._newer.understood(orjson.loads(body)))
        except orjson.JSONDecodeError as error:
            return self._refuse(400, "NotJson", str(error))
        except ValidationError as error:
            return self._refuse(400, "NotAnOutcome", _fields(error))
        kept, reason = False, "NoMemory"
        if self.recorder:
            receipt = await self.recorder.learn(outcome)
            kept, reason = receipt.kept, receipt.reason
        told = {"kept": kept, "reason": reason, "incident": outcome.incident}
        return _json(told, 503 if reason == "QueueFull" else 202)

    async def model(self, _request: Request) -> Response:
        """What is served, and which files were refused and why."""
        memory = self.recorder.about() if self.recorder else None
        refused = [{"name": each.name, "why": each.why} for each in self.shelf.refused.values()]
        return _json(
            {**self._about(), "about": self.shelf.brain.manifest.about, "refused": refused, "memory": memory}
        )

    async def health(self, _request: Request) -> Response:
        """A coroutine: for a plain function Starlette would keep a thread, and the libraries of one, for good."""
        return Response("ok\n")

    async def readiness(self, _request: Request) -> Response:
        return Response("ready\n") if self.ready else Response("warming up\n", 503)

    async def metrics(self, _request: Request) -> Response:
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    # --- inside

    def _questions(self, body: bytes) -> tuple[Consultation, ...]:
        try:
            return _questions(body)
        except ValidationError as error:
            try:
                message = orjson.loads(body)
            except orjson.JSONDecodeError:
                raise error from None
            return self._of_a_newer(message)

    def _of_a_newer(self, message: Any) -> tuple[Consultation, ...]:
        """Looked through only after it was refused: it takes as long as reading it, and an upgrade is soon over."""
        if isinstance(message, list):
            return QUESTIONS.validate_python([self._newer.understood(each) for each in message])
        return (Consultation.model_validate(self._newer.understood(message)),)

    async def _decisions(self, asked: tuple[Consultation, ...]) -> list[Decision]:
        """With a memory: what is like it is looked for while the network runs, and every decision is kept."""
        encoded = [encode(question) for question in asked]
        looking = self.recorder.look(encoded, asked) if self.recorder else None
        thoughts = self.shelf.brain.think(asked, encoded)
        decisions = [thought.decision for thought in thoughts]
        if not self.recorder:
            return decisions
        self.recorder.keep(asked, thoughts)
        found = await self.recorder.found(looking)
        if not found:
            return decisions
        return [
            decision.model_copy(update={"precedents": each})
            for decision, each in zip(decisions, found, strict=True)
        ]

    def _about(self) -> dict[str, Any]:
        manifest = self.shelf.brain.manifest
        return {
            "model": {"id": manifest.id, "version": manifest.version, "name": self.shelf.name},
            "checksum": manifest.checksum,
            "schema_version": SCHEMA_VERSION,
        }

    def _refuse(self, status: int, reason: str, message: str) -> Response:
        self.refusals.labels(reason).inc()
        return _json({"reason": reason, "message": message}, status)

    def _show(self) -> None:
        self.served.clear()
        self.served.labels(self.shelf.brain.manifest.version, self.shelf.name).set(1)
        self.failed.set(len(self.shelf.refused))

    @contextlib.asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        for case in cases():  # the first runs of a network are slow
            self.shelf.brain.decide([case.asked])
        if self.recorder:
            self.recorder.start()
        gc.collect()
        gc.freeze()  # the libraries are here to stay: looking through them takes longer than a decision
        self.ready = True
        looking = asyncio.create_task(watch(self.shelf, self._show))
        yield
        looking.cancel()
        if self.recorder:
            await asyncio.to_thread(self.recorder.close)


def _recorder(memory: str, registry: CollectorRegistry) -> "Recorder":
    """The database's libraries take a second and 35 MiB; without a memory nothing of them is loaded."""
    from planaria_policy.recording.recorder import Recorder  # noqa: PLC0415

    return Recorder(memory, registry)


def _questions(body: bytes) -> tuple[Consultation, ...]:
    """One question or a list of them, read in one pass: half of a question is the times of its metrics."""
    if body.lstrip()[:1] == b"[":
        return QUESTIONS.validate_json(body)
    return (Consultation.model_validate_json(body),)


def _wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]["type"]
    return "NotJson" if first == "json_invalid" else "NotAConsultation"


def _fields(error: ValidationError) -> str:
    told = (
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)[:5]
    )
    return "; ".join(told)


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
