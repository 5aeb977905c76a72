"""kopf as a library inside our own event loop: it watches, it writes nothing, and it decides nothing."""

import asyncio
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import kopf
import structlog

from planaria_operator.kube.answers import one_line
from planaria_operator.kube.client import KubeClient
from planaria_operator.kube.errors import KubeError, Temporary
from planaria_operator.kube.login import login_handler
from planaria_operator.objects.meta import now
from planaria_operator.watch.access import keep_asking, present, require_watch
from planaria_operator.watch.errors import MissingKind, WatchError, WatchFailed, WatchForbidden
from planaria_operator.watch.feed import Feed
from planaria_operator.watch.handlers import build_registry
from planaria_operator.watch.listening import Forgetful, build_settings
from planaria_operator.watch.sync import RESYNC_SECONDS, keep_in_sync

PING_SECONDS: Final = 15.0
"""Longest time without a sign of life from the API server before it is asked for one."""

WATCHES_SECONDS: Final = 2.0
"""How often it is looked whether every watch that was begun still runs."""

_WATCHER: Final = "watcher for "
"""How kopf names the task of a watch."""
_KOPF_FOLDER: Final = str(Path(kopf.__file__).parent)

LEAVE_SECONDS: Final = 15.0
"""How long kopf may take to end in order; after a failure it waits 5 of them for watches that it lost track of."""

AFTER_FAILURE_SECONDS: Final = 8.0
"""How long it may take after a failure, with those five."""
CANCELLATIONS: Final = 10

log = structlog.get_logger(__name__)


async def watch(
    feed: Feed,
    kube: KubeClient,
    namespaces: tuple[str, ...],
    stop: asyncio.Event,
    *,
    blind: Callable[[], None] = lambda: None,
    resync_seconds: float = RESYNC_SECONDS,
) -> None:
    """Feed the store until `stop` is set; SIGINT and SIGTERM set it.

    `namespaces` empty means all of them. `blind` is called as soon as a watch has ended or must, which is up to half a minute
    before this does. Raises a WatchError, with one clear line, where watching cannot go on. An API
    server that is away is waited for.
    """
    await _ask_first(kube, feed, namespaces)
    leave, refused = asyncio.Event(), asyncio.Event()
    registry = build_registry(feed, login_handler(kube.configuration, refused.set))
    there = present(feed, namespaces)
    watching = asyncio.create_task(_run_kopf(registry, there, stop, leave), name="kopf")
    beside = [
        asyncio.create_task(keep_in_sync(kube, feed, namespaces, period=resync_seconds), name="resync"),
        asyncio.create_task(keep_asking(kube, feed, namespaces), name="rights"),
        asyncio.create_task(_keep_pinging(kube), name="ping"),
        asyncio.create_task(_fail_when_refused(refused, kube), name="credentials"),
        asyncio.create_task(_fail_when_a_watch_ends(blind), name="watches"),
        asyncio.create_task(_wait(stop), name="stop"),
    ]
    try:
        done, _ = await asyncio.wait([watching, *beside], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            blind()
    finally:
        leave.set()
        await _end(watching, beside)
    for task in done:
        task.result()
    if not stop.is_set():
        raise WatchFailed("the watch ended without saying why")


async def _ask_first(kube: KubeClient, feed: Feed, namespaces: tuple[str, ...]) -> None:
    try:
        await require_watch(kube, feed, namespaces)
    except Temporary as error:
        log.warning("what the role allows will be asked later", error=str(error))
    except KubeError as error:
        raise WatchFailed(str(error)) from error


async def _end(watching: asyncio.Task[None], beside: list[asyncio.Task[None]]) -> None:
    """Kopf is asked first: cancelled, it leaves its connections open."""
    for task in beside:
        task.cancel()
    await asyncio.wait([watching], timeout=LEAVE_SECONDS)
    watching.cancel()
    await asyncio.gather(watching, *beside, return_exceptions=True)


async def _fail_when_refused(refused: asyncio.Event, kube: KubeClient) -> None:
    await refused.wait()
    raise WatchFailed(f"{kube.host} no longer accepts the token that the watch began with; logging in again")


async def _fail_when_a_watch_ends(blind: Callable[[], None]) -> None:
    """Kopf logs that a watch has died and goes on without it. A kind that is not watched is a silent stop."""
    seen: set[str] = set()
    while True:
        await asyncio.sleep(WATCHES_SECONDS)
        names = {name for task in asyncio.all_tasks() if (name := task.get_name()).startswith(_WATCHER)}
        if ended := sorted(seen - names):
            blind()
            # an error of the server ends all of kopf soon, and that says more
            await asyncio.sleep(LEAVE_SECONDS)
            raise WatchFailed(f"the {ended[0]} ended")
        seen |= names


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


class _NotKopfs(Collection[asyncio.Task[object]]):
    """The tasks that kopf has to leave alone. At its end it cancels whatever started after itself, because watches that
    it lost track of are among it; in a shared loop so is the rest of the operator.
    """

    def __init__(self) -> None:
        self._earlier = asyncio.all_tasks()

    def __contains__(self, task: object) -> bool:
        code = getattr(task.get_coro(), "cr_code", None) if isinstance(task, asyncio.Task) else None
        return task in self._earlier or code is None or not code.co_filename.startswith(_KOPF_FOLDER)

    def __iter__(self) -> Iterator[asyncio.Task[object]]:
        return (task for task in asyncio.all_tasks() if task in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


async def _run_kopf(
    registry: kopf.OperatorRegistry,
    namespaces: tuple[str, ...],
    stop: asyncio.Event,
    leave: asyncio.Event,
) -> None:
    others = _NotKopfs()
    tasks = await kopf.spawn_tasks(
        registry=registry,
        settings=build_settings(),
        memories=Forgetful(),
        clusterwide=not namespaces,
        namespaces=namespaces,
        # Names a peer, and peering is off. Kopf would ask for the user's name, which a container's user id need not have.
        identity="planaria",  # type: ignore[arg-type]  # a private NewType of str
        stop_flag=leave,
    )
    _take_signals_back(stop)
    try:
        await _run_tasks(tasks, others)
    except Exception as error:  # noqa: BLE001  the classes of kopf's errors are private
        cause = _first_failure(tasks) or error
        raise _explain(cause) from cause


async def _run_tasks(tasks: Collection[asyncio.Task[object]], others: _NotKopfs) -> None:
    """Kopf to its end, or to a while after its first failure: it waits for ever for a watch that lost its cancellation."""
    running = asyncio.ensure_future(kopf.run_tasks(tasks, ignored=others))
    try:
        await asyncio.wait({running, *tasks}, return_when=asyncio.FIRST_EXCEPTION)
        await asyncio.wait({running}, timeout=AFTER_FAILURE_SECONDS)
        if running.done():
            running.result()
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=1)
        await _cancel_what_is_left(others)
    if failure := _first_failure(tasks):
        raise failure


async def _cancel_what_is_left(others: _NotKopfs) -> None:
    """More than once: a cancellation that comes while a connection is being made can get lost."""
    for _ in range(CANCELLATIONS):
        left = [task for task in asyncio.all_tasks() if task not in others]
        if not left:
            return
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.5)
    log.warning("some of kopf's tasks do not end", tasks=len(left))


