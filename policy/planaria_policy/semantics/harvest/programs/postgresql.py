"""PostgreSQL: the server's log and what psql is told."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from planaria_contract import Fault
from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench, Running, fill_up
from planaria_policy.semantics.harvest.experiment import Experiment, Program

USER = "postgres"
_PREFIX = "log_line_prefix=%m [%p] %q%u@%d "


class Server:
    def __init__(self, bench: Bench, *settings: str, folder: Path | None = None, hba: str = "") -> None:
        self.bench, self.port, self.said = bench, bench.port(), list[str]()
        self.data = (folder or bench.folder) / "pg"
        shutil.copytree(bench.shared / "pg", self.data)
        bench.run(["chown", "-R", f"{USER}:{USER}", str(self.data)])
        self.data.chmod(0o700)
        if hba:
            (self.data / "pg_hba.conf").write_text(hba)
        self.running = self.start(*settings)

    def start(self, *settings: str) -> Running:
        given = [part for one in (_PREFIX, *settings) for part in ("-c", one)]
        running = self.bench.start(
            ["postgres", "-D", str(self.data), "-p", str(self.port), "-k", "", "-h", "127.0.0.1", *given],
            user=USER,
        )
        running.wait_for("ready to accept connections|FATAL|PANIC", 15)
        return running

    def psql(
        self, *commands: str, user: str = USER, db: str = "postgres", password: str = "", seconds: float = 8
    ) -> None:
        asked = [part for one in commands for part in ("-c", one)]
        self.said.append(
            self.bench.run(
                self.call(user, db, *asked),
                env={"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "3"},
                seconds=seconds,
            )
        )

    def hold(self, *commands: str) -> Running:
        return self.bench.start(
            self.call(USER, "postgres", *(part for one in commands for part in ("-c", one)))
        )

    def call(self, user: str, db: str, *more: str) -> list[str]:
        return ["psql", "-X", "-h", "127.0.0.1", "-p", str(self.port), "-U", user, "-d", db, *more]

    def output(self) -> str:
        return self.running.stop(2) + "\n" + "\n".join(self.said)


def _initialise(bench: Bench) -> None:
    bench.folder.chmod(0o777)
    bench.run(
        ["initdb", "-D", str(bench.folder / "pg"), "-A", "trust", "-U", USER, "--wal-segsize=1", "-N"],
        user=USER,
        seconds=90,
    )


def _asked(
    *commands: str,
    settings: tuple[str, ...] = (),
    user: str = USER,
    db: str = "postgres",
    hba: str = "",
    password: str = "",
) -> Callable[[Bench], str]:
    def cause(bench: Bench) -> str:
        server = Server(bench, *settings, hba=hba)
        server.psql(*commands, user=user, db=db, password=password)
        return server.output()

    return cause


def _no_space(bench: Bench) -> str:
    disk = bench.disk("60m")
    server = Server(bench, folder=disk)
    server.psql("create table orders (note text)")
    fill_up(disk)
    for _ in range(3):
        server.psql(
            "insert into orders select repeat(md5(i::text), 60) from generate_series(1, 20000) i",
            "checkpoint",
        )
    return server.output()


def _read_only(bench: Bench) -> str:
    disk = bench.disk("60m")
    server = Server(bench, folder=disk)
    server.psql("create table orders (note text)")
    bench.read_only(disk)
    server.psql(
        "insert into orders select repeat('x', 900) from generate_series(1, 2000)",
        "create table more (x int)",
        "checkpoint",
    )
    return server.output()


def _corrupt(bench: Bench) -> str:
    server = Server(bench)
    server.psql(
        "create table orders as select repeat('x', 900) note from generate_series(1, 400)", "checkpoint"
    )
    server.running.stop(2)
    largest = max(
        (server.data / "base").rglob("[0-9]*"), key=lambda path: (path.stat().st_mtime, path.stat().st_size)
    )
    largest.write_bytes(b"\x55" * largest.stat().st_size)
    first, server.running = server.running.output(), server.start()
    server.psql("select count(*) from orders", "select * from orders limit 1")
    (server.data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    return server.output() + server.start().stop(2) + first[:0]


def _deadlock(bench: Bench) -> str:
    server = Server(bench, "deadlock_timeout=200ms", "log_lock_waits=on")
    server.psql("create table stock (id int primary key, n int)", "insert into stock values (1, 1), (2, 2)")

    def update(first: int, second: int) -> str:
        return f"begin; update stock set n = 0 where id = {first}; select pg_sleep(0.7); update stock set n = 0 where id = {second}; commit"  # noqa: S608 - two numbers of ours

    held = [server.hold(update(1, 2)), server.hold(update(2, 1))]
    server.running.wait_for("deadlock detected", 6)
    time.sleep(0.3)
    return server.output() + "\n".join(one.output() for one in held)


def _lock_wait(bench: Bench) -> str:
    server = Server(bench, "deadlock_timeout=200ms", "log_lock_waits=on")
    server.psql("create table stock (id int)")
    server.hold("begin; lock table stock; select pg_sleep(4)")
    time.sleep(0.7)
    server.psql("set lock_timeout = 500; select * from stock")
    server.psql("set statement_timeout = 500; select * from stock")
    server.psql("lock table stock nowait")
    return server.output()


def _connections(bench: Bench) -> str:
    server = Server(bench, "max_connections=4", "superuser_reserved_connections=1", "max_wal_senders=0")
    server.psql("create role app login")
    for _ in range(4):
        bench.start(server.call("app", "postgres", "-c", "select pg_sleep(3)"))
    server.running.wait_for("connection", 1)
    time.sleep(1)
    for user in ("app", USER, "app"):
        server.psql("select 1", user=user)
    return server.output()


def _killed(bench: Bench) -> str:
    server = Server(bench, "log_min_messages=info")
    held = server.hold("select pg_sleep(9)")
    time.sleep(0.7)
    workers = bench.run(["pgrep", "-f", "-P", str(server.running.process.pid), "SELECT|127.0.0.1"]).split()
    bench.run(["kill", "-SEGV" if len(workers) > 1 else "-KILL", *workers])
    server.running.wait_for("recovery|ready to accept.*ready to accept", 6)
    time.sleep(0.8)
    return held.output() + "\n" + server.output()


def _taken(bench: Bench) -> str:
    server = Server(bench)
    again = bench.run(
        ["postgres", "-D", str(server.data), "-p", str(server.port), "-h", "127.0.0.1", "-k", ""],
        user=USER,
        seconds=4,
    )
    (server.data / "postmaster.pid").rename(server.data / "pid.old")
    return again + bench.run(
        ["postgres", "-D", str(server.data), "-p", str(server.port), "-h", "127.0.0.1", "-k", ""],
        user=USER,
        seconds=4,
    )


def _standby(bench: Bench) -> str:
    server = Server(bench)
    server.running.stop(2)
    (server.data / "standby.signal").touch()
    server.running = server.start(f"primary_conninfo=host=127.0.0.1 port={bench.port()} user=replica")
    server.running.wait_for("could not connect", 6)
    return server.output()


def _client(
    peer: Callable[[Bench], int], host: str = "127.0.0.1", mode: str = "prefer"
) -> Callable[[Bench], str]:
    return lambda bench: bench.run(
        [
            "psql",
            "-X",
            f"host={host} port={peer(bench)} user=app dbname=orders sslmode={mode} connect_timeout=2",
        ],
        seconds=6,
    )


def _calm(*settings: str) -> Callable[[Bench], str]:
    def cause(bench: Bench) -> str:
        server = Server(bench, *settings)
        server.psql(
            "create table orders (id serial primary key, state text)", "insert into orders (state) select 'failed' from generate_series(1, 5000)",
            "create index on orders (state)", "analyze verbose orders", "vacuum verbose orders", "checkpoint",
            "create table if not exists orders (id int)", "drop table if exists errors", "select count(*) from orders",
            "explain analyze select * from orders where state = 'panic'", "select pg_reload_conf()", "truncate orders",
        )  # fmt: skip
        return server.output()

    return cause


_SETTINGS = {
    "unknown": "max_conections=5", "value": "shared_buffers=lots", "range": "port=99999", "preload": "shared_preload_libraries=pg_missing",
    "wal": "wal_level=much", "hba": "hba_file=/etc/postgresql/missing.conf", "ssl": "ssl_cert_file=/etc/ssl/shop.crt", "zone": "timezone=Mars/Base",
    "senders": "max_wal_senders=200000", "locale": "lc_messages=xx_YY", "listen": "listen_addresses=203.0.113.9", "boolean": "fsync=perhaps",
}  # fmt: skip
_BAD = r"FATAL|ERROR|could not|WARNING|invalid|missing"


def _setting(text: str) -> Callable[[Bench], str]:
    more = ("ssl=on", text) if text.startswith("ssl") else (text,)
    return lambda bench: Server(bench, *more).output()


_SCRAM = "host all all 127.0.0.1/32 scram-sha-256\n"

PROGRAM = Program(
    source="postgresql",
    needs=("postgres", "initdb", "psql"),
    prepare=_initialise,
    experiments=(
        Experiment("no-space", Fault.STORAGE_FAULT, 3, _no_space, r"No space left"),
        Experiment("read-only", Fault.STORAGE_FAULT, 3, _read_only, r"Read-only file system"),
        Experiment("corrupt", Fault.STORAGE_FAULT, 3, _corrupt, r"invalid page|could not read block|incorrect checksum|pg_control|corrupt"),
        Experiment("deadlock", Fault.HANG_OR_PROBE_FAILURE, 2, _deadlock, r"deadlock|still waiting"),
        Experiment("lock-wait", Fault.HANG_OR_PROBE_FAILURE, 2, _lock_wait, r"still waiting|lock timeout|statement timeout|could not obtain lock"),
        Experiment("connections", Fault.OVERLOAD, 2, _connections, r"too many clients|remaining connection slots"),
        Experiment("killed", Fault.APPLICATION_CRASH, 3, _killed, r"terminated by signal|terminating (any other|connection because)|closed the connection unexpectedly|abnormally"),
        Experiment("memory", Fault.MEMORY_EXHAUSTION, 3, _asked("select 1", settings=("shared_buffers=900GB",)), r"Cannot allocate memory|could not map"),
        Experiment("taken", Fault.BAD_CONFIGURATION, 3, _taken, r"FATAL|already in use|could not bind|HINT"),
        Experiment("standby", Fault.DEPENDENCY_UNAVAILABLE, 2, _standby, r"refused|could not connect"),
        Experiment("password", Fault.AUTH_OR_CERTIFICATE, 2, _asked("select 1", hba=_SCRAM, password="x"), r"password authentication failed"),  # noqa: S106 - the wrong one
        Experiment("no-entry", Fault.AUTH_OR_CERTIFICATE, 2, _asked("select 1", hba="local all all trust\n"), r"no pg_hba"),
        Experiment("rejected", Fault.AUTH_OR_CERTIFICATE, 2, _asked("select 1", hba="host all all all reject\n"), r"rejects connection"),
        Experiment("peer", Fault.AUTH_OR_CERTIFICATE, 2, _asked("select 1", hba="host all all all ident\n"), r"Ident authentication failed"),
        Experiment("no-role", Fault.AUTH_OR_CERTIFICATE, 2, _asked("select 1", user="worker"), r"role .* does not exist"),
        Experiment("denied", Fault.AUTH_OR_CERTIFICATE, 2, _asked("create table t (x int); create role app; set role app; select * from t"), r"permission denied"),
        Experiment("no-database", Fault.BAD_CONFIGURATION, 2, _asked("select 1", db="orders"), r"database .* does not exist"),
        Experiment("no-table", Fault.BAD_CONFIGURATION, 2, _asked("select * from orders", "select state from pg_class", "select charge(1)"), r"does not exist"),
        *(Experiment(f"setting-{name}", Fault.BAD_CONFIGURATION, 3, _setting(text), _BAD) for name, text in _SETTINGS.items()),
        Experiment("hba-nonsense", Fault.BAD_CONFIGURATION, 3, _asked("select 1", hba="host everybody from anywhere\n"), _BAD),
        Experiment("client-refused", Fault.DEPENDENCY_UNAVAILABLE, 2, _client(peers.refusing), r"refused"),
        Experiment("client-silent", Fault.NETWORK_FAULT, 2, _client(peers.silent), r"timeout expired"),
        Experiment("client-reset", Fault.NETWORK_FAULT, 2, _client(peers.resetting, mode="disable"), r"reset|closed the connection"),
        Experiment("client-unknown", Fault.NETWORK_FAULT, 2, _client(peers.refusing, "db.shop.example"), r"could not translate host name"),
        Experiment("calm", Fault.HEALTHY, 0, _calm()),
        Experiment("calm-statements", Fault.HEALTHY, 0, _calm("log_statement=all", "log_duration=on", "log_connections=on", "log_disconnections=on", "log_checkpoints=on")),
        Experiment("calm-verbose", Fault.HEALTHY, 0, _calm("log_min_messages=debug1", "log_error_verbosity=verbose")),
        Experiment("calm-vacuum", Fault.HEALTHY, 0, _calm("log_autovacuum_min_duration=0", "log_temp_files=0", "log_replication_commands=on", "client_min_messages=debug1")),
        Experiment("calm-plain", Fault.HEALTHY, 0, _calm("log_line_prefix=", "log_checkpoints=on")),
    ),
)  # fmt: skip
