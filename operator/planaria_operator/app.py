"""Puts the stations together, runs them in one event loop, and ends them in order."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import structlog

from planaria_operator.act.actor import Actor
from planaria_operator.act.planner import Planner
from planaria_operator.act.taints import scope_of
from planaria_operator.decide.choice import Choice
from planaria_operator.decide.service import PolicyService
from planaria_operator.evidence.collector import Collector
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.connect import ConfigMalformed, ConfigMissing, connect
from planaria_operator.kube.fenced import FencedKube
from planaria_operator.kube.interface import Kube
from planaria_operator.lead.elector import Elector
from planaria_operator.meaning import Meaning
from planaria_operator.notify.notifier import Notifier
from planaria_operator.notify.receivers import Format, Receiver, Receivers
from planaria_operator.notify.sender import Sender
from planaria_operator.objects.meta import now
from planaria_operator.objects.store import ClusterStore
from planaria_operator.patience import patiently, pause_for
from planaria_operator.probes import Probes
from planaria_operator.reconcile.case import Parts
from planaria_operator.reconcile.engine import Engine
from planaria_operator.reconcile.journal import Journal
from planaria_operator.reconcile.policy_status import METRICS_CONFIGURED, METRICS_UNREACHABLE, policy_service
from planaria_operator.reconcile.records import Records
from planaria_operator.record.events import Recorder
from planaria_operator.record.unreadable import TELL_SECONDS, tell_of_unreadable
from planaria_operator.settings import Settings
from planaria_operator.telemetry import heap, metrics
from planaria_operator.telemetry.logs import configure
from planaria_operator.telemetry.loop_lag import watch_loop_lag
from planaria_operator.telemetry.tracing import Tracer, TracingError, Untraced
from planaria_operator.watch.errors import WatchError
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.run import watch
from planaria_operator.watch.sync import prime

if TYPE_CHECKING:
    from planaria_operator.evidence.prometheus import Prometheus

log = structlog.get_logger("planaria.app")

PROMETHEUS_CHECK_SECONDS = 30.0
CONDITIONS_SECONDS = 1.0
WATCH_PAUSE_SECONDS = 5.0
DRAIN_SECONDS = 2.0
EXIT_MISCONFIGURED = 2
EXIT_LOST_LEAD = 3


async def run_until_stopped(settings: Settings, journal: Journal | None = None) -> int:
    """Run until SIGTERM or SIGINT; the process' exit status. `journal` is told every station that is passed."""
    configure(settings.log_format, settings.log_level)
    heap.hold_little()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        tracer = Tracer(settings.otlp_endpoint) if settings.otlp_endpoint else Untraced()
    except TracingError as error:
        log.error("cannot start", error=str(error))  # noqa: TRY400  one line says it all
        return EXIT_MISCONFIGURED
    try:
        return await _serve(settings, journal or Journal(tracer), stop)
    finally:
        await tracer.aclose()


async def _serve(settings: Settings, journal: Journal, stop: asyncio.Event) -> int:
    probes = Probes(settings)
    async with AsyncExitStack() as served:
        try:
            await served.enter_async_context(probes.served())
        except (OSError, UnicodeError) as error:
            listen = f"{settings.listen_host}:{settings.listen_port}"
            fix = "name an address of this machine and a port that is free"
            log.error("cannot start", error=f"--listen {listen}: {error}; {fix}")  # noqa: TRY400  likewise
            return EXIT_MISCONFIGURED
        try:
            kube = await patiently("reach the API server", lambda: _connect(settings), stop)
        except (ConfigMissing, ConfigMalformed) as error:
            log.error("cannot start", error=str(error))  # noqa: TRY400  one line says it all
            return EXIT_MISCONFIGURED
        if kube is None:
            return 0
        lead = Elector(kube, settings.own_namespace, settings.identity) if settings.leader_elect else None
        try:
            await _operate(settings, kube, lead, probes, journal, stop)
        finally:
            await kube.close()
    log.info("stopped")
    return EXIT_LOST_LEAD if lead and lead.lost else 0


async def _connect(settings: Settings) -> KubeClient:
    return await connect(settings.kubeconfig, timeout=settings.api_timeout_seconds)


async def _operate(
    settings: Settings,
    kube: KubeClient,
    lead: Elector | None,
    probes: Probes,
    journal: Journal,
    stop: asyncio.Event,
) -> None:
    store = ClusterStore(protected=settings.protected, home=settings.own_namespace)
    hands: Kube = FencedKube(kube, lead.check) if lead else kube
    prometheus = _prometheus(settings.prometheus_url) if settings.prometheus_url else None
    recorder = Recorder(hands)
    meaning = await Meaning.assembled(settings.semantics)
    heap.give_back()  # what reading the model took
    service = (
        PolicyService(settings.policy_url, settings.policy_deadline_seconds) if settings.policy_url else None
    )
    engine = Engine(_parts(settings, hands, store, prometheus, meaning, service, recorder, journal))
    probes.attach(kube, store, engine, lead)
    background = [
        asyncio.create_task(recorder.run(), name="events"),
        asyncio.create_task(watch_loop_lag(), name="loop lag"),
        asyncio.create_task(heap.keep_giving_back(), name="heap"),
        asyncio.create_task(_ask_prometheus(prometheus, engine), name="prometheus"),
        asyncio.create_task(meaning.extractor.watch(), name="semantics"),
        asyncio.create_task(_keep_conditions(meaning, service, engine), name="conditions"),
        asyncio.create_task(_tell_of_unreadable(store, recorder, lead), name="unreadable policies"),
    ]
    try:
        await _watch_and_reconcile(settings, kube, build_feed(settings, store), lead, engine, probes, stop)
    finally:
        with suppress(TimeoutError):  # the last Events tell how it ended, but nobody waits long for them
            await asyncio.wait_for(recorder.drain(), DRAIN_SECONDS)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if lead:
            await lead.release()  # last, because what it allows is needed to write the last Events
        await meaning.extractor.aclose()
        if engine.parts.notifier:
            await engine.parts.notifier.aclose()
        if service:
            await service.aclose()


