"""Every program that the harvest knows."""

from collections.abc import Sequence
from typing import Final

from planaria_policy.semantics.harvest.experiment import Program
from planaria_policy.semantics.harvest.programs import jvm, node, python

PROGRAMS: Final[Sequence[Program]] = (python.PROGRAM, node.PROGRAM, jvm.PROGRAM)
