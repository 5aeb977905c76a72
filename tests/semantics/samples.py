"""Lines of real programs and the fault that they speak of."""

from planaria_contract import Fault

SPEAKING = [
    ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", Fault.ACCELERATOR_MEMORY),
    ("torch.OutOfMemoryError: CUDA out of memory", Fault.ACCELERATOR_MEMORY),
    ("NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.", Fault.ACCELERATOR_FAULT),
    ("RuntimeError: CUDA error: device-side assert triggered", Fault.ACCELERATOR_FAULT),
    ("[rank3]: NCCL error in: ProcessGroupNCCL.cpp:1970, ncclSystemError", Fault.ACCELERATOR_FAULT),
    ("java.lang.OutOfMemoryError: Java heap space", Fault.MEMORY_EXHAUSTION),
    (
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        Fault.MEMORY_EXHAUSTION,
    ),
    (
        "ERROR memory watermark exceeded: heap 57 MiB of 64 MiB (limit), refusing work",
        Fault.MEMORY_EXHAUSTION,
    ),
    ("write /data/x: no space left on device", Fault.STORAGE_FAULT),
    ("OSError: [Errno 30] Read-only file system: '/data'", Fault.STORAGE_FAULT),
    ("x509: certificate has expired or is not yet valid: current time", Fault.AUTH_OR_CERTIFICATE),
    ("FATAL: password authentication failed for user bob", Fault.AUTH_OR_CERTIFICATE),
    ("POST /login failed with status 403", Fault.AUTH_OR_CERTIFICATE),
    ("FATAL invalid configuration: 1 error(s), refusing to start", Fault.BAD_CONFIGURATION),
    (
        'ERROR [shop] configuration: CACHE_TTL="5minutes": time: unknown unit "minutes"',
        Fault.BAD_CONFIGURATION,
    ),
    ("error: environment variable DATABASE_HOST is required", Fault.BAD_CONFIGURATION),
    ("unknown flag: --prot", Fault.BAD_CONFIGURATION),
    ("failed to parse config: yaml: line 3: mapping values are not allowed", Fault.BAD_CONFIGURATION),
    ("WARN request queue full (96/96), shedding load shed_total=12", Fault.OVERLOAD),
    ("HTTP/1.1 429 Too Many Requests", Fault.OVERLOAD),
    ("QueuePool limit: connection pool exhausted", Fault.OVERLOAD),
    ("dial tcp 10.96.3.4:8080: connect: connection refused", Fault.DEPENDENCY_UNAVAILABLE),
    ("dependency backend unavailable: no endpoints", Fault.DEPENDENCY_UNAVAILABLE),
    ("upstream connect error or disconnect/reset before headers", Fault.DEPENDENCY_UNAVAILABLE),
    ("lookup backend on 10.96.0.10:53: no such host", Fault.NETWORK_FAULT),
    ("read tcp 10.0.0.1:443: i/o timeout", Fault.NETWORK_FAULT),
    ("OSError: [Errno 113] No route to host", Fault.NETWORK_FAULT),
    ("process was CPU throttled for 4 s", Fault.CPU_SATURATION),
    ("task main:1 blocked for more than 120 seconds", Fault.HANG_OR_PROBE_FAILURE),
    ("panic: runtime error: invalid memory address or nil pointer dereference", Fault.APPLICATION_CRASH),
    ("Traceback (most recent call last):", Fault.APPLICATION_CRASH),
    ('Exception in thread "main" java.lang.NullPointerException', Fault.APPLICATION_CRASH),
]
