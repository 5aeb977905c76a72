"""Redis: the server's log and what its clients are told."""

from collections.abc import Callable
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench, Running, fill_up
from planaria_policy.semantics.harvest.experiment import Experiment, Program

Talk = Callable[[Bench, "Server"], None]


class Server:
    """One redis-server with its own folder and port."""

    def __init__(self, bench: Bench, *options: str, folder: Path | None = None) -> None:
        self.bench, self.port = bench, bench.port()
        self.said: list[str] = []
        self.running: Running = bench.start([
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder or bench.folder),
            "--save", "", *options,
        ])  # fmt: skip
        self.running.wait_for(r"Ready to accept|rror", 8)

    def ask(self, *command: str) -> str:
        answer = self.bench.run(["redis-cli", "-p", str(self.port), *command], seconds=8)
        self.said.append(answer)
        return answer

    def output(self) -> str:
        return self.running.stop(seconds=4) + "\n" + "\n".join(self.said)


def _talk(talk: Talk, *options: str) -> Callable[[Bench], str]:
    def cause(bench: Bench) -> str:
        server = Server(bench, *options)
        talk(bench, server)
        return server.output()

    return cause


def _full_memory(_: Bench, server: Server) -> None:
    server.ask("EVAL", "for i=1,9999 do redis.call('set','k'..i,string.rep('x',4096)) end", "0")
    server.ask("SET", "order:1", "x" * 9000)
    server.ask("LPUSH", "queue", "x" * 9000)
    server.ask("INFO", "errorstats")


def _no_space(bench: Bench) -> str:
    disk = bench.disk("256k")
    server = Server(bench, "--appendonly", "yes", "--appendfsync", "always", folder=disk)
    server.ask("DEBUG", "JMAP")
    fill_up(disk)
    server.ask("SET", "order:1", "x" * 9000)
    server.ask("SET", "order:2", "x" * 9000)
    return server.output()


def _no_snapshot(bench: Bench) -> str:
    disk = bench.disk("256k", full=True)
    server = Server(bench, "--save", "1 1", folder=disk)
    server.ask("SET", "order:1", "paid")
    server.running.wait_for("Background saving error|Write error", 9)
    server.ask("SET", "order:2", "paid")
    server.ask("SAVE")
    return server.output()


def _read_only(bench: Bench) -> str:
    disk = bench.disk("1m")
    server = Server(bench, folder=disk)
    server.ask("SET", "order:1", "paid")
    bench.read_only(disk)
    server.ask("SAVE")
    server.ask("BGSAVE")
    server.running.wait_for("Failed opening", 3)
    return server.output()


def _corrupt(name: str, content: bytes, *options: str) -> Callable[[Bench], str]:
    def cause(bench: Bench) -> str:
        path = bench.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Server(bench, *options).output()

    return cause


def _no_password(_: Bench, server: Server) -> None:
    server.ask("GET", "order:1")
    server.ask("-a", "wrong", "GET", "order:1")
    server.ask("AUTH", "worker", "wrong")
    server.ask("-a", "secret", "ACL", "SETUSER", "worker", "on", ">w", "~jobs:*", "+get")
    server.ask("--user", "worker", "--pass", "w", "SET", "jobs:1", "x")
    server.ask("--user", "worker", "--pass", "w", "GET", "orders:1")
    server.ask("-a", "secret", "ACL", "LOG")


def _many_clients(bench: Bench, server: Server) -> None:
    held = [bench.start(["redis-cli", "-p", str(server.port), "BLPOP", "jobs", "20"]) for _ in range(5)]
    held[-1].wait_for("max number", 3)
    server.ask("PING")
    server.said += [one.output() for one in held]


def _lost_master(_: Bench, server: Server) -> None:
    server.running.wait_for(r"(Connection refused|Error condition|Timeout).*", 6)
    server.ask("SET", "order:1", "x")
    server.ask("GET", "order:1")
    server.ask("INFO", "replication")