def build_feed(settings: Settings, store: ClusterStore) -> Feed:
    """A policy for many namespaces has no place in an operator that may see a few alone."""
    feed = Feed(store)
    if settings.namespaces:
        why = f"only {', '.join(settings.namespaces)} is watched (--namespace)"
        feed.skip("ClusterHealingPolicy", why, for_good=True)
    return feed


def _parts(  # noqa: PLR0913, PLR0917  the stations, each once
    settings: Settings,
    kube: Kube,
    store: ClusterStore,
    prometheus: "Prometheus | None",
    meaning: Meaning,
    service: PolicyService | None,
    recorder: Recorder,
    journal: Journal,
) -> Parts:
    records = Records(kube, store)
    return Parts(
        settings=settings,
        store=store,
        collector=Collector(kube, store, prometheus),
        extractor=meaning.extractor,
        decider=Choice(service),
        planner=Planner(kube, store),
        actor=Actor(kube, scope_of(settings.namespaces)),
        records=records,
        recorder=recorder,
        journal=journal,
        notifier=Notifier(_receivers(settings), Sender(), records.update, recorder, now),
    )


def _receivers(settings: Settings) -> Receivers:
    return Receivers(
        Receiver(name, settings.receivers_directory / name, Format(form))
        for name, form in settings.receivers.items()
    )


async def _watch_and_reconcile(
    settings: Settings,
    kube: KubeClient,
    feed: Feed,
    lead: Elector | None,
    engine: Engine,
    probes: Probes,
    stop: asyncio.Event,
) -> None:
    """Fill the store, then watch and reconcile; where the watch ends for a reason that can be mended, again. Until the store
    is filled anew the lead is kept, and nothing is judged or done by what was seen last.
    """
    reconciling: asyncio.Task[None] | None = None

    def blind() -> None:
        probes.synced = engine.seeing = False

    try:
        while not stop.is_set():
            await patiently("read the cluster", lambda: prime(kube, feed, settings.namespaces), stop)
            if stop.is_set():
                return
            probes.synced = engine.seeing = True
            log.info("synced", policies=len(feed.store.policies), remediations=len(feed.store.remediations))
            reconciling = reconciling or asyncio.create_task(
                _reconcile(lead, engine, probes, stop), name="reconcile"
            )
            try:
                await watch(feed, kube, settings.namespaces, stop, blind=blind)
            except WatchError as error:
                log.warning("watching ended; starting it again soon", error=str(error))
                blind()
                await pause_for(WATCH_PAUSE_SECONDS, stop)
    finally:
        stop.set()  # an error that nobody expected must end the process, not leave it healing what it no longer sees
        if reconciling:
            await reconciling


async def _reconcile(lead: Elector | None, engine: Engine, probes: Probes, stop: asyncio.Event) -> None:
    """From when this operator leads until it is stopped; losing the lead stops it."""
    if lead is None:
        probes.reconciles()
        return await engine.run(stop)
    if not await lead.win(stop):
        return None
    probes.reconciles()
    running = asyncio.create_task(engine.run(stop), name="engine")
    try:
        await lead.hold(stop)
    finally:
        stop.set()
        await running


def _prometheus(url: str) -> "Prometheus":
    """Imported only where one is configured: its client library brings another HTTP client along."""
    from planaria_operator.evidence.prometheus import Prometheus  # noqa: PLC0415

    return Prometheus(url)


async def _ask_prometheus(prometheus: "Prometheus | None", engine: Engine) -> None:
    """Keep the policies' condition MetricsAvailable true."""
    while prometheus:
        alive = await prometheus.alive()
        engine.known["MetricsAvailable"] = METRICS_CONFIGURED if alive else METRICS_UNREACHABLE
        await asyncio.sleep(PROMETHEUS_CHECK_SECONDS)


async def _keep_conditions(meaning: Meaning, service: PolicyService | None, engine: Engine) -> None:
    """Keep the policies' conditions SemanticsAvailable and PolicyServiceAvailable true."""
    while True:
        engine.known["SemanticsAvailable"] = meaning.known
        engine.known["PolicyServiceAvailable"] = known = policy_service(service)
        metrics.POLICY_AVAILABLE.set(known.available)
        await asyncio.sleep(CONDITIONS_SECONDS)


async def _tell_of_unreadable(store: ClusterStore, recorder: Recorder, lead: Elector | None) -> None:
    """For as long as there are any. Only by who leads: nobody else may write."""
    while True:
        if lead is None or lead.leading:
            tell_of_unreadable(recorder, store)
        await asyncio.sleep(TELL_SECONDS)
