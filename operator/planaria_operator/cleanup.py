"""`planaria-operator clean-up`: what an uninstall would leave on the nodes, the soft taint of a migration under way."""

import asyncio
import sys
from typing import Final

from planaria_operator.act.taints import without_avoid
from planaria_operator.kube.connect import connect
from planaria_operator.kube.errors import Conflict, KubeError, NotFound
from planaria_operator.kube.interface import JsonBody, Kube, PatchType
from planaria_operator.objects.cordon import is_ours

TOTAL_SECONDS: Final = 45.0
RACES: Final = 5
"""How often a node is read again where somebody else wrote to it in between."""


async def clean_up() -> int:
    """The exit status: 0, or 1 with one line that says what was left."""
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            kube = await connect()
            try:
                cleaned = await take_off(kube)
                closed = await still_closed(kube)
            finally:
                await kube.close()
    except (KubeError, TimeoutError) as error:
        sys.stdout.write(f"failed: {error or 'too late'}; look for taints planaria.dev/avoid on nodes\n")
        return 1
    sys.stdout.write(f"ok: {', '.join(cleaned) or 'no node'} had a taint of Planaria's left\n")
    for name in closed:
        sys.stdout.write(f"node {name} stays closed: see that it is well, then kubectl uncordon {name}\n")
    return 0


async def still_closed(kube: Kube) -> list[str]:
    """Names of the nodes that Planaria has cordoned. Nobody opens them now but a person, who should look first."""
    return [str(node["metadata"]["name"]) for node in await kube.list("Node") if is_ours(node)]


async def take_off(kube: Kube) -> list[str]:
    """The names of the nodes that had it. Raises KubeError."""
    cleaned = []
    for _ in range(RACES):
        marked = [(node, patch) for node in await kube.list("Node") if (patch := without_avoid(node))]
        if not marked:
            break
        for node, patch in marked:
            if await _patched(kube, node, patch):
                cleaned.append(str(node["metadata"]["name"]))
    return cleaned


async def _patched(kube: Kube, node: JsonBody, patch: JsonBody) -> bool:
    """False where the node is gone or was written to since; the next round sees."""
    name, version = node["metadata"]["name"], node["metadata"]["resourceVersion"]
    body = {**patch, "metadata": {"resourceVersion": version}}
    try:
        await kube.patch("Node", "", name, body, patch_type=PatchType.MERGE)
    except (Conflict, NotFound):
        return False
    return True
