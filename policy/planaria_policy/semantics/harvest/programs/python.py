"""The Python interpreter, with a small service that meets one fault at a time."""

import sys
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Case, Experiment, Program
from planaria_policy.semantics.harvest.programs import python_calm
from planaria_policy.semantics.harvest.settings import (
    denied,
    expired,
    full_disk,
    misnamed,
    overloaded,
    refused,
    reset,
    silent,
    small_disk,
    spare,
    taken,
    unavailable,
    unready,
    untrusted,
    write_protected,
)  # fmt: skip

DATA = Path(__file__).parents[1] / "data" / "faults.py"
STYLES = ("raw", "log", "json", "short")

_CASES = (
    Case("memory", Fault.MEMORY_EXHAUSTION, 3, r"MemoryError"),
    Case("memory_fork", Fault.MEMORY_EXHAUSTION, 3, r"MemoryError"),
    Case("threads", Fault.MEMORY_EXHAUSTION, 3, r"can't start new thread|MemoryError"),
    Case("disk_write", Fault.STORAGE_FAULT, 2, r"No space left", full_disk),
    Case("disk_mkdir", Fault.STORAGE_FAULT, 2, r"Read-only file system", write_protected),
    Case("sqlite_full", Fault.STORAGE_FAULT, 2, r"disk is full", small_disk),
    Case("sqlite_malformed", Fault.STORAGE_FAULT, 3, r"malformed", spare),
    Case("sqlite_locked", Fault.HANG_OR_PROBE_FAILURE, 2, r"locked", spare),
    Case("http", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connection refused", refused),
    Case("http", Fault.DEPENDENCY_UNAVAILABLE, 2, r"HTTP Error 503", unavailable),
    Case("http", Fault.OVERLOAD, 2, r"HTTP Error 429", overloaded),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"HTTP Error 401", denied),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"certificate verify failed", untrusted),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"certificate verify failed", expired),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"certificate verify failed", misnamed),
    Case("http", Fault.NETWORK_FAULT, 2, r"timed out", silent),
    Case("http", Fault.NETWORK_FAULT, 2, r"[Rr]eset by peer", reset),
    Case("resolve", Fault.NETWORK_FAULT, 2, r"Name or service not known|name resolution"),
    Case("resolve_raw", Fault.NETWORK_FAULT, 2, r"Name or service not known|name resolution"),
    Case("connect", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connection refused", refused),
    Case("connect_async", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connect call failed", refused),
    Case("mail", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connection refused", refused),
    Case("mail", Fault.DEPENDENCY_UNAVAILABLE, 2, r"421|not available", unready),
    Case("unreachable", Fault.NETWORK_FAULT, 2, r"unreachable|timed out|No route|Invalid argument"),
    Case("receive", Fault.NETWORK_FAULT, 2, r"timed out", silent),
    Case("receive", Fault.NETWORK_FAULT, 2, r"reset by peer", reset),
    Case("environment", Fault.BAD_CONFIGURATION, 3, r"KeyError: 'DATABASE_URL'|KeyError.*DATABASE_URL"),
    Case("number", Fault.BAD_CONFIGURATION, 3, r"invalid literal for int"),
    Case("config_json", Fault.BAD_CONFIGURATION, 3, r"JSONDecodeError|Expecting value"),
    Case("config_missing", Fault.BAD_CONFIGURATION, 3, r"config\.yaml"),
    Case("config_key", Fault.BAD_CONFIGURATION, 3, r"broker_url"),
    Case("module", Fault.BAD_CONFIGURATION, 3, r"No module named"),
    Case("executable", Fault.BAD_CONFIGURATION, 3, r"No such file or directory: 'wk"),
    Case("arguments", Fault.BAD_CONFIGURATION, 3, r"error:"),
    Case("bind", Fault.BAD_CONFIGURATION, 3, r"Address already in use", taken),
    *(
        Case(name, Fault.APPLICATION_CRASH, 3, signs)
        for name, signs in {
            "none_type": "NoneType", "key": "customer", "index": "list index", "division": "division by zero",
            "types": "can only concatenate", "recursion": "recursion depth", "assertion": "negative",
            "unicode": "codec can't decode", "segfault": "Segmentation fault", "abort": "Aborted",
        }.items()
    ),
    Case("full", Fault.OVERLOAD, 2, r"Full"),
    Case("future", Fault.HANG_OR_PROBE_FAILURE, 2, r"TimeoutError"),
    Case("stuck", Fault.HANG_OR_PROBE_FAILURE, 3, r"Timeout \("),
    Case("child", Fault.HANG_OR_PROBE_FAILURE, 2, r"timed out after"),
    Case("slow_loop", Fault.CPU_SATURATION, 1, r"Executing .* took"),
)  # fmt: skip


def _experiment(case: Case, style: str) -> Experiment:
    def cause(bench: Bench) -> str:
        return bench.run([sys.executable, str(DATA), case.name, style], env=case.settings(bench), seconds=20)

    given = getattr(case.settings, "__name__", "")
    return case.tried(f"{given}-{style}" if given != "<lambda>" else style, cause)


PROGRAM = Program(
    source="python_runtime",
    needs=(),
    experiments=(
        *(_experiment(case, style) for case in _CASES for style in STYLES),
        *python_calm.EXPERIMENTS,
    ),
)