def _first_failure(tasks: Collection[asyncio.Task[object]]) -> Exception | None:
    """What ended kopf. It raises any of the errors that there are, and the watches that it then cuts off have theirs."""
    failed = (task.exception() for task in tasks if task.done() and not task.cancelled())
    return next((error for error in failed if isinstance(error, Exception)), None)


def _take_signals_back(stop: asyncio.Event) -> None:
    """Kopf claims SIGINT and SIGTERM for itself alone; here they end the whole operator."""
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)


def _explain(error: Exception) -> WatchError:
    """Kopf's errors are private classes; those of the API carry the HTTP status and the server's message."""
    message = one_line(str(getattr(error, "message", None) or error) or type(error).__name__)
    status = getattr(error, "status", None)
    if status == HTTPStatus.FORBIDDEN:
        return WatchForbidden(f"a watch is no longer allowed: {message}")
    if status == HTTPStatus.NOT_FOUND:
        return MissingKind(f"a watched kind is no longer served (were the CRDs deleted?): {message}")
    return WatchFailed(f"a watch failed: {message}")


async def _keep_pinging(kube: KubeClient) -> None:
    """A quiet cluster sends nothing for a long time; a ping tells that from a server that is away."""
    away = False
    while True:
        await asyncio.sleep(PING_SECONDS)
        last = kube.last_success
        if not away and last and (now() - last).total_seconds() < PING_SECONDS:
            continue
        try:
            await kube.ping()
        except KubeError as error:
            if not away:
                log.warning("the API server does not answer; waiting for it", error=str(error))
            away = True
        else:
            if away:
                log.info("the API server answers again")
            away = False
