"""Whether ready pods really answer, asked through the API server."""

import asyncio
from collections.abc import Iterable

from planaria_scenarios.api import Api
from planaria_scenarios.errors import ApiError
from planaria_scenarios.views import Pod


async def answering(api: Api, namespace: str, pods: Iterable[Pod]) -> frozenset[str]:
    """Uids of those that answer /readyz with 200."""
    asked = list(pods)
    answers = await asyncio.gather(*(_answers(api, namespace, pod) for pod in asked))
    return frozenset(pod.uid for pod, answered in zip(asked, answers, strict=True) if answered)


async def _answers(api: Api, namespace: str, pod: Pod) -> bool:
    try:
        await api.through_pod(namespace, pod.name, "/readyz")
    except ApiError:
        return False
    return True
