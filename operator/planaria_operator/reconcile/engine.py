"""Level-based: every tick compares what is with what should be. Nothing depends on having seen a particular event."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import count

import structlog

from planaria_operator.api.base import PolicyKey
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.policy_status import HealingPolicyStatus
from planaria_operator.api.remediation import Remediation, Stage
from planaria_operator.detect.detector import detect
from planaria_operator.detect.incident import Incidents
from planaria_operator.detect.selection import Ranking, precedence
from planaria_operator.guard.weather import CALM, NodeClaims, Weather, weather
from planaria_operator.kube.errors import Conflict, KubeError, NotFound
from planaria_operator.reconcile.advance import advance
from planaria_operator.reconcile.brakes import braked, tell_of_brakes
from planaria_operator.reconcile.case import Case, Parts
from planaria_operator.reconcile.cordons import Cordons
from planaria_operator.reconcile.history import expired
from planaria_operator.reconcile.opener import Opener
from planaria_operator.reconcile.opening import open_remediations
from planaria_operator.reconcile.policy_status import (
    METRICS_NOT_CONFIGURED,
    RULES_ALONE,
    Known,
    held_elsewhere,
    summarised,
    told,
)
from planaria_operator.reconcile.races import Races
from planaria_operator.reconcile.setbacks import Setbacks
from planaria_operator.reconcile.soft_taints import take_off
from planaria_operator.telemetry import metrics

log = structlog.get_logger("planaria.reconcile")

SHORTEST_PAUSE = 0.2
"""Seconds between two ticks: a burst of watch events is answered once."""

FAILED_PAUSE = 5.0
"""Seconds after an error that nobody expected."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one pass found under one policy."""

    policy: HealingPolicy
    incidents: Incidents
    now: datetime
    weather: Weather
    ranking: Ranking

    def case(self, remediation: Remediation) -> Case:
        return Case(remediation, self.policy, self.incidents, self.now, self.weather, self.ranking)


