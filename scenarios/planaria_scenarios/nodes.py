"""Stopping real nodes. The cluster tool does it; its calls block, so they run beside the event loop."""

import asyncio
from contextlib import suppress
from typing import Protocol

from planaria_cluster import ClusterError, Provider
from planaria_scenarios.errors import EnvironmentalError


class Nodes(Protocol):
    async def stop(self, name: str) -> None: ...

    async def start(self, name: str) -> None: ...


class ClusterNodes:
    """The nodes of a local cluster."""

    def __init__(self, cluster: Provider) -> None:
        self._cluster = cluster

    async def stop(self, name: str) -> None:
        """Raises EnvironmentalError where the cluster's nodes cannot be stopped from here."""
        try:
            await asyncio.to_thread(self._cluster.stop_node, name)
        except ClusterError as error:
            raise EnvironmentalError(f"cannot stop {name}: {error}") from error

    async def start(self, name: str) -> None:
        """Returns when the node is ready again. Called on the way out, so a failure is tried once more and then raised."""
        with suppress(ClusterError):
            await asyncio.to_thread(self._cluster.start_node, name)
            return
        try:
            await asyncio.to_thread(self._cluster.start_node, name)
        except ClusterError as error:
            raise EnvironmentalError(f"{name} does not come back: {error}") from error
