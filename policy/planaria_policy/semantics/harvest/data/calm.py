# ruff: noqa: ANN001, ANN002, ANN201, ANN202, INP001, PLC0415, PTH123, PTH208, S310, SLF001
# mypy: ignore-errors
"""A service in good health: starts, works, stops. The first argument chooses the work."""

import asyncio
import concurrent.futures
import gc
import http.server
import json
import logging
import os
import signal
import sqlite3
import ssl
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import warnings

LOG = logging.getLogger("orders.worker")
PORT = int(os.environ.get("PEER_PORT", "0"))


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, text, *values):
        LOG.info('%s "%s"', self.client_address[0], text % values)


def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    LOG.info("listening on port %d", server.server_address[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    for path in ("/", "/healthz", "/favicon.ico", "/orders?status=failed", "/robots.txt"):
        try:
            LOG.info("GET %s answered %d", path, urllib.request.urlopen(base + path).status)
        except urllib.error.HTTPError as error:
            LOG.info("GET %s answered %d, which the client may well ask", path, error.code)
    server.shutdown()
    LOG.info("server stopped, 0 requests in flight, 0 errors")


def jobs():
    done, failed = 0, 0
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for result in pool.map(lambda number: sum(range(number)), range(20)):
            done += result >= 0
    for name in ("invoices", "error-report", "panic-button-inventory"):
        LOG.info("job %s finished in %.3fs, failed=%d", name, time.process_time(), failed)
    LOG.info("batch complete: done=%d failed=%d error_count=%d", done, failed, failed)


def database():
    with sqlite3.connect(":memory:") as db:
        db.execute("create table orders (id integer primary key, state text)")
        db.executemany("insert into orders (state) values (?)", [("paid",)] * 50)
        LOG.info("migration 0001_initial applied")
        LOG.info(
            "%d orders, integrity check: %s",
            *db.execute("select count(*) from orders").fetchone(),
            db.execute("pragma integrity_check").fetchone()[0],
        )
    LOG.info("connection closed, 0 locks held")


def resources():
    space = os.statvfs("/")
    LOG.info(
        "disk usage %.0f %%, read-only: %s",
        100 - 100 * space.f_bavail / space.f_blocks,
        bool(space.f_flag & 1),
    )
    with open("/proc/self/status") as status:
        LOG.info("memory %s", next(line for line in status if line.startswith("VmRSS")).strip())
    LOG.info(
        "open files %d, threads %d, load %.2f",
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        os.getloadavg()[0],
    )
    with tempfile.TemporaryFile() as file:
        LOG.info("wrote %d bytes to the scratch volume", file.write(b"x" * 4096))


def retry():
    """A real refusal, and then a real answer."""
    from contextlib import suppress

    port = PORT
    for attempt in (1, 2):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{1 if attempt == 1 else port}/", timeout=2)
            LOG.info("attempt %d succeeded, connection established", attempt)
        except OSError as error:
            LOG.warning("attempt %d failed: %s; retrying in 0.2s", attempt, error)
            time.sleep(0.2)
    with suppress(OSError):
        LOG.info("recovered after 1 retry")


def tls():
    context = ssl.create_default_context(cafile=os.environ["PEER_CA"])
    urllib.request.urlopen(f"https://localhost:{PORT}/", context=context, timeout=3)
    before = ssl._ssl._test_decode_cert(os.environ["PEER_CA"])["notAfter"]
    days = (ssl.cert_time_to_seconds(before) - time.time()) / 86400
    LOG.info("TLS handshake with localhost:%d succeeded", PORT)
    LOG.info("certificate valid for %.0f days, until %s", days, before)


def stopping():
    signal.signal(signal.SIGTERM, lambda *_: LOG.info("received SIGTERM, shutting down gracefully"))
    os.kill(os.getpid(), signal.SIGTERM)
    LOG.info("drained 0 requests, exit code 0")


def deprecated():
    warnings.simplefilter("always")
    logging.captureWarnings(True)
    warnings.warn(
        "the option 'retries' is deprecated and will be removed in 4.0; use 'max_retries'",
        DeprecationWarning,
        2,
    )
    "abc".encode("idna")
    asyncio.run(asyncio.sleep(0.01), debug=True)


def garbage():
    gc.set_debug(gc.DEBUG_STATS)
    for _ in range(3):
        gc.collect()


def loop():
    async def main():
        results = await asyncio.gather(*(asyncio.sleep(0.01, number) for number in range(5)))
        LOG.info("%d tasks done, 0 cancelled, 0 timed out", len(results))

    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    asyncio.run(main())


class Json(logging.Formatter):
    def format(self, record):
        return json.dumps(
            {"level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        )


def main():
    name, style = sys.argv[1:]
    handler = logging.StreamHandler(sys.stdout)
    forms = {
        "log": "%(asctime)s %(levelname)s [%(name)s] %(message)s",
        "bare": "%(levelname)s:%(name)s:%(message)s",
        "raw": "%(message)s",
    }
    handler.setFormatter(Json() if style == "json" else logging.Formatter(forms[style]))
    logging.basicConfig(level=logging.DEBUG if style == "log" else logging.INFO, handlers=[handler])
    LOG.info("starting, pid %d, Python %s", os.getpid(), sys.version.split()[0])
    globals()[name]()
    LOG.info("done")


main()
