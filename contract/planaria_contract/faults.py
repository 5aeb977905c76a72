"""The closed set of root-cause families (the paper's semantic classes)."""

from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What is wrong, as a family of root causes. `UNKNOWN` is an answer, not an error."""

    MEMORY_EXHAUSTION = "memory_exhaustion"
    CPU_SATURATION = "cpu_saturation"
    APPLICATION_CRASH = "application_crash"
    BAD_CONFIGURATION = "bad_configuration"
    IMAGE_PULL = "image_pull"
    DEPENDENCY_UNAVAILABLE = "dependency_unavailable"
    NETWORK_FAULT = "network_fault"
    STORAGE_FAULT = "storage_fault"
    NODE_FAULT = "node_fault"
    ACCELERATOR_FAULT = "accelerator_fault"
    ACCELERATOR_MEMORY = "accelerator_memory"
    SCHEDULING_BLOCKED = "scheduling_blocked"
    HANG_OR_PROBE_FAILURE = "hang_or_probe_failure"
    AUTH_OR_CERTIFICATE = "auth_or_certificate"
    OVERLOAD = "overload"
    HEALTHY = "healthy"
    UNKNOWN = "unknown"


CLASSES: Final = tuple(fault for fault in Fault if fault is not Fault.UNKNOWN)
"""The 16 classes that an extractor is trained on; `UNKNOWN` is what is left when none fits."""
