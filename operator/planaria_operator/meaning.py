"""The extractor that is configured, with its metrics and its condition."""

import asyncio

import structlog

from planaria_operator.api.reasons import Reason
from planaria_operator.reconcile.policy_status import RULES_ALONE, SEMANTICS_EMBEDDED, Known
from planaria_operator.telemetry import metrics
from planaria_semantics.availability import NOT_CONFIGURED
from planaria_semantics.cascade import Cascade
from planaria_semantics.encoder.bundle import BundleError
from planaria_semantics.factory import assemble
from planaria_semantics.settings import SemanticsSettings

log = structlog.get_logger("planaria.semantics")


class Counted:
    """Implements `planaria_semantics.observer.Observer` with Prometheus metrics."""

    def asked(self, reader: str, outcome: str, seconds: float) -> None:
        metrics.SEMANTICS_ASKED.labels(reader=reader, outcome=outcome).inc()
        metrics.SEMANTICS_SECONDS.labels(reader=reader).observe(seconds)

    def called(self, reader: str, outcome: str) -> None:
        metrics.SEMANTICS_CALLS.labels(reader=reader, outcome=outcome).inc()

    def cached(self, reader: str, how: str) -> None:
        metrics.SEMANTICS_CACHE.labels(reader=reader, how=how).inc()


class Meaning:
    """The cascade of readers, and what is known of it."""

    def __init__(self, settings: SemanticsSettings, extractor: Cascade, problem: str = "") -> None:
        self.extractor = extractor
        self._settings = settings
        self._problem = problem

    @classmethod
    async def assembled(cls, settings: SemanticsSettings) -> "Meaning":
        """Loading takes a second, so it is done off the event loop. Without a usable model file the rules read alone."""
        try:
            return cls(settings, await asyncio.to_thread(assemble, settings, Counted()))
        except BundleError as error:
            log.error("the encoder cannot be used; the rules read alone", error=str(error))  # noqa: TRY400
            return cls(settings, Cascade(observer=Counted()), str(error))

    @property
    def known(self) -> Known:
        """For the condition SemanticsAvailable."""
        found = self._known()
        metrics.SEMANTICS_AVAILABLE.set(found.available)
        return found

    def _known(self) -> Known:
        if self._problem:
            return Known(False, Reason.RULES_ALONE, self._problem)
        if self._settings.extractor == "rules":
            return RULES_ALONE
        status = self.extractor.availability.status
        if not status.available and (trouble := self.extractor.left_alone):
            return Known(False, Reason.RULES_ALONE, trouble)
        if status is NOT_CONFIGURED:
            return SEMANTICS_EMBEDDED
        return Known(status.available, Reason(status.reason.value), status.message)
