"""What a small program is told about its surroundings, where those are the fault: environment variables."""

from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench


def refused(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.refusing(bench))}


def silent(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.silent(bench))}


def reset(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.resetting(bench))}


def taken(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.busy(bench))}


def unavailable(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.answering(bench, "503 Service Unavailable", "no healthy upstream"))}


def overloaded(bench: Bench) -> dict[str, str]:
    return {
        "PEER_PORT": str(peers.answering(bench, "429 Too Many Requests", "slow down", "Retry-After: 5\r\n"))
    }


def denied(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.answering(bench, "401 Unauthorized", "bad token"))}


def forbidden(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.answering(bench, "403 Forbidden", "no permission"))}


def unready(bench: Bench) -> dict[str, str]:
    return {"PEER_PORT": str(peers.greeting(bench, "421 4.3.0 service not available, try again later\r\n"))}


def untrusted(bench: Bench) -> dict[str, str]:
    port, _ = peers.tls(bench)
    return {"PEER_PORT": str(port), "PEER_SCHEME": "https"}


def expired(bench: Bench) -> dict[str, str]:
    port, ca = peers.tls(bench, expired=True)
    return {
        "PEER_PORT": str(port),
        "PEER_SCHEME": "https",
        "PEER_CA": str(ca),
        "NODE_EXTRA_CA_CERTS": str(ca),
    }


def misnamed(bench: Bench) -> dict[str, str]:
    port, ca = peers.tls(bench, name="payments.example.com")
    return {
        "PEER_PORT": str(port),
        "PEER_SCHEME": "https",
        "PEER_CA": str(ca),
        "NODE_EXTRA_CA_CERTS": str(ca),
    }


def trusted(bench: Bench) -> dict[str, str]:
    port, ca = peers.tls(bench)
    return {
        "PEER_PORT": str(port),
        "PEER_SCHEME": "https",
        "PEER_CA": str(ca),
        "NODE_EXTRA_CA_CERTS": str(ca),
    }


def full_disk(bench: Bench) -> dict[str, str]:
    return {"DISK": str(bench.disk(full=True))}


def small_disk(bench: Bench) -> dict[str, str]:
    return {"DISK": str(bench.disk())}


def spare(bench: Bench) -> dict[str, str]:
    return {"DISK": str(bench.disk("8m"))}


def write_protected(bench: Bench) -> dict[str, str]:
    path = bench.disk()
    bench.read_only(path)
    return {"DISK": str(path)}
