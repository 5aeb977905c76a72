"""Winning the Lease, keeping it, and knowing at every moment whether it may still be believed to be ours."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from planaria_operator.kube.errors import AlreadyExists, Conflict, KubeError, NotFound, NotLeading
from planaria_operator.kube.interface import JsonBody, Kube, PatchType
from planaria_operator.lead.lease import Holding, Timing, first, given_up, taken
from planaria_operator.objects.meta import now
from planaria_operator.patience import pause_for

LEASE_NAME = "planaria-operator"

log = structlog.get_logger("planaria.lead")


class Elector:
    """One operator's part in the election. `clock` is monotonic: a process that was frozen must notice it."""

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        identity: str,
        *,
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.identity = identity
        self.holder = ""
        """Who leads as far as is known here; empty where nobody does."""
        self.lost = False
        self._kube, self._namespace = kube, namespace
        self._timing, self._clock = timing or Timing(), clock
        self._seen: tuple[Holding | None, float] = (None, 0.0)
        """The Lease when it last changed, and when that was noticed here."""
        self._renewed: float | None = None
        """When the last renewal that succeeded was begun; None while somebody else leads."""

    @property
    def leading(self) -> bool:
        return self._renewed is not None and self._clock() < self._renewed + self._timing.deadline

    def check(self) -> None:
        """Before every call that changes something. Raises NotLeading."""
        if not self.leading:
            raise NotLeading(
                f"{self.identity} does not hold the Lease {self._namespace}/{LEASE_NAME} any more"
            )

    async def win(self, stop: asyncio.Event) -> bool:
        """Wait until this operator leads; False where it was stopped first."""
        said = ""
        while not stop.is_set():
            begun = self._clock()
            try:
                async with asyncio.timeout(self._timing.deadline):
                    if await self._take():
                        self._leads_since(begun)
                        return True
                cannot = f"{self.holder} leads"
            except (KubeError, TimeoutError) as error:
                cannot = str(error) or "no answer in time"
            if cannot != said:
                log.info("waiting for the lead", lease=f"{self._namespace}/{LEASE_NAME}", because=cannot)
                said = cannot
            # Spread, so that several that wait do not ask at the same moment.
            await pause_for(self._timing.retry * random.uniform(1.0, 1.2), stop)
        return False

    async def hold(self, stop: asyncio.Event) -> None:
        """Renew until stopped. Returns early, with `lost` set, once it may be somebody else's."""
        why = ""
        while not stop.is_set():
            await pause_for(self._timing.retry, stop)
            begun = self._clock()
            try:
                # Not later than the moment from which it is not ours any more.
                async with asyncio.timeout(max(self._until_deadline(begun), 0.0)):
                    if await self._take():
                        self._renewed = begun
                    elif self.holder != self.identity:
                        return self._lose(f"{self.holder} leads now")
            except (KubeError, TimeoutError) as error:
                why = str(error) or "no answer in time"
            if not self.leading:
                return self._lose(f"it could not be renewed for {self._timing.deadline:g} s: {why}")
        return None

    async def release(self) -> None:
        """Let the next one begin at once. Whoever cannot is waited out, as after a crash."""
        if not self.leading:
            return
        self._renewed = None
        with suppress(KubeError, TimeoutError):
            async with asyncio.timeout(self._timing.retry):
                body = await self._read()
                if body and Holding.of(body).holder == self.identity:
                    await self._write(given_up(body))

    async def _take(self) -> bool:
        """Take or renew it where that is allowed. Raises KubeError; who came first wins."""
        body = await self._read()
        if body is None:
            with suppress(AlreadyExists):
                fresh = first(LEASE_NAME, self._namespace, self.identity, self._timing.lease, now())
                await self._kube.create("Lease", self._namespace, fresh)
                return True
            return False
        held = self._look_at(body)
        if held.holder not in {"", self.identity} and not self._expired(held):
            return False
        with suppress(Conflict):
            await self._write(taken(body, self.identity, self._timing.lease, now()))
            return True
        return False

    def _look_at(self, body: JsonBody) -> Holding:
        held = Holding.of(body)
        if held != self._seen[0]:
            self._seen = (held, self._clock())
        self.holder = held.holder
        return held

    def _expired(self, held: Holding) -> bool:
        return self._clock() >= self._seen[1] + held.lease_seconds

    async def _read(self) -> JsonBody | None:
        try:
            return await self._kube.get("Lease", self._namespace, LEASE_NAME)
        except NotFound:
            return None

    async def _write(self, patch: JsonBody) -> None:
        await self._kube.patch("Lease", self._namespace, LEASE_NAME, patch, patch_type=PatchType.MERGE)

    def _until_deadline(self, begun: float) -> float:
        return (self._renewed or begun) + self._timing.deadline - begun

    def _leads_since(self, begun: float) -> None:
        self._renewed, self.holder = begun, self.identity
        log.info("leading", identity=self.identity, lease=f"{self._namespace}/{LEASE_NAME}")

    def _lose(self, why: str) -> None:
        self._renewed, self.lost = None, True
        log.error("lost the lead; ending, so that nothing is done twice", because=why)
