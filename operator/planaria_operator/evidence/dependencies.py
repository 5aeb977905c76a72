"""Services that the target names, and what stands behind them.

A name comes from the template or from an error line, so it may be anything. It is only ever compared with the names of
Services that exist in the target's own namespace.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from planaria_contract import DependencyFact, LogLine
from planaria_operator.evidence.facts import had_replicas, workload_fact
from planaria_operator.evidence.revisions import Revisions, from_replica_sets
from planaria_operator.objects.cluster import Service
from planaria_operator.objects.store import ClusterStore
from planaria_operator.objects.workload import Workload

MAX_DEPENDENCIES: Final = 8

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_ERROR: Final = re.compile(
    r"refused|unreachable|unavailable|no such host|no endpoints|resolve|resolution|lookup|dial|connect|timed? ?out"
    r"|econn|enotfound|upstream|reset by peer|\b50[234]\b",
    re.IGNORECASE,
)


def dependencies(
    store: ClusterStore, workload: Workload, logs: Iterable[LogLine], now: datetime
) -> tuple[DependencyFact, ...]:
    """At most `MAX_DEPENDENCIES`, those with nothing behind them first. Of a host outside the cluster nothing is known."""
    namespace = workload.meta.namespace
    errors = (line.text for line in logs if not line.dependent and speaks_of_calls(line.text))
    named = named_hosts((*workload.environment, *errors), namespace)
    services = [
        service
        for service in store.services(namespace)
        if service.meta.name in named and not service.external and not selects(service, workload)
    ]
    facts = [_fact(store, service, now) for service in services]
    return tuple(sorted(facts, key=lambda fact: (fact.ready_endpoints, fact.service))[:MAX_DEPENDENCIES])


def speaks_of_calls(text: str) -> bool:
    """True for a line that reads like a call to somebody else that failed."""
    return bool(_ERROR.search(text))


def named_hosts(texts: Iterable[str], namespace: str) -> set[str]:
    """First labels of everything that could be a host name in this namespace: `db`, `db.shop`, `db.shop.svc:5432`."""
    found = set()
    for text in texts:
        for host in _HOST.findall(text.lower()):
            name, _, rest = host.partition(".")
            if not rest or rest.split(".")[0] in {namespace, "svc"}:
                found.add(name)
    return found


def behind(store: ClusterStore, service: Service) -> Workload | None:
    """The workload whose pods the Service sends to, even while it has none. Of several the one that wants most of them: a
    canary that waits at zero is not what is missing. Where all are at zero, the one that had most.
    """
    if not service.selector:
        return None
    found = [each for each in store.workloads(service.meta.namespace) if selects(service, each)]
    found.sort(key=lambda workload: workload.meta.key)  # decides where several wanted and had as many
    return max(found, key=lambda each: (each.desired, had_replicas(store, each) or 0), default=None)


def selects(service: Service, workload: Workload) -> bool:
    """The pods' other labels are not known while there are none, so either selector may be the narrower one."""
    pods, wanted = workload.match_labels.items(), service.selector.items()
    return bool(pods and wanted) and (wanted <= pods or pods <= wanted)


def _fact(store: ClusterStore, service: Service, now: datetime) -> DependencyFact:
    workload = behind(store, service)
    revisions = from_replica_sets(store.replica_sets_of(workload)) if workload else Revisions()
    return DependencyFact(
        service=service.meta.name,
        ready_endpoints=store.ready_endpoints(service.meta.namespace, service.meta.name),
        workload=workload_fact(store, workload, revisions, now) if workload else None,
    )
