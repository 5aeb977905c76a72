"""A PostgreSQL server of one's own, on a socket in a folder of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import psycopg

NOBODY: Final = 65534
START_SECONDS: Final = 60.0


def binary(name: str) -> str | None:
    """Where Debian puts what is not on the path, the newest version first; None where it is not installed."""
    elsewhere = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(path) for path in elsewhere), None)


class Server:
    """PostgreSQL does not run as root: then it runs as nobody. `settings` are passed to the server as they are."""

    def __init__(self, *settings: str) -> None:
        """Raises FileNotFoundError without PostgreSQL, and RuntimeError with its log where it does not start."""
        tools = [binary(name) for name in ("initdb", "postgres")]
        if None in tools:
            raise FileNotFoundError("no PostgreSQL on this machine: apt-get install postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="planaria-postgres-"))  # others' folders are root's alone
        self.data = self.folder / "data"
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self._run(tools[0], "-D", self.data, "-A", "trust", "-U", "planaria", "--no-sync").wait()
        more = [part for setting in ("listen_addresses=", *settings) for part in ("-c", setting)]
        self._command = [tools[1], "-D", self.data, "-k", self.folder, *more]
        self.start()

    def start(self) -> None:
        """Also again, after `halt`: with what it held before."""
        self.process = self._run(*self._command)
        self._wait()

    def halt(self) -> None:
        """End it and keep its data."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        return psycopg.connect(host=str(self.folder), user="planaria", dbname=database, autocommit=True)

    def database(self, name: str) -> str:
        """A new one; its URL."""
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str, user: str = "planaria") -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder)

    def _run(self, *command: object) -> "subprocess.Popen[bytes]":
        who = NOBODY if os.geteuid() == 0 else None
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(each) for each in command], cwd=self.folder, stdout=log, stderr=log,
                user=who, group=who, extra_groups=None if who is None else [],
            )  # fmt: skip

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()) from error
                time.sleep(0.1)
            else:
                return