@dataclass(slots=True)
class Engine:
    parts: Parts
    known: dict[str, Known] = field(
        default_factory=lambda: {
            "MetricsAvailable": METRICS_NOT_CONFIGURED,
            "SemanticsAvailable": RULES_ALONE,
        }
    )
    """By condition, kept true by the tasks that ask the parts; written into every policy's conditions."""
    ticked: datetime | None = None
    """When the loop last got anywhere: one pass over many policies may take minutes where the API server is slow."""
    seeing: bool = True
    """False while the store may be out of date: nothing is done by an old picture. Kept true by who fills the store."""
    cordons: Cordons = field(init=False)
    _setbacks: Setbacks = field(init=False)
    _opener: Opener = field(init=False)
    _races: Races = field(default_factory=Races)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: dict[str, int] = field(default_factory=dict)
    """When each open Remediation was last advanced, as a running number."""
    _decidable: set[str] = field(default_factory=set)
    """What was understood a moment ago and not gone on with since."""
    _short: set[PolicyKey] = field(default_factory=set)
    """Policies that had no place for any of their Remediations when they had their turn."""
    _counter: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.cordons = Cordons(self.parts)
        self._setbacks = Setbacks(self.parts.clock)
        self._opener = Opener(self.parts, self._setbacks, self._live)

    async def run(self, stop: asyncio.Event) -> None:
        self.parts.store.on_change = self._wake.set
        metrics.LEADER.set(1)
        while not stop.is_set():
            await self._pause(stop)
            if self.seeing:
                await self._tick_safely()
            self._live()
        metrics.LEADER.set(0)
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _live(self) -> None:
        self.ticked = self.parts.clock()

    async def _tick_safely(self) -> None:
        """Whatever goes wrong in one pass, the next one comes: a loop that ended would be a silent stop."""
        try:
            await self.tick(self.parts.clock())
        except KubeError as error:
            log.warning("the API server could not be asked; trying again", error=str(error))
            await asyncio.sleep(1)
        except Exception:
            metrics.RECONCILE_ERRORS.inc()
            log.exception("a pass failed; trying again")
            await asyncio.sleep(FAILED_PAUSE)

    async def tick(self, now: datetime) -> None:
        """One pass over every policy, the most specific first."""
        store, opened = self.parts.store, 0
        ranking, claims = Ranking(store), NodeClaims()
        for policy in sorted(store.policies.values(), key=precedence):
            self._live()
            protected = policy.namespace in self.parts.settings.protected
            found = Incidents(detect(store, policy, now, ranking))
            incidents = [each for each in found if not protected and ranking.heals(policy, each.target)]
            written = await self._opener.open(policy, incidents, found)
            opened += written.count
            sky = (
                CALM
                if protected
                else claims.under(policy, incidents, weather(store, policy, found, now, ranking))
            )
            moment = Moment(policy, found, now, sky, ranking)
            # First, so that a storm is in the status before anything is begun under it.
            await self._summarise(moment, len(incidents), written.trouble, protected=protected)
            await self._delete_old(policy, now)
            moment = replace(moment, policy=store.policies.get(policy.key, policy))
            self._advance_all(moment, surge=opened > self.parts.settings.max_concurrent)
            await asyncio.sleep(0)
        metrics.show_records(store, now)
        if self.parts.notifier:
            self.parts.notifier.tick(store)
        self._forget_deleted()
        await self.cordons.open_again(now)
        await take_off(self.parts, self._setbacks)

    # --- advancing

    def _advance_all(self, moment: Moment, *, surge: bool) -> None:
        """`surge`: more came in this pass than can be read together. Then more are to be expected in the next one, which has to
        write them down first; what is under way goes on, but no new evidence is read.
        """
        known = open_remediations(self.parts.store, moment.policy).values()
        waiting = [each for each in known if not (surge and each.status.stage is Stage.DETECTED)]
        places = self._places(moment.policy)
        for remediation in sorted(waiting, key=self._order):
            key = _key(remediation)
            if key in self._running or len(self._running) >= places:
                continue
            self._turns[key] = next(self._counter)
            self._decidable.discard(key)
            case = moment.case(remediation)
            task = asyncio.create_task(self._advance_one(case), name=f"advance {key}")
            self._running[key] = task
        none = not any(_key(each) in self._running for each in waiting)
        (self._short.add if waiting and none else self._short.discard)(moment.policy.key)

    def _places(self, policy: HealingPolicy) -> int:
        """The most specific policy comes first in every pass. It leaves one place to each that had none in the last, or a storm
        under it would keep all others from ever being looked at.
        """
        most = self.parts.settings.max_concurrent
        self._short &= self.parts.store.policies.keys()
        return most if policy.key in self._short else most - len(self._short)

    def _order(self, remediation: Remediation) -> tuple[bool, int]:
        """Who has waited longest goes first: with more of them than places, the first ones would have every pass. But what has
        just been understood is decided on while the evidence is fresh, and before that of all others is kept beside it; once.
        """
        key = _key(remediation)
        return key not in self._decidable, self._turns.get(key, 0)

    async def _advance_one(self, case: Case) -> None:
        with structlog.contextvars.bound_contextvars(incident=case.key):
            self.parts.journal.resumed(case.remediation)
            try:
                after = await advance(self.parts, case)
            except (Conflict, NotFound) as error:
                self._races.lost(case.key, error)
                return  # the record moved on; the newer one is in the store already
            except KubeError as error:
                log.warning("could not go on; trying again", stage=case.status.stage.value, error=str(error))
                await asyncio.sleep(1)
                return
            except Exception:
                metrics.RECONCILE_ERRORS.inc()
                log.exception("a step failed; trying again", stage=case.status.stage.value)
                await asyncio.sleep(FAILED_PAUSE)
                return
            finally:
                self._running.pop(case.key, None)
            self._races.over(case.key)
            if after.status.stage is not case.status.stage:
                if after.status.stage is Stage.UNDERSTOOD:
                    self._decidable.add(case.key)
                self._wake.set()

    # --- records about records

    async def _summarise(
        self, moment: Moment, unhealthy: int, trouble: Known | None, *, protected: bool
    ) -> None:
        """`trouble`: what stands in the way of the policy as a whole."""
        policy, store = moment.policy, self.parts.store

        def change(status: HealingPolicyStatus) -> HealingPolicyStatus:
            known = {**self.known, **told(self.parts.notifier, policy)}
            overlapping = {} if protected else held_elsewhere(store, moment.ranking, policy)
            after = summarised(
                store,
                policy,
                status,
                now=moment.now,
                unhealthy=unhealthy,
                protected=protected,
                overlapping=overlapping,
                known={**known, "Ready": trouble} if trouble else known,
            )
            return braked(store, policy, after, moment.weather, moment.now)

        async def write() -> None:
            try:
                written = await self.parts.records.update_policy(policy, change)
            except (Conflict, NotFound) as error:
                self._races.lost(str(policy), error)
            else:
                self._races.over(str(policy))
                tell_of_brakes(self.parts.recorder, policy, written)

        await self._setbacks.attempt(("write the status of", str(policy)), write)

    async def _delete_old(self, policy: HealingPolicy, now: datetime) -> None:
        finished = [each for each in self.parts.store.remediations_of(policy) if each.status.finished]
        for remediation in expired(finished, policy.spec.history, now):
            key = "delete Remediation", _key(remediation)
            await self._setbacks.attempt(key, partial(self.parts.records.delete, remediation))
            self._live()

    def _forget_deleted(self) -> None:
        """A record that a person deleted is never finished, so what is remembered of it is dropped here."""
        self._setbacks.forget_old()
        known = {f"{namespace}/{name}" for namespace, name in self.parts.store.remediations}
        for key in self._turns.keys() - known:
            del self._turns[key]
            self._decidable.discard(key)
            self._races.over(key)
            self.parts.observations.pop(key, None)
            self.parts.journal.closed(key)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until something changed, or a tick has passed; never shorter than the shortest pause."""
        await asyncio.sleep(SHORTEST_PAUSE)
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(
            waits, timeout=self.parts.settings.tick_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for wait in waits:
            wait.cancel()
        self._wake.clear()


def _key(remediation: Remediation) -> str:
    return f"{remediation.namespace}/{remediation.name}"
