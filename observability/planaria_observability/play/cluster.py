"""A cluster that falls ill on order and gets well where the right thing is done. Bodies go through the operator's own feed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from planaria_contract import Action
from planaria_observability.play.bodies import (
    NODES,
    Body,
    deployment,
    node,
    pod,
    policy,
    replica_set,
    template,
)
from planaria_observability.play.faults import Trouble
from planaria_operator.kube.fake import FakeKube
from planaria_operator.objects.meta import Identity
from planaria_operator.objects.store import ClusterStore
from planaria_operator.watch.feed import Feed

REPLICAS: Final = 3
START_SECONDS: Final = (12, 20, 35, 55)
"""How long a new pod takes to become ready, in turn."""
KINDS: Final = ("Deployment", "ReplicaSet", "Pod")


@dataclass(slots=True)
class App:
    namespace: str
    name: str
    tier: str
    revision: int = 1
    trouble: Trouble | None = None
    ill_since: datetime | None = None
    well_at: datetime | None = None
    """When what was done takes effect."""
    seen: set[tuple[str, int]] = field(default_factory=set)
    """Attempts that were noticed, helpful or not."""


class Cluster:
    def __init__(self, now: datetime, policies: dict[tuple[str, str], Body], apps: list[App]) -> None:
        self.kube, self.store = FakeKube(), ClusterStore()
        self.apps = apps
        self._feed = Feed(self.store)
        self._turn = 0
        for name in NODES:
            self._put(node(name, now - timedelta(days=3)))
        for (namespace, name), spec in policies.items():
            self._put(policy(namespace, name, spec))
        for app in apps:
            self._write(app, now - timedelta(days=1))

    def strike(self, app: App, trouble: Trouble, now: datetime) -> None:
        app.trouble, app.ill_since, app.well_at = trouble, now, None
        app.revision += trouble.new_release
        self._write(app, now)

    def live(self, now: datetime) -> None:
        """Let what was done take effect, and bring the store up to what the API server holds, as a watch would."""
        for app in self.apps:
            if app.trouble and app.ill_since:
                self._notice(app, app.trouble, now)
                lasted = app.ill_since + timedelta(seconds=app.trouble.lasts)
                if now >= min(app.well_at or lasted, lasted):
                    app.trouble = app.ill_since = app.well_at = None
                    self._write(app, now)
        self._deliver()

    def _notice(self, app: App, trouble: Trouble, now: datetime) -> None:
        """A helpful attempt that was applied; each attempt is looked at once."""
        for remediation in self.store.remediations.values():
            attempt = remediation.status.attempt
            if (remediation.namespace, remediation.spec.target.name) != (app.namespace, app.name):
                continue
            if attempt is None or attempt.applied_at is None or attempt.finished_at is not None:
                continue
            key = (remediation.name, attempt.number)
            if key not in app.seen:
                app.seen.add(key)
                if attempt.plan.action in trouble.cured_by:
                    app.revision += attempt.plan.action in {Action.ROLLBACK, Action.RESIZE}
                    app.well_at = now + timedelta(seconds=START_SECONDS[self._turn % len(START_SECONDS)])
                    self._turn += 1

    def _write(self, app: App, now: datetime) -> None:
        """The app's objects anew: ill or well."""
        image = f"{app.name}:{app.revision}"
        ill = app.trouble.pods if app.trouble else 0
        old = now - timedelta(days=1)
        fresh = now if app.trouble and app.trouble.new_release else old
        whole = deployment(
            *(app.namespace, app.name, app.tier, template(app.name, image)),
            replicas=REPLICAS, ready=REPLICAS - ill, revision=app.revision, since=fresh,
        )  # fmt: skip
        self._put(whole)
        before = template(app.name, f"{app.name}:{app.revision - 1}")
        self._put(replica_set(whole, before, app.revision - 1, replicas=0, since=old - timedelta(days=1)))
        newest = replica_set(whole, template(app.name, image), app.revision, replicas=REPLICAS, since=fresh)
        self._put(newest)
        for index in range(REPLICAS):
            self._put_pod(app, newest, index, fresh if app.trouble else now, now, ill=index < ill)

    def _put_pod(
        self, app: App, owner: Body, index: int, started: datetime, now: datetime, ill: bool
    ) -> None:
        name = f"{app.name}-{index}"
        body = pod(owner, name, NODES[index % len(NODES)], started)
        for previous in (False, True):
            self.kube.log_text.pop((app.namespace, name, "app", previous), None)
            if ill and app.trouble:
                self.kube.log_text[app.namespace, name, "app", previous] = app.trouble.log.replace(
                    "{app}", app.name
                )
        if ill and app.trouble:
            app.trouble.shows(body, now)
        self._put(body)

    def _put(self, body: Body) -> None:
        stored = self.kube.put(body)
        self._feed.deliver(body["kind"], "MODIFIED", stored)

    def _deliver(self) -> None:
        for kind in KINDS:
            held = {key[1:]: body for key, body in self.kube.objects.items() if key[0] == kind}
            for (namespace, name), uid in self.store.identities(kind).items():
                if (namespace, name) not in held:
                    self._feed.remove(Identity(kind, namespace, name, uid))
            for body in held.values():
                self._feed.deliver(kind, "MODIFIED", body)
