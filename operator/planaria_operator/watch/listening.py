"""How kopf is set up here, and what of it is left out: we only listen."""

import itertools
from collections.abc import Iterable, Iterator

import kopf
from kopf._cogs.structs.bodies import RawBody
from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory


def build_settings() -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True  # two peers of equal priority would both pause
    settings.posting.enabled = False  # Events are written by record/events.py
    settings.scanning.disabled = True  # needs no list of namespaces and of resource definitions
    settings.watching.server_timeout = 600
    settings.watching.client_timeout = 630
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = 90  # bookmarks come once a minute
    settings.watching.chunk_size = (
        100  # parsed and handed out in one go: 14 ms of the loop, where 500 take 25 to 75
    )
    settings.watching.reconnect_backoff = 1
    # An idle worker that gets its next event runs at once, so a burst over known objects would run all of them in one
    # turn of the loop; a new worker has to wait for its turn.
    settings.queueing.idle_timeout = 0.05
    settings.persistence.diffbase_storage = _NoEssence()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = _Patience()
    settings.networking.trust_env = True
    settings.process.ultimate_exiting_timeout = None  # it would end the whole process by SIGKILL
    return settings


class _Patience:
    """Seconds between attempts while the API server is away. kopf's own list ends after a minute and kills the watch."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((1, 1, 2, 3, 5), itertools.repeat(10.0))


class Forgetful(ResourceMemories):
    """kopf keeps almost a kilobyte for every object there is, for kinds of handlers that we have none of."""

    async def recall(self, raw_body: RawBody, **_: object) -> ResourceMemory:
        del raw_body
        return ResourceMemory()

    async def forget(self, raw_body: RawBody) -> None:
        """Nothing was kept."""


class _NoEssence(kopf.DiffBaseStorage):
    """kopf copies every object at every event and looks for what has changed in it, for handlers of changes. We have none, and
    in a storm it was a fifth of all that the loop did.
    """

    def build(
        self, *, body: kopf.Body, extra_fields: Iterable[kopf.FieldSpec] | None = None
    ) -> kopf.BodyEssence:
        del body, extra_fields
        return kopf.BodyEssence({})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        del body
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing is to be remembered."""
