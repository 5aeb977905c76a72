"""The Java virtual machine, with a small service that meets one fault at a time."""

from collections.abc import Callable
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Case, Experiment, Program
from planaria_policy.semantics.harvest.settings import (
    denied,
    expired,
    forbidden,
    full_disk,
    overloaded,
    refused,
    reset,
    silent,
    small_disk,
    taken,
    unavailable,
    untrusted,
    write_protected,
)  # fmt: skip

SOURCE = Path(__file__).parents[1] / "data" / "Faults.java"
STYLES = ("raw", "log", "short")
SMALL = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")

_CASES = (
    Case("heap", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx16m",)),
    Case("strings", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx16m",)),
    Case("map", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError|Terminating", flags=("-Xmx16m", "-XX:+ExitOnOutOfMemoryError")),
    Case("map", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx12m", "-XX:+UseParallelGC", "-XX:-UseSerialGC")),
    Case("heap", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx16m", "-XX:+CrashOnOutOfMemoryError")),
    Case("heap", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx16m", "-XX:+HeapDumpOnOutOfMemoryError")),
    Case("array", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-Xmx16m",)),
    Case("direct", Fault.MEMORY_EXHAUSTION, 3, r"OutOfMemoryError", flags=("-XX:MaxDirectMemorySize=8m",)),
    Case("calm", Fault.MEMORY_EXHAUSTION, 3, r"Metaspace", flags=("-XX:MaxMetaspaceSize=5m", "-Xshare:off")),
    *(Case(name, Fault.APPLICATION_CRASH, 3, signs) for name, signs in {
        "nullpointer": "NullPointerException", "cast": "ClassCastException", "index": "OutOfBounds",
        "arithmetic": "ArithmeticException", "concurrent": "ConcurrentModification",
        "state": "UnsupportedOperation", "recursion": "StackOverflowError", "noelement": "NoSuchElement",
        "segfault": "SIGSEGV|fatal error has been detected", "halt": "AssertionError",
    }.items()),
    Case("http", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connection refused", refused),
    Case("client", Fault.DEPENDENCY_UNAVAILABLE, 2, r"ConnectException", refused),
    Case("connect", Fault.DEPENDENCY_UNAVAILABLE, 2, r"Connection refused", refused),
    Case("http", Fault.DEPENDENCY_UNAVAILABLE, 2, r"response code: 503", unavailable),
    Case("http", Fault.OVERLOAD, 2, r"response code: 429", overloaded),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"response code: 401", denied),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"response code: 403", forbidden),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"PKIX|SSLHandshake|certificat", untrusted),
    Case("http", Fault.AUTH_OR_CERTIFICATE, 2, r"PKIX|SSLHandshake|[Cc]ertificat", expired),
    Case("slow", Fault.NETWORK_FAULT, 2, r"timed out", silent),
    Case("client", Fault.NETWORK_FAULT, 2, r"timed out", silent),
    Case("receive", Fault.NETWORK_FAULT, 2, r"timed out", silent),
    Case("receive", Fault.NETWORK_FAULT, 2, r"reset", reset),
    Case("http", Fault.NETWORK_FAULT, 2, r"reset", reset),
    Case("resolve", Fault.NETWORK_FAULT, 2, r"UnknownHostException"),
    Case("bind", Fault.BAD_CONFIGURATION, 3, r"BindException", taken),
    *(Case(name, Fault.STORAGE_FAULT, 2, r"No space left", settings)
      for name in ("write", "channel") for settings in (full_disk, small_disk)),
    *(Case(name, Fault.STORAGE_FAULT, 2, r"Read-only file system", write_protected)
      for name in ("write", "channel", "create")),
    *(Case(name, Fault.BAD_CONFIGURATION, 3, signs) for name, signs in {
        "setting": "DATABASE_URL", "number": "NumberFormatException", "properties": "FileNotFound",
        "classname": "ClassNotFound", "driver": "No suitable driver", "program": "Cannot run program",
        "keystore": r"keystore|NoSuchFile|FileNotFound|IllegalArgument",
    }.items()),
    Case("rejected", Fault.OVERLOAD, 2, r"RejectedExecution"),
    Case("queue", Fault.OVERLOAD, 2, r"Queue full"),
    Case("future", Fault.HANG_OR_PROBE_FAILURE, 2, r"TimeoutException"),
    Case("deadlock", Fault.HANG_OR_PROBE_FAILURE, 3, r"deadlock|waiting to lock"),
)  # fmt: skip

_WRONG_FLAGS = {
    "unknown-option": ("-XX:+UseFastGC", "Faults"),
    "unknown-flag": ("-Xmxlots", "Faults"),
    "no-main": ("com.acme.Missing",),
    "no-jar": ("-jar", "orders.jar"),
    "two-collectors": ("-XX:+UseG1GC", "-XX:+UseZGC", "-XX:-UseSerialGC", "Faults"),
    "heap-too-small": ("-Xmx1k", "Faults"),
    "min-over-max": ("-Xms64m", "-Xmx32m", "Faults"),
    "no-agent": ("-javaagent:/opt/agent.jar", "Faults"),
    "no-agentlib": ("-agentlib:profiler", "Faults"),
    "unlock": ("-XX:+UseEpsilonGC", "-XX:-UseSerialGC", "Faults"),
    "bad-module": ("--module", "com.acme.orders", "Faults"),
    "unrecognized": ("--enable-turbo", "Faults"),
}
_CALM_LOGS = (
    "gc", "gc*", "safepoint", "class+load", "os*", "startuptime", "gc+heap=debug", "module=info", "metaspace*",
    "logging", "pagesize", "cds", "thread*",
)  # fmt: skip


def _case(case: Case, style: str, number: int) -> Experiment:
    def cause(bench: Bench) -> str:
        return _java(bench, *case.flags, "Faults", case.name, style, env=case.settings(bench))

    return case.tried(f"{number}-{style}", cause)


def _java(bench: Bench, *arguments: str, env: dict[str, str] | None = None) -> str:
    return bench.run(["java", *SMALL, "-cp", str(bench.shared), *arguments], env=env, seconds=25)


def _with(*arguments: str) -> Callable[[Bench], str]:
    return lambda bench: _java(bench, *arguments)


def _compile(bench: Bench) -> None:
    bench.run(["javac", "-nowarn", "-d", str(bench.folder), str(SOURCE)], seconds=120)


def _compiler(text: str) -> Callable[[Bench], str]:
    return lambda bench: bench.run(["javac", "-Xlint:all", str(bench.file("Order.java", text))])


PROGRAM = Program(
    source="jvm_hotspot",
    needs=("java", "javac"),
    prepare=_compile,
    experiments=(
        *(_case(case, style, number) for number, case in enumerate(_CASES) for style in STYLES),
        *(Experiment(name, Fault.BAD_CONFIGURATION, 3, _with(*flags), r"(?i)error|unrecog|invalid|conflict|unable|could not")
          for name, flags in _WRONG_FLAGS.items()),
        *(Experiment(f"calm-{topic}", Fault.HEALTHY, 0, _with(f"-Xlog:{topic}", "-Xmx48m", "Faults", "churn", "log"))
          for topic in _CALM_LOGS),
        Experiment("calm-g1", Fault.HEALTHY, 0, _with("-XX:-UseSerialGC", "-XX:+UseG1GC", "-Xmx64m", "-Xlog:gc*", "Faults", "churn", "log")),
        Experiment("calm-parallel", Fault.HEALTHY, 0, _with("-XX:-UseSerialGC", "-XX:+UseParallelGC", "-Xlog:gc*", "Faults", "churn", "log")),
        Experiment("calm-service", Fault.HEALTHY, 0, _with("Faults", "calm", "log")),
        Experiment("calm-verbose", Fault.HEALTHY, 0, _with("-verbose:gc", "-XX:+PrintCommandLineFlags", "Faults", "churn", "log")),
        Experiment("calm-deprecated", Fault.HEALTHY, 0, _with("-XX:+UseBiasedLocking", "-XX:+PrintFlagsFinal", "-version")),
        Experiment("calm-warnings", Fault.HEALTHY, 0, _compiler("class Order { java.util.List all = new java.util.ArrayList(); Order() { all.add(1); new Thread().stop(); } }")),
    ),
)  # fmt: skip
