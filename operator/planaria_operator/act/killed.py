"""Which containers the kernel killed for memory, in the affected pods. Pure."""

from datetime import timedelta
from typing import Final

from planaria_operator.act.bodies import affected_pods
from planaria_operator.act.builder import Setting
from planaria_operator.detect.relapse import ending
from planaria_operator.objects.pod import OUT_OF_MEMORY, Container, parse_pod

LATELY: Final = timedelta(hours=1)
"""A pod keeps how a container ended for as long as it lives: what was killed longer ago says nothing of today's fault."""


def killed_for_memory(setting: Setting) -> frozenset[str]:
    """Names of containers, init containers and sidecars among them; empty where none is known to have been killed."""
    pods = [parse_pod(body) for body in affected_pods(setting)]
    containers = (each for pod in pods for each in (*pod.init_containers, *pod.containers))
    return frozenset(each.name for each in containers if _killed_lately(setting, each))


def _killed_lately(setting: Setting, container: Container) -> bool:
    ended = ending(container)
    if ended is None or ended.reason != OUT_OF_MEMORY:
        return False
    return ended.finished is None or setting.observation.time - ended.finished <= LATELY
