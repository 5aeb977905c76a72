"""The other side of a connection: peers that refuse, say nothing, hang up, answer an error, or show a wrong certificate."""

import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from planaria_policy.semantics.harvest.bench import Bench


def refusing(bench: Bench) -> int:
    """A port on which nobody listens: the peer is stopped."""
    return bench.port()


def silent(bench: Bench) -> int:
    """Accepts and never answers."""
    kept: list[socket.socket] = []

    def close() -> None:
        for client in kept:
            client.close()

    bench.undo(close)
    return _serve(bench, kept.append)


def resetting(bench: Bench) -> int:
    """Takes the request and hangs up with a reset."""

    def reset(client: socket.socket) -> None:
        client.settimeout(2)
        with suppress(OSError):
            client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    return _serve(bench, reset)


def answering(bench: Bench, status: str, body: str = "", headers: str = "") -> int:
    """An HTTP server that gives everybody one answer."""
    text = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"

    def answer(client: socket.socket) -> None:
        with suppress(OSError):
            client.settimeout(2)
            client.recv(65536)
            client.sendall(text.encode())
        client.close()

    return _serve(bench, answer)


def greeting(bench: Bench, text: str) -> int:
    """Speaks first, as mail servers do, and hangs up."""

    def greet(client: socket.socket) -> None:
        with suppress(OSError):
            client.sendall(text.encode())
        client.close()

    return _serve(bench, greet)


def busy(bench: Bench) -> int:
    """Somebody else's port, already listened on."""
    return _serve(bench, lambda client: client.close())


def certificate(bench: Bench, *, name: str = "localhost", expired: bool = False) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    cert, key = bench.folder / f"{name}-{expired}.crt", bench.folder / f"{name}-{expired}.key"
    request = bench.folder / f"{name}.csr"
    extension = bench.file("san.cnf", f"subjectAltName=DNS:{name}\nbasicConstraints=CA:TRUE\n")
    subject = ["-subj", f"/O=Acme/CN={name}"]
    _openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(request), *subject
    )
    # "x509 -days" takes negative days, which is how a certificate of yesterday is made
    _openssl(
        "x509", "-req", "-in", str(request), "-signkey", str(key), "-out", str(cert), "-days",
        "-1" if expired else "30", "-extfile", str(extension),
    )  # fmt: skip
    key.chmod(0o644)
    return cert, key


def tls(bench: Bench, *, name: str = "localhost", expired: bool = False) -> tuple[int, Path]:
    """A TLS server; returns its port and the certificate that would make it trusted."""
    cert, key = certificate(bench, name=name, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def greet(client: socket.socket) -> None:
        with suppress(OSError):
            client.settimeout(3)
            with context.wrap_socket(client, server_side=True) as secure:
                secure.recv(65536)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    return _serve(bench, greet), cert


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=30)


def _serve(bench: Bench, handle: Callable[[socket.socket], object]) -> int:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=handle, args=(client,), daemon=True).start()

    def close() -> None:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    threading.Thread(target=accept, daemon=True).start()
    bench.undo(close)
    return int(listener.getsockname()[1])
