"""Every program that the harvest knows."""

from collections.abc import Sequence
from typing import Final

from planaria_policy.semantics.harvest.experiment import Program
from planaria_policy.semantics.harvest.programs import jvm, kubernetes, nginx, node, postgresql, python, redis

PROGRAMS: Final[Sequence[Program]] = (
    postgresql.PROGRAM, redis.PROGRAM, nginx.PROGRAM, python.PROGRAM, node.PROGRAM, jvm.PROGRAM,
    kubernetes.EVENTS, kubernetes.KUBELET, kubernetes.CONTAINERD,
)  # fmt: skip
