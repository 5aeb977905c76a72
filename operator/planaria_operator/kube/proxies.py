"""What a pod asks without the proxy that its environment names."""

import os
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

INSIDE: Final = (".svc", ".cluster.local")
"""How names end that only the cluster's own DNS knows."""
NOTHING_BY_PROXY: Final = ["*"]
"""Only where it stands alone: Python takes it for a name in a list."""


def ask_the_cluster_directly(server: str) -> None:
    """Add the host of `server`, a URL, and `INSIDE` to $no_proxy.

    A proxy is named for receivers outside. `server` is commonly spared it by a range of addresses, and Python reads none.
    In the environment, because that is where each client looks: ours, kopf's, vLLM's, and Prometheus'.
    """
    said = getproxies_environment().get("no", "")
    known = [name for each in said.split(",") if (name := each.strip())]
    if known != NOTHING_BY_PROXY:
        os.environ["no_proxy"] = ",".join(dict.fromkeys((*known, urlsplit(server).hostname or "", *INSIDE)))
