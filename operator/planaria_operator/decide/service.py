"""The client of the policy service: one question, one deadline, and a pause after failures; reports in the background."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from planaria_contract import Action, Consultation, Decision, Outcome
from planaria_operator.api.reasons import Reason
from planaria_operator.telemetry import metrics
from planaria_semantics.circuit import Circuit

log = structlog.get_logger("planaria.policy")

LARGEST_ANSWER: Final = 2**20
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
REPORT_SECONDS: Final = 2.0
"""A report has no hurry, but it is tried once only: what is late is dropped."""
MOST_REPORTS: Final = 64
"""Under way at once; more are dropped."""


class PolicyServiceError(Exception):
    """The service cannot be used for this decision; the rules decide. `reason` says why, for the condition."""

    reason: Reason = Reason.POLICY_NOT_REACHED


class NotReached(PolicyServiceError):
    """Temporary: nothing listens, the connection broke, or the server said that it failed."""


class TooSlow(PolicyServiceError):
    """Temporary: no answer within the deadline."""

    reason = Reason.POLICY_TOO_SLOW


class Malformed(PolicyServiceError):
    """Permanent until one side is changed: no decision, or one that was masked."""

    reason = Reason.POLICY_MALFORMED


class _Answer(BaseModel):
    decisions: tuple[Decision, ...]


class _Receipt(BaseModel):
    kept: bool
    reason: str = ""


class PolicyService:
    """Asks over one kept connection. After some failures in a row (`Circuit`) it is not asked until a growing pause is over; then one
    question tries it, and the others do not wait for that.
    """

    def __init__(
        self, url: str, deadline_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url.rstrip("/")
        self._deadline = deadline_seconds
        self._session: aiohttp.ClientSession | None = None
        self._circuit = Circuit(FIRST_PAUSE, LONGEST_PAUSE, clock)
        self._reports: set[asyncio.Task[None]] = set()
        self.reason = Reason.POLICY_NOT_ASKED
        self.message = f"{url} was not asked yet"

    async def ask(self, question: Consultation) -> Decision:
        """Raises `PolicyServiceError`; never takes longer than the deadline."""
        if self._circuit.open:
            raise NotReached(f"left alone for a while: {self.message}")
        trial, begin = self._circuit.begin(), time.perf_counter()
        try:
            decision = _checked(
                question, await self._within(self._deadline, "/v1/decide", question.to_json().encode())
            )
        except PolicyServiceError as error:
            self._failed(error, trial=trial)
            raise
        finally:
            self._circuit.end(trial=trial)
            metrics.POLICY_SECONDS.observe(time.perf_counter() - begin)
        self._circuit.reset()
        self.reason, self.message = (
            Reason.POLICY_ANSWERS,
            f"{decision.model.id} {decision.model.version} answers",
        )
        metrics.POLICY_ASKED.labels(self.reason.value).inc()
        return decision

    def tell(self, outcome: Outcome) -> None:
        """Report in the background, once. Returns at once and raises nothing; the metric says what became of it."""
        if len(self._reports) >= MOST_REPORTS:
            metrics.POLICY_OUTCOMES.labels(Reason.OUTCOME_DROPPED.value).inc()
            return
        task = asyncio.create_task(self._report(outcome), name="report an outcome")
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def aclose(self) -> None:
        """Reports that are under way get their deadline, no more."""
        if self._reports:
            await asyncio.wait(self._reports, timeout=REPORT_SECONDS)
        if self._session:
            await self._session.close()

    async def _report(self, outcome: Outcome) -> None:
        try:
            body = await self._within(REPORT_SECONDS, "/v1/outcomes", outcome.to_json().encode(), good=202)
            told = _Receipt.model_validate_json(body)
            result = Reason.OUTCOME_KEPT if told.kept else Reason.OUTCOME_NOT_KEPT
            log.info("outcome reported", incident=outcome.incident, kept=told.kept, reason=told.reason)
        except (PolicyServiceError, ValidationError) as error:
            result = error.reason if isinstance(error, PolicyServiceError) else Reason.POLICY_MALFORMED
            log.info("outcome not reported", incident=outcome.incident, reason=result.value, error=str(error))
        metrics.POLICY_OUTCOMES.labels(result.value).inc()

    async def _within(self, seconds: float, path: str, body: bytes, *, good: int = 200) -> bytes:
        """The answer with the status `good`. Raises `PolicyServiceError`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(path, body, good)
        except TimeoutError as error:
            raise TooSlow(f"no answer within {seconds * 1000:.0f} ms") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotReached(f"{type(error).__name__}: {error}"[:200]) from error

    async def _post(self, path: str, body: bytes, good: int) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        headers = {"Content-Type": "application/json"}
        asking = self._session.post(self._url + path, data=body, headers=headers, allow_redirects=False)
        async with asking as answer:
            text = await answer.content.read(LARGEST_ANSWER)
            if answer.status >= 500:
                raise NotReached(f"HTTP {answer.status}")
            if answer.status != good:
                raise Malformed(f"HTTP {answer.status}: {text[:160].decode(errors='replace')}")
            while not answer.content.at_eof() and len(text) < LARGEST_ANSWER:
                text += await answer.content.read(LARGEST_ANSWER - len(text))
            return text

    def _failed(self, error: PolicyServiceError, *, trial: bool) -> None:
        self.reason, self.message = error.reason, str(error)
        metrics.POLICY_ASKED.labels(error.reason.value).inc()
        self._circuit.failed(trial=trial)


def _checked(question: Consultation, text: bytes) -> Decision:
    """The service is not trusted with the masks: what it must not choose is refused here once more."""
    try:
        (decision,) = _Answer.model_validate_json(text).decisions
    except (ValidationError, ValueError) as error:
        raise Malformed(f"not one decision: {str(error)[:160]}") from error
    masked = next((mask for mask in question.masks if mask.category is decision.category), None)
    if masked and decision.category is not Action.ESCALATE:
        raise Malformed(f"chose {decision.category.value}, which is masked: {masked.reason}")
    return decision
