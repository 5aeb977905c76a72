# ruff: noqa: ANN001, ANN201, ANN202, INP001, PLC0415, PLE0643, PTH103, PTH118, PTH123, S310, TRY400
# mypy: ignore-errors
"""A small service that meets one fault, named by the first argument, and logs in the style of the second."""

import asyncio
import concurrent.futures
import ctypes
import faulthandler
import json
import logging
import os
import queue
import resource
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

LOG = logging.getLogger("orders.worker")
PORT = int(os.environ.get("PEER_PORT", "0"))
DISK = os.environ.get("DISK", "/nonexistent")
SCHEME = os.environ.get("PEER_SCHEME", "http")


def get(host="localhost", path="/"):
    context = ssl.create_default_context(cafile=os.environ.get("PEER_CA"))
    return urllib.request.urlopen(f"{SCHEME}://{host}:{PORT}{path}", timeout=1, context=context).read()


def memory():
    resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
    rows = []
    while True:
        rows.append(bytearray(1 << 20))


def memory_fork():
    kept = bytearray(150 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (180 << 20, 180 << 20))
    return len(kept), bytearray(300 << 20)


def threads():
    resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()


def disk_write():
    with open(os.path.join(DISK, "orders.csv"), "w") as file:
        for number in range(100000):
            file.write(f"{number},some text that fills the disk\n")


def disk_mkdir():
    os.makedirs(os.path.join(DISK, "uploads/2026"))


def sqlite_full():
    with sqlite3.connect(os.path.join(DISK, "orders.db")) as db:
        db.execute("create table orders (note text)")
        for _ in range(5000):
            db.execute("insert into orders values (?)", ("x" * 500,))
        db.commit()


def sqlite_malformed():
    path = os.path.join(DISK, "orders.db")
    with sqlite3.connect(path) as db:
        db.execute("create table orders (note text)")
        db.executemany("insert into orders values (?)", [("x" * 500,)] * 500)
    db.close()
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(60000))
    sqlite3.connect(path).execute("select count(*), max(note) from orders").fetchall()


def sqlite_locked():
    path = os.path.join(DISK, "locks.db")
    first = sqlite3.connect(path)
    first.execute("create table orders (note text)")
    first.execute("begin exclusive")
    sqlite3.connect(path, timeout=0.2).execute("insert into orders values (1)")


def http():
    get()


def resolve():
    urllib.request.urlopen("http://payments.shop.example/charge", timeout=2)


def resolve_raw():
    socket.create_connection(("redis-master.shop.example", 6379), timeout=2)


def connect():
    socket.create_connection(("127.0.0.1", PORT), timeout=1)


def unreachable():
    socket.create_connection(("240.0.0.1", 5432), timeout=2)


def receive():
    with socket.create_connection(("127.0.0.1", PORT), timeout=1) as peer:
        peer.sendall(b"PING\r\n")
        return peer.recv(10)


def mail():
    smtplib.SMTP("127.0.0.1", PORT, timeout=1)


def connect_async():
    asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", PORT), 1))


def wait_async():
    async def work():
        reader, _ = await asyncio.open_connection("127.0.0.1", PORT)
        return await asyncio.wait_for(reader.readline(), 0.3)

    asyncio.run(work())


def environment():
    return os.environ["DATABASE_URL"]


def number():
    return int(os.environ.get("WORKERS", "four"))


def config_json():
    return json.loads('{"workers": 4, "queue": }')


def config_missing():
    return open("/etc/orders/config.yaml").read()


def config_key():
    return {"queue": "orders"}["broker_url"]


def module():
    import psycopg_pool_missing  # noqa: F401


def executable():
    subprocess.run(["wkhtmltopdf-missing", "--version"], check=True)


def arguments():
    import argparse

    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("--queue", required=True)
    parser.add_argument("--concurrency", type=int)
    parser.parse_args(["--concurrency", "four"])


def bind():
    socket.create_server(("127.0.0.1", PORT))


def none_type():
    order = None
    return order.total


def key():
    return {"id": 7}["customer"]


def index():
    return [][0]


def division():
    return 10 / 0


def types():
    return "total: " + 5


def recursion():
    return recursion()


def assertion():
    assert sum([1, 2]) == 4, "stock must not be negative"


def unicode():
    return b"\xff\xfe\x00".decode("utf-8")


def segfault():
    faulthandler.enable()
    ctypes.string_at(0)


def abort():
    faulthandler.enable()
    os.abort()


def exits():
    raise SystemExit(3)


def full():
    line = queue.Queue(maxsize=2)
    for number in range(3):
        line.put_nowait(number)


def too_many_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    return [open("/dev/null") for _ in range(64)]


def future():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(time.sleep, 0.6).result(timeout=0.2)


def stuck():
    lock = threading.Lock()
    lock.acquire()
    faulthandler.dump_traceback_later(0.4, exit=True)
    lock.acquire()


def child():
    subprocess.run(["sleep", "5"], timeout=0.2, check=True)


def slow_loop():
    async def work():
        for _ in range(3):
            asyncio.get_running_loop().call_soon(sum, range(9_000_000))
            await asyncio.sleep(0.01)

    asyncio.run(work(), debug=True)


class Json(logging.Formatter):
    def format(self, record):
        entry = {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["error"] = repr(record.exc_info[1])
        return json.dumps(entry)


def set_up(style):
    handler = logging.StreamHandler(sys.stdout)
    plain = logging.Formatter("%(asctime)s %(levelname)s [%(name)s] %(message)s")
    handler.setFormatter(Json() if style == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def main():
    name, style = sys.argv[1:]
    set_up(style)
    if style == "raw":
        globals()[name]()
        return
    LOG.info("starting, pid %d", os.getpid())
    LOG.info("settings loaded from environment")
    try:
        globals()[name]()
    except Exception as error:
        if style == "short":
            LOG.error("%s: %s", type(error).__name__, error)
        else:
            LOG.exception("unhandled exception")
        sys.exit(1)


main()
