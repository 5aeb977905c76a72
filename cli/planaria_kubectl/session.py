"""From the command line to a client, as kubectl itself would find its cluster."""

import os
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from kubernetes.aio.config import list_kube_config_contexts

from planaria_kubectl.read_only import ReadOnlyKube
from planaria_operator.kube.connect import IN_CLUSTER, KUBECONFIG, connect
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.meta import now

USER_AGENT: Final = "kubectl-planaria"
USUAL: Final = Path("~/.kube/config")


@dataclass(frozen=True)
class Session:
    kube: Kube
    """Reads, and changes nothing but in a dry run."""
    hands: Kube
    """For `pause`, `resume`, `approve` and `reject` alone."""
    namespace: str
    now: datetime


@asynccontextmanager
async def open_session(given: Namespace) -> AsyncIterator[Session]:
    """Raises a ConnectError."""
    kubeconfig = _kubeconfig(given.kubeconfig)
    kube = await connect(kubeconfig, context=given.context, user_agent=USER_AGENT)
    try:
        namespace = given.namespace or _namespace(kubeconfig, given.context)
        yield Session(ReadOnlyKube(kube), kube, namespace, now())
    finally:
        await kube.close()


def _kubeconfig(chosen: Path | None) -> Path | None:
    """None leaves it to $KUBECONFIG or to the pod that this runs in."""
    if chosen or os.environ.get(KUBECONFIG) or os.environ.get(IN_CLUSTER):
        return chosen
    return USUAL.expanduser()


def _namespace(kubeconfig: Path | None, context: str | None) -> str:
    """Of the context. The file has been read once already, so it is there and well-formed."""
    named = str(kubeconfig) if kubeconfig else os.environ.get(KUBECONFIG)
    if not named:
        return "default"
    contexts, current = list_kube_config_contexts(named)
    chosen = next((each for each in contexts if each["name"] == context), current)
    return str((chosen.get("context") or {}).get("namespace") or "default")