def _busy_script(bench: Bench, server: Server) -> None:
    bench.start(["redis-cli", "-p", str(server.port), "EVAL", "while true do end", "0"])
    server.running.wait_for("slow script|Slow script", 4)
    server.ask("PING")
    server.ask("SCRIPT", "KILL")


def _crash(_: Bench, server: Server) -> None:
    server.ask("DEBUG", "SEGFAULT")


def _assert(_: Bench, server: Server) -> None:
    server.ask("DEBUG", "ASSERT")


def _panic(_: Bench, server: Server) -> None:
    server.ask("DEBUG", "PANIC")


def _loading(_: Bench, server: Server) -> None:
    for command in (
        ("SET", "order:1", "paid"), ("BGSAVE",), ("BGREWRITEAOF",), ("INFO", "stats"), ("INFO", "memory"),
        ("INFO", "errorstats"), ("INFO", "persistence"), ("INFO", "clients"), ("LATENCY", "DOCTOR"), ("MEMORY", "DOCTOR"),
        ("SLOWLOG", "GET"), ("PING",), ("CONFIG", "RESETSTAT"), ("CLIENT", "LIST"), ("INFO", "replication"),
    ):  # fmt: skip
        server.ask(*command)
    server.running.wait_for("terminated with success", 4)


def _replica(bench: Bench) -> str:
    first = Server(bench, "--repl-diskless-sync-delay", "0")
    second = Server(bench, "--replicaof", "127.0.0.1", str(first.port))
    second.running.wait_for("Finished with success|successfully", 8)
    second.ask("REPLICAOF", "NO", "ONE")
    return second.output() + first.output()


def _options(*options: str) -> Callable[[Bench], str]:
    return lambda bench: bench.run(["redis-server", "--port", str(bench.port()), *options], seconds=3)


def _taken(bench: Bench) -> str:
    return bench.run(["redis-server", "--port", str(peers.busy(bench)), "--bind", "127.0.0.1"], seconds=4)


def _client(peer: Callable[[Bench], int], *options: str) -> Callable[[Bench], str]:
    return lambda bench: bench.run(["redis-cli", "-p", str(peer(bench)), *options, "PING"], seconds=4)


def _config(text: str) -> Callable[[Bench], str]:
    return lambda bench: bench.run(["redis-server", str(bench.file("redis.conf", text))], seconds=3)


_BAD = r"FATAL|Bad directive|argument|Invalid|rror|>>>|must be|Unable|Failed|Can't|expected"
_CONFIGS = {
    "unknown": "port 0\nmaxmemroy 1gb\n", "value": "appendonly maybe\n", "number": "port eighty\n",
    "include": "include /etc/redis/missing.conf\n", "module": "port 0\nloadmodule /usr/lib/redis/search.so\n",
    "dir": "dir /var/lib/redis-missing\n", "memory": "maxmemory lots\n", "save": "save 60\n", "policy": "maxmemory-policy oldest\n",
    "acl": "port 0\nuser worker on >w +nonsense\n", "aclfile": "port 0\naclfile /etc/redis/users.acl\n",
    "bind": "bind 203.0.113.9\nport 6399\n", "quotes": 'requirepass "abc\n', "log": "port 0\nlogfile /var/log/none/redis.log\n",
}  # fmt: skip

