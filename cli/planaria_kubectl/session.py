"""From the command line to a client, as kubectl itself would find its cluster."""

import os
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from kubernetes.aio.config.kube_config import KubeConfigLoader, KubeConfigMerger

from planaria_kubectl.errors import PluginError
from planaria_kubectl.read_only import ReadOnlyKube
from planaria_operator.kube.connect import IN_CLUSTER, KUBECONFIG, connect
from planaria_operator.kube.interface import Kube
from planaria_operator.objects.meta import now

USER_AGENT: Final = "kubectl-planaria"
USUAL: Final = "~/.kube/config"
OF_THE_POD: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Of a service account that is mounted; kubectl takes $POD_NAMESPACE before it."""


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
    """Raises a ConnectError, and a PluginError where a context is chosen and there is no kubeconfig."""
    kubeconfig = _kubeconfig(given)
    kube = await connect(kubeconfig, context=given.context, user_agent=USER_AGENT)
    try:
        namespace = given.namespace or _namespace(kubeconfig, given.context)
        yield Session(ReadOnlyKube(kube), kube, namespace, now())
    finally:
        await kube.close()


def _kubeconfig(given: Namespace) -> Path | None:
    """None for the service account of the pod that this runs in: kubectl takes it only where there is no file."""
    named = given.kubeconfig or os.environ.get(KUBECONFIG)
    usual = os.path.expanduser(USUAL)  # noqa: PTH111  Path raises for a pod's user that has no home
    if named or os.path.isfile(usual) or not os.environ.get(IN_CLUSTER):  # noqa: PTH113  as for another's home
        return Path(named or usual)
    if given.context:
        raise PluginError(
            f"--context {given.context}: no kubeconfig has it; pass --kubeconfig FILE, "
            "or leave --context out to use the service account of this pod"
        )
    return None


def _namespace(kubeconfig: Path | None, context: str | None) -> str:
    """Of the context, or of the pod. The file has been read once already, so it is there and well-formed."""
    if kubeconfig is None:
        return os.environ.get("POD_NAMESPACE") or _text(OF_THE_POD) or "default"
    # With the context at hand: a file without a current one is of use too, as kubectl has it.
    loader = KubeConfigLoader(KubeConfigMerger(str(kubeconfig)).config, active_context=context)
    chosen = loader.current_context
    return str((chosen.get("context") or {}).get("namespace") or "default")


def _text(file: Path) -> str:
    """Empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
