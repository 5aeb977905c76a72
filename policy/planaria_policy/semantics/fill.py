"""Fills a template's placeholders with values as systems print them."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_WORDS: Final = [
    "orders",
    "payments",
    "checkout",
    "cart",
    "search",
    "catalog",
    "inventory",
    "billing",
    "users",
    "auth",
    "session",
    "profile",
    "shipping",
    "pricing",
    "recommender",
    "ingest",
    "worker",
    "scheduler",
    "gateway",
    "api",
    "web",
    "frontend",
    "backend",
    "reports",
    "email",
    "notifier",
    "media",
    "thumbs",
    "events",
    "ledger",
    "quotes",
    "rates",
    "feed",
    "crawler",
    "indexer",
    "cache",
    "queue",
    "sync",
    "exporter",
    "proxy",
    "batch",
    "stream",
    "analytics",
    "fraud",
    "tenant",
    "audit",
    "config",
    "mailer",
    "router",
    "broker",
    "planner",
    "store",
    "loyalty",
    "returns",
    "picker",
]
_SUFFIXES: Final = [
    "api",
    "svc",
    "worker",
    "db",
    "cache",
    "server",
    "prod",
    "v2",
    "main",
    "primary",
    "0",
    "1",
    "2",
    "green",
    "blue",
]
_NAMESPACES: Final = [
    "default",
    "prod",
    "production",
    "staging",
    "shop",
    "payments",
    "monitoring",
    "kube-system",
    "data",
    "ml",
    "platform",
    "team-a",
    "qa",
    "infra",
]
_PACKAGES: Final = (
    "com.acme.shop",
    "io.example.orders",
    "org.contoso.billing",
    "com.initech.core",
    "net.globex.api",
    "Acme.Shop",
    "Contoso.Web",
)
_CLASSES: Final = [
    "OrderService",
    "PaymentClient",
    "UserRepository",
    "CartController",
    "InventoryJob",
    "SessionManager",
    "ReportWorker",
    "PriceEngine",
]
_PATHS: Final = (
    "/var/lib/{w}/data",
    "/data/{w}",
    "/etc/{w}/{w}.yaml",
    "/app/{w}/config.json",
    "/var/log/{w}/{w}.log",
    "/mnt/{w}",
    "/srv/{w}/{n}",
    "/scratch/{w}-{n}",
    "/opt/{w}/bin/{w}",
    "/usr/local/share/{w}",
    "/var/run/{w}.sock",
    "/home/{w}/.cache",
)
_FILES: Final = (
    "{w}.py",
    "{w}.go",
    "{w}.js",
    "{w}.yaml",
    "{w}.conf",
    "{w}-{n}.log",
    "{w}.json",
    "{w}.ts",
    "main.rs",
    "{w}.sst",
    "index.js",
    "app.py",
)
_DOMAINS: Final = (
    "example.com",
    "acme.io",
    "internal",
    "corp.local",
    "svc.cluster.local",
    "prod.svc.cluster.local",
    "eu-west-1.amazonaws.com",
    "shop.test",
)
_TOPICS: Final = [
    "orders.created",
    "payments",
    "events.raw",
    "clickstream",
    "audit-log",
    "user.updated",
    "dlq",
    "telemetry",
    "invoices",
]
_TABLES: Final = [
    "orders",
    "users",
    "payments",
    "public.accounts",
    "invoices",
    "line_items",
    "sessions",
    "audit_log",
    "events",
    "products",
]
_DEVICES: Final = [
    "sda",
    "sdb",
    "sdc",
    "nvme0n1",
    "nvme1n1",
    "vda",
    "vdb",
    "xvdf",
    "dm-0",
    "dm-3",
    "md0",
    "loop4",
    "sdd1",
    "nvme0n1p1",
]
_REGISTRIES: Final = (
    "docker.io/library/",
    "ghcr.io/acme/",
    "registry.example.com/team/",
    "quay.io/",
    "gcr.io/proj/",
    "",
)

Maker = Callable[[random.Random], str]


def _word(draw: random.Random) -> str:
    return draw.choice(_WORDS)


def _hex(draw: random.Random, length: int) -> str:
    return "".join(draw.choices("0123456789abcdef", k=length))


def _name(draw: random.Random) -> str:
    return draw.choice(
        (_word(draw), f"{_word(draw)}-{draw.choice(_SUFFIXES)}", f"{_word(draw)}-{_word(draw)}")
    )


def _pod(draw: random.Random) -> str:
    tail = "".join(draw.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    return draw.choice((f"{_name(draw)}-{_hex(draw, 9)}-{tail}", f"{_name(draw)}-{draw.randrange(5)}"))


def _ip(draw: random.Random) -> str:
    first = draw.choice(("10", "10", "172", "192"))
    rest = {"10": draw.randrange(256), "172": draw.randrange(16, 32), "192": 168}[first]
    return f"{first}.{rest}.{draw.randrange(256)}.{draw.randrange(1, 255)}"


def _host(draw: random.Random) -> str:
    return draw.choice(
        (
            f"{_name(draw)}.{draw.choice(_DOMAINS)}",
            _name(draw),
            f"{_name(draw)}.{draw.choice(_NAMESPACES)}.svc",
        )
    )


def _moment(draw: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=draw.uniform(0, 3e7))


def _ts(draw: random.Random) -> str:
    form = draw.choice(
        (
            "%Y-%m-%dT%H:%M:%SZ",
            "%Y-%m-%d %H:%M:%S,123",
            "%Y-%m-%dT%H:%M:%S.%fZ",
            "%b %d %H:%M:%S",
            "%Y/%m/%d %H:%M:%S",
            "%d/%b/%Y:%H:%M:%S +0000",
        )
    )
    return _moment(draw).strftime(form)


def _uuid(draw: random.Random) -> str:
    return "-".join(_hex(draw, size) for size in (8, 4, 4, 4, 12))


def _int(draw: random.Random) -> str:
    return str(
        draw.choice((draw.randrange(10), draw.randrange(100), draw.randrange(2000), draw.randrange(10**6)))
    )


def _dur(draw: random.Random) -> str:
    return draw.choice(
        (
            f"{draw.uniform(0.1, 60):.2f}s",
            f"{draw.randrange(1, 30)}m{draw.randrange(60)}s",
            f"{draw.randrange(1, 900)}ms",
            f"{draw.randrange(2, 60)}s",
        )
    )


def _size(draw: random.Random) -> str:
    return draw.choice(
        (
            f"{draw.randrange(1, 1024)}Mi",
            f"{draw.uniform(0.5, 64):.1f}GB",
            f"{draw.randrange(1, 900)} MB",
            f"{draw.randrange(1, 64)}Gi",
            f"{draw.randrange(100, 9999)}K",
        )
    )


def _formatted(choices: tuple[str, ...]) -> Maker:
    return lambda draw: draw.choice(choices).format(w=_word(draw), n=draw.randrange(100))


MAKERS: Final[dict[str, Maker]] = {
    "int": _int,
    "pct": lambda draw: f"{draw.randrange(1, 100)}%",
    "ip": _ip,
    "port": lambda draw: draw.choice(
        (
            "80",
            "443",
            "5432",
            "6379",
            "8080",
            "9092",
            "3306",
            "27017",
            "50051",
            str(draw.randrange(1024, 65536)),
        )
    ),
    "host": _host,
    "url": lambda draw: (
        f"{draw.choice(('http', 'https'))}://{_host(draw)}/{draw.choice(('', 'api/v1/', 'v2/'))}{_word(draw)}"
    ),
    "pod": _pod,
    "ns": lambda draw: draw.choice(_NAMESPACES),
    "node": lambda draw: draw.choice(
        (
            f"node-{draw.randrange(40)}",
            f"ip-10-0-{draw.randrange(256)}-{draw.randrange(256)}.ec2.internal",
            f"gke-prod-pool-{_hex(draw, 8)}-{_hex(draw, 4)}",
            f"worker{draw.randrange(9)}",
            f"aks-np1-{draw.randrange(10**7)}-vmss00000{draw.randrange(9)}",
        )
    ),
    "svc": _name,
    "app": _name,
    "user": lambda draw: draw.choice(
        (
            "app",
            "svc_orders",
            "postgres",
            "root",
            "alice",
            "deploy",
            "reader",
            "system:serviceaccount:prod:default",
        )
    ),
    "db": lambda draw: draw.choice((_word(draw), f"{_word(draw)}_prod", "postgres", "appdb")),
    "table": lambda draw: draw.choice(_TABLES),
    "topic": lambda draw: draw.choice(_TOPICS),
    "uuid": _uuid,
    "hex": lambda draw: _hex(draw, draw.choice((8, 12, 16, 40, 64))),
    "path": _formatted(_PATHS),
    "file": _formatted(_FILES),
    "dev": lambda draw: draw.choice(_DEVICES),
    "ms": lambda draw: f"{draw.randrange(1, 60000)}",
    "sec": lambda draw: f"{draw.randrange(1, 900)}",
    "dur": _dur,
    "bytes": lambda draw: str(draw.choice((2**29, 2**31, 2**20, draw.randrange(10**4, 10**10)))),
    "size": _size,
    "ts": _ts,
    "date": lambda draw: _moment(draw).strftime("%Y-%m-%d"),
    "time": lambda draw: _moment(draw).strftime("%H:%M:%S.%f")[: draw.choice((8, 12))],
    "image": lambda draw: (
        f"{draw.choice(_REGISTRIES)}{_name(draw)}:{draw.choice(('latest', 'v1.2.3', 'main', '2026.10.1', _hex(draw, 7)))}"
    ),
    "class": lambda draw: f"{draw.choice(_PACKAGES)}.{draw.choice(_CLASSES)}",
    "pid": lambda draw: str(draw.randrange(1, 99999)),
    "iface": lambda draw: draw.choice(
        ("eth0", "ens5", "bond0", "cali" + _hex(draw, 11), "veth" + _hex(draw, 8), "enp3s0f0")
    ),
    "bucket": lambda draw: f"{_word(draw)}-{draw.choice(('backups', 'artifacts', 'data', 'logs'))}",
}
"""The closed set of placeholders. Anything else in angle brackets is literal text."""

_PLACEHOLDER: Final = re.compile(f"<({'|'.join(MAKERS)})>")


def fill(text: str, draw: random.Random) -> str:
    return _PLACEHOLDER.sub(lambda match: MAKERS[match[1]](draw), text)


def masked(text: str) -> str:
    """The template with every placeholder alike and numbers gone: equal for templates that differ in nothing else."""
    return re.sub(r"\d+", "0", _PLACEHOLDER.sub("*", text)).lower()
