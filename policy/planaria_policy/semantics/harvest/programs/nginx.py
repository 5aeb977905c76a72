"""nginx: its error log and access log."""

from collections.abc import Callable, Sequence

from planaria_contract import Fault
from planaria_policy.semantics.harvest import peers
from planaria_policy.semantics.harvest.bench import Bench
from planaria_policy.semantics.harvest.experiment import Experiment, Program

_MAIN = """\
daemon off; master_process on; worker_processes 1; pid {folder}/nginx.pid;
error_log /dev/stderr {level};
events {{ worker_connections {connections}; }}
http {{
  access_log /dev/stdout combined;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_connect_timeout 1s; proxy_read_timeout 1s; proxy_send_timeout 1s;
  {http}
  server {{ listen 127.0.0.1:{port}{listen}; server_name shop.example.com; root {folder}/html; {server} }}
}}
"""
_PATHS = ("/", "/orders/7", "/healthz", "/api/cart?id=4")
Filled = Callable[[Bench], str]


def _config(
    bench: Bench, server: str, http: str = "", listen: str = "", level: str = "info", connections: int = 64
) -> tuple[str, int]:
    port = bench.port()
    bench.file("html/index.html", "ok")
    text = _MAIN.format(
        folder=bench.folder,
        port=port,
        http=http,
        listen=listen,
        level=level,
        connections=connections,
        server=server,
    )
    return str(bench.file("nginx.conf", text)), port


def _serve(
    server: Filled, http: Filled = lambda _: "", *, paths: Sequence[str] = _PATHS, level: str = "info",
    connections: int = 64, flags: Sequence[str] = (), seconds: int = 8,
) -> Callable[[Bench], str]:  # fmt: skip
    def cause(bench: Bench) -> str:
        path, port = _config(bench, server(bench), http(bench), level=level, connections=connections)
        running = bench.start(["nginx", "-e", "/dev/stderr", "-c", path])
        running.wait_for("start worker process|emerg", seconds)
        for target in paths:
            bench.run(
                ["curl", "-s", "-m", "4", "-A", "Mozilla/5.0", *flags, f"http://127.0.0.1:{port}{target}"],
                seconds=5,
            )
        return running.stop()

    return cause


def _wrong(server: str, http: str = "", listen: str = "") -> Callable[[Bench], str]:
    def cause(bench: Bench) -> str:
        path, _ = _config(bench, server, http, listen)
        return bench.run(["nginx", "-e", "/dev/stderr", "-c", path], seconds=4)

    return cause


def _taken(bench: Bench) -> str:
    return _wrong(f"listen 127.0.0.1:{peers.busy(bench)};")(bench)


def _to(peer: Callable[[Bench], int], more: str = "", scheme: str = "http") -> Filled:
    return lambda bench: f"location / {{ proxy_pass {scheme}://127.0.0.1:{peer(bench)}; {more} }}"


def _full(bench: Bench) -> str:
    disk = bench.disk("64k", full=True)
    return f"client_body_in_file_only on; client_body_temp_path {disk}; location / {{ proxy_pass http://127.0.0.1:{bench.port()}; }}"


def _group(bench: Bench) -> str:
    return f"upstream backend {{ server 127.0.0.1:{bench.port()}; server 127.0.0.1:{bench.port()}; }}"


def _burst(bench: Bench) -> str:
    path, port = _config(bench, _to(peers.silent)(bench), connections=6)
    running = bench.start(["nginx", "-e", "/dev/stderr", "-c", path])
    running.wait_for("start worker process")
    held = [bench.start(["curl", "-s", "-m", "2", f"http://127.0.0.1:{port}/"]) for _ in range(8)]
    running.wait_for("not enough", 3)
    for one in held:
        one.stop(seconds=1)
    return running.stop()


def _killed(bench: Bench) -> str:
    path, _ = _config(bench, "")
    running = bench.start(["nginx", "-e", "/dev/stderr", "-c", path])
    running.wait_for("start worker process (\\d+)")
    worker = bench.run(["pgrep", "-P", str(running.process.pid)]).split()
    bench.run(["kill", "-SEGV", *worker])
    running.wait_for("exited on signal", 4)
    return running.stop()


def _reloaded(bench: Bench) -> str:
    path, port = _config(bench, "location /healthz { return 200 ok; }", level="notice")
    running = bench.start(["nginx", "-e", "/dev/stderr", "-c", path])
    running.wait_for("start worker process")
    bench.run(["nginx", "-t", "-e", "/dev/stderr", "-c", path])
    for name in ("HUP", "USR1", "HUP"):
        bench.run(["kill", f"-{name}", str(running.process.pid)])
        bench.run(["curl", "-s", f"http://127.0.0.1:{port}/healthz"])
        bench.run(["sleep", "0.3"])
    return running.stop(3)


