"""The state in words. They are all ours: raw log text appears in evidence excerpts and nowhere else."""

from collections.abc import Sequence
from typing import Final

from planaria_contract import Fault
from planaria_semantics.signs.reading import Reading
from planaria_semantics.signs.signs import Sign

LONGEST: Final = 280

PHRASES: Final = {
    Fault.MEMORY_EXHAUSTION: "out of memory",
    Fault.CPU_SATURATION: "short of CPU",
    Fault.APPLICATION_CRASH: "crashing",
    Fault.BAD_CONFIGURATION: "badly configured",
    Fault.IMAGE_PULL: "without an image",
    Fault.DEPENDENCY_UNAVAILABLE: "waiting for a dependency",
    Fault.NETWORK_FAULT: "cut off from the network",
    Fault.STORAGE_FAULT: "without working storage",
    Fault.NODE_FAULT: "on a lost node",
    Fault.ACCELERATOR_FAULT: "on a faulty accelerator",
    Fault.ACCELERATOR_MEMORY: "out of accelerator memory",
    Fault.SCHEDULING_BLOCKED: "waiting for a place to run",
    Fault.HANG_OR_PROBE_FAILURE: "not answering",
    Fault.AUTH_OR_CERTIFICATE: "refused by authentication or a certificate",
    Fault.OVERLOAD: "overloaded",
    Fault.HEALTHY: "healthy",
    Fault.UNKNOWN: "unwell for a reason that no rule knows",
}

_OF_ONE_POD: Final = {
    Fault.MEMORY_EXHAUSTION,
    Fault.HANG_OR_PROBE_FAILURE,
    Fault.APPLICATION_CRASH,
    Fault.ACCELERATOR_FAULT,
    Fault.ACCELERATOR_MEMORY,
}
"""Faults that can be one replica's own."""


def summarise(fault: Fault, signs: Sequence[Sign], reading: Reading) -> str:
    """What, how far it reaches, and the two strongest reasons."""
    if fault is Fault.HEALTHY:
        return f"{reading.observation.target} shows no sign of a fault"[:LONGEST]
    reasons = list(dict.fromkeys(sign.because for sign in signs if sign.weight > 0))[:2]
    sentence = f"{reading.reach}: {PHRASES[fault]}"
    return (f"{sentence}; {'; '.join(reasons)}" if reasons else sentence)[:LONGEST]


def component(fault: Fault, reading: Reading) -> str:
    """The object at fault, which need not be the one that shows it."""
    name = str(reading.observation.target)
    if fault is Fault.NODE_FAULT and reading.lost_nodes:
        name = f"Node/{reading.lost_nodes[0].name}"
    elif fault is Fault.DEPENDENCY_UNAVAILABLE and reading.broken_dependencies:
        dependency = reading.broken_dependencies[0]
        name = str(dependency.workload.ref) if dependency.workload else f"Service/{dependency.service}"
    elif fault in _OF_ONE_POD and reading.single:
        name = f"Pod/{reading.single.name}"
    return name[:253]


def severity(reading: Reading) -> int:
    """0 none, 1 degraded, 2 partly down, 3 down."""
    workload = reading.observation.workload
    if workload is None:
        return 2 if reading.observation.symptoms else 0
    if workload.ready == 0 and workload.desired > 0:
        return 3
    if workload.ready * 2 <= workload.desired and workload.desired > 0:
        return 2
    return 1 if reading.observation.symptoms or workload.ready < workload.desired else 0