PROGRAM = Program(
    source="redis",
    needs=("redis-server", "redis-cli"),
    experiments=(
        Experiment("maxmemory", Fault.MEMORY_EXHAUSTION, 2, _talk(_full_memory, "--maxmemory", "3mb"), r"OOM"),
        Experiment("aof-no-space", Fault.STORAGE_FAULT, 3, _no_space, r"No space left|MISCONF|Can't recover|AOF write|short write"),
        Experiment("rdb-no-space", Fault.STORAGE_FAULT, 2, _no_snapshot, r"No space left|MISCONF|Background saving error|Write error|^ERR$"),
        Experiment("read-only", Fault.STORAGE_FAULT, 2, _read_only, r"Read-only|Background saving error|Failed opening"),
        Experiment("corrupt-rdb", Fault.STORAGE_FAULT, 3, _corrupt("dump.rdb", b"REDIS0010\xfa\xff" + b"\x07" * 90), r"rror|corrupt|EOF|exiting"),
        Experiment("wrong-signature", Fault.STORAGE_FAULT, 3, _corrupt("dump.rdb", b"PK\x03\x04" + b"0" * 90), r"signature|Fatal"),
        Experiment("corrupt-aof", Fault.STORAGE_FAULT, 3, _corrupt("appendonlydir/appendonly.aof.manifest", b"file x seq 1 type b\nnonsense", "--appendonly", "yes"), r"FATAL|Invalid|AOF"),
        Experiment("password", Fault.AUTH_OR_CERTIFICATE, 2, _talk(_no_password, "--requirepass", "secret"), r"NOAUTH|WRONGPASS|NOPERM|AUTH failed|reason|auth"),
        Experiment("maxclients", Fault.OVERLOAD, 2, _talk(_many_clients, "--maxclients", "3"), r"max number of clients"),
        Experiment("master-refused", Fault.DEPENDENCY_UNAVAILABLE, 2, lambda bench: _talk(_lost_master, "--replicaof", "127.0.0.1", str(bench.port()))(bench), r"refused|MASTERDOWN|Error condition|master_link_status:down|Unable to connect"),
        Experiment("master-stale", Fault.DEPENDENCY_UNAVAILABLE, 2, lambda bench: _talk(_lost_master, "--replica-serve-stale-data", "no", "--replicaof", "127.0.0.1", str(bench.port()))(bench), r"refused|MASTERDOWN|Error condition|master_link_status:down"),
        Experiment("master-unknown", Fault.NETWORK_FAULT, 2, _talk(_lost_master, "--replicaof", "redis-master.shop.example", "6379"), r"resol|Unable to connect|Name or service|Temporary"),
        Experiment("min-replicas", Fault.DEPENDENCY_UNAVAILABLE, 2, _talk(lambda _, server: server.said.append(server.ask("SET", "a", "1")), "--min-replicas-to-write", "1"), r"NOREPLICAS"),
        Experiment("busy-script", Fault.HANG_OR_PROBE_FAILURE, 2, _talk(_busy_script, "--lua-time-limit", "200"), r"(?i)slow script|BUSY"),
        *(Experiment(name, Fault.APPLICATION_CRASH, 3, _talk(talk, "--enable-debug-command", "yes"), r"crashed by signal|BUG REPORT|ASSERTION|Guru|Segmentation|SIGSEGV|closed the connection|PANIC|Killed by")
          for name, talk in (("segfault", _crash), ("assert", _assert), ("panic", _panic))),
        Experiment("taken", Fault.BAD_CONFIGURATION, 3, _taken, r"already in use|Failed listening"),
        *(Experiment(f"config-{name}", Fault.BAD_CONFIGURATION, 3, _config(text), _BAD) for name, text in _CONFIGS.items()),
        Experiment("option", Fault.BAD_CONFIGURATION, 3, _options("--max-memory", "1gb"), _BAD),
        Experiment("client-refused", Fault.DEPENDENCY_UNAVAILABLE, 2, _client(peers.refusing), r"refused"),
        Experiment("client-reset", Fault.NETWORK_FAULT, 2, _client(peers.resetting), r"reset|closed"),
        Experiment("client-unknown", Fault.NETWORK_FAULT, 2, _client(peers.refusing, "-h", "redis.shop.example"), r"resol|Name or service|Could not connect"),
        Experiment("client-tls", Fault.AUTH_OR_CERTIFICATE, 2, _client(lambda bench: peers.tls(bench)[0], "--tls"), r"certificate"),
        Experiment("calm", Fault.HEALTHY, 0, _talk(_loading)),
        Experiment("calm-verbose", Fault.HEALTHY, 0, _talk(_loading, "--loglevel", "debug")),
        Experiment("calm-aof", Fault.HEALTHY, 0, _talk(_loading, "--appendonly", "yes", "--loglevel", "verbose")),
        Experiment("calm-replica", Fault.HEALTHY, 0, _replica),
    ),
)  # fmt: skip
