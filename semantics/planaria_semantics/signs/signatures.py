"""What a log line sounds like, as data. The first entry that matches a line speaks for it, so the special come first.

The patterns are written for lines of real programs: Go, Python, Java, Node.js, C++, PyTorch, PostgreSQL, nginx, Envoy.
They match on lower-case text of bounded length and have no nested repeats.
"""

import re
from typing import Final, NamedTuple

from planaria_contract import Fault


class Signature(NamedTuple):
    fault: Fault
    pattern: re.Pattern[str]


def _any(fault: Fault, *alternatives: str) -> Signature:
    return Signature(fault, re.compile("|".join(alternatives)))


_STATUS: Final = r"(?:status|code|http/\d(?:\.\d)?\"?|returned|response)[^0-9a-z]{0,8}"

SIGNATURES: Final = (
    _any(
        Fault.ACCELERATOR_MEMORY,
        r"(?:cuda|hip|gpu)(?: error)?:? out of memory",
        r"cuda_error_out_of_memory",
        r"outofmemoryerror: (?:cuda|hip)",
        r"cublas_status_alloc_failed",
    ),
    _any(
        Fault.ACCELERATOR_FAULT,
        r"\bxid\b.{0,40}\d",
        r"nvrm:",
        r"uncorrectable ecc|double.bit ecc|ecc error",
        r"cuda error|cuda_error_|cudaerror|device-side assert",
        r"nccl (?:warn|error|failure)|nccl(?:system|internal|remote|unhandled)\w{0,10}error",
        r"fallen off the bus|nvml(?:_error|: )|no cuda-capable device|no cuda gpus are available",
    ),
    _any(
        Fault.MEMORY_EXHAUSTION,
        r"out of memory|outofmemory|heap out of memory",
        r"cannot allocate memory|memory allocation (?:of .{1,20} )?failed|std::bad_alloc|\bmemoryerror\b",
        r"memory watermark|memory limit exceeded|low on memory|oom.?kill",
    ),
    _any(
        Fault.STORAGE_FAULT,
        r"no space left on device|\benospc\b|disk (?:is )?full|disk quota exceeded",
        r"read-only file ?system|\berofs\b",
        r"input/output error|stale (?:nfs )?file handle|structure needs cleaning",
        r"could not (?:write|extend) (?:to )?file",
    ),
    _any(
        Fault.AUTH_OR_CERTIFICATE,
        r"x509:|certificate (?:has |is )?(?:expired|not yet valid|revoked)|certificate verify failed|certificate unknown",
        r"tls: |ssl(?:v3)? (?:handshake|alert)|handshake failure|unable to get local issuer|self.signed certificate",
        _STATUS + r"40[13]\b",
        r"\bunauthori[sz]ed\b|\b403 forbidden\b|access ?denied|not authori[sz]ed",
        r"(?:password )?authentication failed|invalid (?:api key|token|credentials|signature)|token (?:has |is )?expired",
    ),
    _any(
        Fault.BAD_CONFIGURATION,
        r"invalid (?:configuration|config|setting|option|argument|value for)|refusing to start",
        r"config(?:uration)? (?:file )?(?:error|is invalid|invalid|not found|missing)|^.{0,60}configuration: \w+=",
        r"(?:failed|unable|cannot|could not|error) (?:to )?(?:parse|parsing|load|loading|read|reading|decode) "
        r"(?:the )?(?:\w+ )?(?:config|settings|yaml|toml)",
        r"missing (?:required |mandatory )?(?:environment|env|setting|option|config|parameter)",
        r"(?:environment )?variable .{1,80} (?:is )?(?:not set|required|missing|undefined|must be set)",
        r"unknown (?:flag|option|field|directive|setting|configuration)|unrecogni[sz]ed (?:option|argument|field)",
        r"yaml: |toml: |error unmarshal|cannot unmarshal|validation error for \w*(?:settings|config)",
        r"exec format error|executable file not found|configmap .{1,200}not found|secret .{1,200}not found",
    ),
    _any(
        Fault.OVERLOAD,
        r"queue (?:is )?(?:full|overflow)|shedding load|load.?shed",
        r"too many requests|rate limit(?:ed| exceeded)|" + _STATUS + r"429\b",
        r"\boverload(?:ed)?\b|back.?pressure|rejectedexecution|thread ?pool (?:is )?(?:exhausted|full)",
        r"connection pool (?:is )?(?:exhausted|timed? ?out|timeout)|too many (?:open )?connections|worker_connections",
    ),
    _any(
        Fault.DEPENDENCY_UNAVAILABLE,
        r"connection refused|econnrefused",
        r"dependency .{0,100}(?:unavailable|failed|down|not respond)",
        r"no healthy upstream|upstream connect error|no endpoints|no live upstreams",
        r"(?:failed|could not|unable|cannot) (?:to )?connect(?:ing)? to|server selection timed out",
    ),
    _any(
        Fault.NETWORK_FAULT,
        r"no such host|name resolution|name or service not known|eai_again|enotfound|servfail",
        r"network is unreachable|no route to host|ehostunreach|enetunreach",
        r"i/o timeout|connection timed out|etimedout|connection reset by peer|econnreset",
    ),
    _any(
        Fault.CPU_SATURATION,
        r"cpu.{0,20}throttl|gc overhead limit|event loop (?:is )?(?:blocked|lag)|cpu starvation",
    ),
    _any(
        Fault.HANG_OR_PROBE_FAILURE,
        r"\bdeadlock(?:ed)?\b|blocked for more than|hung task|watchdog.{0,40}(?:timeout|expired|bite)",
    ),
    _any(
        Fault.APPLICATION_CRASH,
        r"panic: |panicked at|^fatal error: |goroutine \d+ \[running",
        r"traceback \(most recent call last\)|unhandled (?:exception|rejection|error)|uncaught (?:exception|\w*error)",
        r"segmentation fault|sigsegv|nil pointer|nullpointerexception|exception in thread|core dumped|assertion failed",
    ),
)