_ERROR = r"\[(emerg|alert|crit|error|warn)\]"
_WRONG = {
    "directive": ("proxypass http://app;", "", ""), "arguments": ("root;", "", ""), "brace": ("location / {", "", ""),
    "upstream": ("location / { proxy_pass orders; }", "", ""), "certificate": ("ssl_certificate /etc/ssl/shop.crt;", "", " ssl"),
    "duplicate": ("location / {} location / {}", "", ""), "zone": ("limit_req zone=one;", "", ""),
    "include": ("include /etc/nginx/missing.conf;", "", ""), "variable": ("return 200 $nothing;", "", ""),
    "value": ("keepalive_timeout soon;", "", ""), "context": ("worker_processes 4;", "", ""),
    "regex": ("location ~ ^/(a { }", "", ""), "size": ("client_max_body_size ten;", "", ""), "empty": ("", "upstream backend { }", ""),
    "listen": ("listen 127.0.0.1:99999;", "", ""), "host": ("listen 203.0.113.9:80;", "", ""), "format": ("access_log /dev/stdout nothing;", "", ""),
}  # fmt: skip

PROGRAM = Program(
    source="nginx",
    needs=("nginx", "curl"),
    experiments=(
        Experiment("refused", Fault.DEPENDENCY_UNAVAILABLE, 2, _serve(_to(peers.refusing)), r"\(111: Connection refused\)"),
        Experiment("no-live", Fault.DEPENDENCY_UNAVAILABLE, 2, _serve(lambda _: "location / { proxy_pass http://backend; }", _group), r"refused|no live upstreams"),
        Experiment("fastcgi", Fault.DEPENDENCY_UNAVAILABLE, 2, _serve(lambda bench: f"location / {{ fastcgi_pass 127.0.0.1:{bench.port()}; }}"), r"refused"),
        Experiment("socket-gone", Fault.DEPENDENCY_UNAVAILABLE, 2, _serve(lambda bench: f"location / {{ fastcgi_pass unix:{bench.folder}/php-fpm.sock; }}"), r"\(2: No such file"),
        Experiment("timeout", Fault.NETWORK_FAULT, 2, _serve(_to(peers.silent), paths=_PATHS[:3]), r"\(110: Connection timed out\)"),
        Experiment("reset", Fault.NETWORK_FAULT, 2, _serve(_to(peers.resetting)), r"reset by peer|prematurely closed"),
        Experiment("resolver", Fault.NETWORK_FAULT, 2, _serve(lambda bench: f"resolver 127.0.0.1:{bench.port()} valid=1s; resolver_timeout 1s; set $up orders.shop.example; location / {{ proxy_pass http://$up:80; }}", paths=_PATHS[:3]), r"could not be resolved|recv\(\) failed"),
        Experiment("unknown-upstream", Fault.NETWORK_FAULT, 3, _wrong("location / { proxy_pass http://orders.shop.example; }"), r"host not found"),
        Experiment("tls-untrusted", Fault.AUTH_OR_CERTIFICATE, 2, _serve(lambda bench: _to(lambda b: peers.tls(b)[0], f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {peers.certificate(bench, name='ca')[0]};", "https")(bench)), r"certificate verify error"),
        Experiment("basic-auth", Fault.AUTH_OR_CERTIFICATE, 2, _serve(lambda bench: f"auth_basic shop; auth_basic_user_file {bench.file('users', 'ann:{PLAIN}secret')};", flags=("-u", "ann:wrong")), r"password mismatch"),
        Experiment("denied", Fault.AUTH_OR_CERTIFICATE, 2, _serve(lambda _: "deny all;"), r"forbidden by rule"),
        Experiment("bad-key", Fault.AUTH_OR_CERTIFICATE, 3, lambda bench: _wrong(f"ssl_certificate {peers.certificate(bench)[0]}; ssl_certificate_key {peers.certificate(bench, name='other')[1]};", "", " ssl")(bench), r"key values mismatch|SSL"),
        Experiment("no-space", Fault.STORAGE_FAULT, 2, _serve(_full, flags=("-d", "x" * 40000)), r"No space left|\(28:"),
        Experiment("rate", Fault.OVERLOAD, 2, _serve(lambda _: "limit_req zone=one;", lambda _: "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;"), r"limiting requests"),
        Experiment("connections", Fault.OVERLOAD, 2, _burst, r"not enough"),
        Experiment("killed", Fault.APPLICATION_CRASH, 3, _killed, r"exited on signal"),
        Experiment("taken", Fault.BAD_CONFIGURATION, 3, _taken, r"Address already in use|still could not bind"),
        *(Experiment(f"wrong-{name}", Fault.BAD_CONFIGURATION, 3, _wrong(*parts), _ERROR) for name, parts in _WRONG.items()),
        Experiment("calm", Fault.HEALTHY, 0, _serve(lambda _: "location /healthz { return 200 ok; }", paths=(*_PATHS, "/favicon.ico", "/error", "/robots.txt"), level="notice")),
        Experiment("calm-proxy", Fault.HEALTHY, 0, _serve(_to(lambda bench: peers.answering(bench, "200 OK", "ok")), level="info")),
        Experiment("calm-cached", Fault.HEALTHY, 0, _serve(lambda _: "location / { return 304; } location /orders { return 201 made; }", flags=("-A", "kube-probe/1.34"), level="notice")),
        Experiment("calm-reload", Fault.HEALTHY, 0, _reloaded),
        Experiment("calm-test", Fault.HEALTHY, 0, lambda bench: bench.run(["nginx", "-e", "/dev/stderr", "-t", "-c", _config(bench, "")[0]])),
    ),
)  # fmt: skip
