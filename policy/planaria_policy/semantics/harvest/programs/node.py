"""Node.js, with a small service that meets one fault at a time."""

from collections.abc import Callable
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Case, Experiment, Program
from planaria_policy.semantics.harvest.settings import (
    expired,
    full_disk,
    misnamed,
    refused,
    reset,
    silent,
    taken,
    untrusted,
    write_protected,
)  # fmt: skip

SOURCE = Path(__file__).parents[1] / "data" / "faults.js"
STYLES = ("raw", "sync", "log", "json", "short")

_CASES = (
    Case("heap", Fault.MEMORY_EXHAUSTION, 3, r"heap out of memory|heap limit", flags=("--max-old-space-size=24",)),
    Case("worker", Fault.MEMORY_EXHAUSTION, 3, r"OUT_OF_MEMORY|memory limit"),
    *(Case(name, Fault.APPLICATION_CRASH, 3, signs) for name, signs in {
        "nothing": "Cannot read properties", "notFunction": "is not a function", "reference": "is not defined",
        "rejection": "not stored", "rejectionNothing": "ERR_UNHANDLED_REJECTION|undefined", "emitter": "ended early",
        "assertion": "negative", "recursion": "call stack", "abort": "Aborted|Native stack|node::Abort",
        "range": "Invalid array length", "json": "JSON input|is not valid JSON", "uri": "URI malformed", "argument": "ERR_INVALID_ARG",
        "stringTooLong": "Invalid string length", "unsettled": "unsettled",
    }.items()),
    *(Case(name, Fault.DEPENDENCY_UNAVAILABLE, 2, r"ECONNREFUSED", refused) for name in ("refused", "connect", "fetch")),
    *(Case("secure", Fault.AUTH_OR_CERTIFICATE, 2, r"(?i)certificate|CERT", peer) for peer in (untrusted, expired, misnamed)),
    *(Case("fetch", Fault.AUTH_OR_CERTIFICATE, 2, r"(?i)certificate|CERT", peer) for peer in (untrusted, expired, misnamed)),
    *(Case(name, Fault.NETWORK_FAULT, 2, r"ENOTFOUND|EAI_AGAIN|ESERVFAIL|ETIMEOUT|ECONNREFUSED") for name in ("resolve", "fetchResolve")),
    *(Case(name, Fault.NETWORK_FAULT, 2, r"ECONNRESET|socket hang up|other side closed", reset) for name in ("refused", "fetch")),
    *(Case(name, Fault.NETWORK_FAULT, 2, r"(?i)timeout|ETIMEDOUT", silent) for name in ("slow", "socketTimeout")),
    Case("bind", Fault.BAD_CONFIGURATION, 3, r"EADDRINUSE", taken),
    *(Case(name, Fault.STORAGE_FAULT, 2, r"ENOSPC", full_disk) for name in ("write", "append", "stream")),
    *(Case(name, Fault.STORAGE_FAULT, 2, r"EROFS", write_protected) for name in ("write", "append", "stream", "mkdir")),
    *(Case(name, Fault.BAD_CONFIGURATION, 3, signs) for name, signs in {
        "config": "JSON input|is not valid JSON|in JSON", "missing": "ENOENT", "url": "Invalid URL", "port": "ERR_SOCKET_BAD_PORT|options.port",
        "module": "Cannot find module", "relative": "Cannot find module", "spawn": "ENOENT", "key": "PEM|asn1|key",
    }.items()),
    Case("permission", Fault.AUTH_OR_CERTIFICATE, 2, r"EACCES"),
    Case("child", Fault.HANG_OR_PROBE_FAILURE, 2, r"ETIMEDOUT"),
)  # fmt: skip

_WRONG = {
    "option": ("--max-heap=9", "app.js"), "script": ("server.js",), "package": ("--require", "dotenv-missing", "-e", "1"),
    "env-file": ("--env-file=.env.production", "-e", "1"), "needs-value": ("--import",),
    "import": ("--input-type=module", "-e", "import x from 'pino-missing'"),
    "syntax": ("-e", "const config = { port: 80, ;"), "esm": ("-e", "import fs from 'fs'; fs.x(await 1)"),
    "export": ("--input-type=module", "-e", "import { nothing } from 'fs'"),
    "inspect": ("--inspect=127.0.0.1:99999", "-e", "1"),
}  # fmt: skip
_TESTS = """\
const test = require("node:test");
test("an error is reported", (t) => { t.assert?.ok(true); });
test("no timeout, no crash", () => {});
test("out of memory is survived", { skip: "needs a big machine" }, () => {});
"""


def _case(case: Case, style: str, number: int) -> Experiment:
    def cause(bench: Bench) -> str:
        env = case.settings(bench)
        return bench.run(["node", *case.flags, str(SOURCE), case.name, style], env=env, seconds=15)

    return case.tried(f"{number}-{style}", cause)


def _node(*arguments: str) -> Callable[[Bench], str]:
    return lambda bench: bench.run(["node", *arguments], seconds=15)


def _tests(bench: Bench) -> str:
    return "\n".join(
        bench.run(["node", "--test", f"--test-reporter={form}", str(bench.file("a.test.js", _TESTS))])
        for form in ("spec", "tap")
    )


def _debugged(section: str) -> Callable[[Bench], str]:
    def run(bench: Bench) -> str:
        env = {"NODE_DEBUG": section, "PEER_PORT": str(peers.answering(bench, "200 OK", "ok"))}
        return bench.run(["node", str(SOURCE), "calm", "log"], env=env)

    return run


PROGRAM = Program(
    source="nodejs_runtime",
    needs=("node",),
    experiments=(
        *(_case(case, style, number) for number, case in enumerate(_CASES) for style in STYLES),
        *(Experiment(f"wrong-{name}", Fault.BAD_CONFIGURATION, 3, _node(*flags), r"(?i)error|bad option|not found|cannot|requires|must be", whole=True)
          for name, flags in _WRONG.items()),
        *(Experiment(f"calm-debug-{section}", Fault.HEALTHY, 0, _debugged(section))
          for section in ("http", "net", "module", "timer", "http,net,stream", "esm")),
        *(Experiment(f"calm-{style}", Fault.HEALTHY, 0, _node(str(SOURCE), "calm", style)) for style in ("raw", "log", "json")),
        Experiment("calm-gc", Fault.HEALTHY, 0, _node("--trace-gc", "--max-semi-space-size=1", "-e", "for (let i = 0; i < 4e6; i++) ({ a: [i] })")),
        Experiment("calm-gc-verbose", Fault.HEALTHY, 0, _node("--trace-gc-verbose", "--expose-gc", "-e", "gc(); gc()")),
        Experiment("calm-warnings", Fault.HEALTHY, 0, _node("--trace-deprecation", str(SOURCE), "calm", "log")),
        Experiment("calm-sync", Fault.HEALTHY, 0, _node("--trace-sync-io", "-e", "setTimeout(() => require('fs').readFileSync(process.execPath.slice(0, 0) || '/etc/hosts'), 5)")),
        Experiment("calm-tests", Fault.HEALTHY, 0, _tests),
    ),
)  # fmt: skip