HEAD, TAIL = 1500, 500
INFORMATION: Final = re.compile(
    r"^[\d\s:.,tz+/|\[\](){}<>-]{0,48}(?:info|debug|trace|notice)\b|^i\d{4} "
    r"|\"(?:level|severity)\": ?\"(?:info|debug|trace)|\blevel=(?:info|debug|trace)"
)
"""What a program itself calls information is no sign of a fault, whatever its words: users' words end up there."""


def bounded(text: str) -> str:
    """Of a line of any length its beginning and its end: that is where programs say what happened and why."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def recognise(text: str) -> Fault | None:
    """The fault that a line speaks of."""
    lowered = bounded(text).lower()
    if INFORMATION.search(lowered):
        return None
    return next((entry.fault for entry in SIGNATURES if entry.pattern.search(lowered)), None)


class EventSignature(NamedTuple):
    """Reason and message of an event that Kubernetes itself writes."""

    fault: Fault
    reason: re.Pattern[str]
    message: re.Pattern[str]
    weight: float
    because: str
    of_start: bool
    """True for a step of a pod's start: once the container has run, that step is behind it."""


def _event(
    fault: Fault, reason: str, message: str, weight: float, because: str, *, of_start: bool = False
) -> EventSignature:
    return EventSignature(
        fault, re.compile(f"^(?:{reason})$"), re.compile(message), weight, because, of_start
    )


EVENTS: Final = (
    _event(
        Fault.BAD_CONFIGURATION,
        "FailedMount|Failed",
        r"(?:secret|configmap|references non-existent \w+).{0,200}not found|non-existent",
        7,
        "a referenced Secret or ConfigMap does not exist",
        of_start=True,
    ),
    _event(
        Fault.HANG_OR_PROBE_FAILURE,
        "Unhealthy",
        r"deadline exceeded|client\.timeout|timed out|timeout",
        4,
        "its probe gets no answer in time",
    ),
    _event(
        Fault.HANG_OR_PROBE_FAILURE, "Unhealthy|Killing", r"liveness probe", 3, "its liveness probe fails"
    ),
    _event(Fault.HANG_OR_PROBE_FAILURE, "Unhealthy", r"startup probe", 2, "its start-up probe fails"),
    _event(
        Fault.STORAGE_FAULT,
        "FailedMount|FailedAttachVolume|VolumeResizeFailed|FailedMapVolume",
        r"^(?!.*failed to sync \w+ cache)",  # a kubelet that has just met the pod says so, and goes on
        6,
        "a volume cannot be attached or mounted",
        of_start=True,
    ),
    _event(
        Fault.STORAGE_FAULT,
        "Evicted|FreeDiskSpaceFailed|EvictionThresholdMet",
        r"ephemeral.storage|nodefs|imagefs|disk",
        6,
        "its node ran out of disk",
    ),
    _event(
        Fault.MEMORY_EXHAUSTION,
        "Evicted|OOMKilling|SystemOOM|EvictionThresholdMet",
        r"memory|oom",
        6,
        "its node ran out of memory",
    ),
    _event(
        Fault.NETWORK_FAULT,
        "FailedCreatePodSandBox|NetworkNotReady|FailedPodSandBoxStatus",
        r"network|cni|sandbox",
        6,
        "its network could not be set up",
        of_start=True,
    ),
    _event(
        Fault.ACCELERATOR_FAULT,
        "UnexpectedAdmissionError",
        r"gpu|nvidia|device",
        6,
        "its node could not hand out the accelerator",
        of_start=True,
    ),
    _event(
        Fault.SCHEDULING_BLOCKED,
        "FailedScheduling",
        r"",
        5,
        "the scheduler finds no place for it",
        of_start=True,
    ),
    _event(
        Fault.SCHEDULING_BLOCKED,
        "FailedCreate",
        r"exceeded quota|forbidden",
        6,
        "its creation is not allowed",
    ),
    _event(
        Fault.IMAGE_PULL,
        "Failed|ErrImageNeverPull|InspectFailed",
        r"pull|image",
        5,
        "its image cannot be had",
        of_start=True,
    ),
    _event(Fault.NODE_FAULT, "NodeNotReady|NodeLost", r"", 5, "its node is not ready"),
)


def recognise_event(reason: str, message: str) -> EventSignature | None:
    lowered = message.lower()
    return next(
        (entry for entry in EVENTS if entry.reason.search(reason) and entry.message.search(lowered)), None
    )
