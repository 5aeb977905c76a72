"""Each way of not getting connected is one line that names what to change, and never quotes a secret."""

import os
import re
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import proxy_bypass

import aiohttp
import pytest
import yaml
from aiohttp import web
from kubernetes.aio.client import Configuration

from planaria_operator.kube import connect as module
from planaria_operator.kube.connect import (
    ConfigMalformed,
    ConfigMissing,
    ConnectError,
    CredentialsRefused,
    ServerUnreachable,
    TlsFailed,
    connect,
    load_configuration,
)
from planaria_operator.kube.errors import Temporary
from planaria_operator.kube.login import connection_info
from tests.kube.raw_server import RawServer

SECRET = "t0p-s3cr3t-t0k3n"


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")  # so that what a connection sets is taken back
        monkeypatch.delenv(name)


def kubeconfig(folder: Path, server: str, *, user: Any = None, **cluster: Any) -> Path:
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "main"}}],
        "clusters": [{"name": "main", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "main", "user": {"token": SECRET} if user is None else user}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(body))
    return path


async def refused(path: Path | None, kind: type[ConnectError]) -> str:
    with pytest.raises(ConnectError) as caught:
        await connect(path, timeout=2)
    assert type(caught.value) is kind, caught.value
    text = str(caught.value)
    assert SECRET not in text
    assert "\n" not in text
    return text


async def test_a_kubeconfig_leads_to_a_client_that_has_reached_its_server(tmp_path: Path, raw: RawServer):
    raw.answer(200, {"gitVersion": "v1"})
    client = await connect(kubeconfig(tmp_path, raw.url))
    assert client.last_success is not None
    assert raw.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    assert re.fullmatch(r"planaria-operator/[0-9][\w.]*", raw.asked[0].headers["User-Agent"])
    await client.close()


async def test_another_context_of_the_same_file_can_be_chosen(tmp_path: Path, raw: RawServer):
    raw.answer(200, {"gitVersion": "v1"})
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")
    body = yaml.safe_load(path.read_text())
    body["clusters"].append({"name": "other", "cluster": {"server": raw.url}})
    body["contexts"].append({"name": "other", "context": {"cluster": "other", "user": "main"}})
    path.write_text(yaml.safe_dump(body))
    client = await connect(path, context="other", user_agent="somebody-else")
    assert client.host == raw.url
    assert raw.asked[0].headers["User-Agent"] == "somebody-else"
    await client.close()
    with pytest.raises(ConfigMalformed, match="nowhere"):
        await connect(path, context="nowhere")


async def test_a_server_that_hides_its_version_still_counts_as_reached(tmp_path: Path, raw: RawServer):
    raw.refuse(403, "Forbidden", "no")
    await (await connect(kubeconfig(tmp_path, raw.url))).close()


async def test_without_any_hint_the_three_ways_are_named():
    text = await refused(None, ConfigMissing)
    assert "--kubeconfig" in text
    assert "KUBECONFIG" in text
    assert "service account" in text


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that we may not look into, and whoever we are then: root may look into every one."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0)
    yield folder
    folder.rmdir()
    os.seteuid(before)


async def test_a_folder_that_must_not_be_looked_into_is_told_from_a_missing_file(closed: Path):
    text = await refused(closed / "config", ConfigMalformed)
    assert text == f"kubeconfig {closed}/config: cannot be read (Permission denied)"


async def test_a_missing_file_is_named(tmp_path: Path):
    assert (
        await refused(tmp_path / "nowhere", ConfigMissing) == f"kubeconfig {tmp_path}/nowhere: no such file"
    )


async def test_the_variable_is_used_and_may_name_several_files(
    tmp_path: Path, raw: RawServer, monkeypatch: pytest.MonkeyPatch
):
    raw.answer(200, {})
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/absent:{kubeconfig(tmp_path, raw.url)}")
    client = await connect()
    assert client.host == raw.url
    await client.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"users:\n- token: {SECRET}\n  bad: [", "not YAML, see line"),
        ("", "not a kubeconfig"),
        ("[1, 2]", "not a kubeconfig"),
        ("just words", "not a kubeconfig"),
        (f"clusters: []\nusers: [{{name: a, user: {{token: {SECRET}}}}}]\ncontexts: []\n", "current-context"),
        (
            f"current-context: m\ncontexts: [{{name: m, token: {SECRET}}}]\nclusters: []\nusers: []\n",
            "Expected key context",
        ),
    ],
)
async def test_a_file_that_is_no_kubeconfig_is_said_to_be_so_without_quoting_it(
    tmp_path: Path, content: str, said: str
):
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    text = await refused(path, ConfigMalformed)
    assert said in text
    assert str(path) in text


async def test_a_certificate_file_that_is_missing_or_broken_is_malformed(tmp_path: Path):
    broken = tmp_path / "ca.crt"
    broken.write_text("not a certificate")
    absent = kubeconfig(tmp_path, "https://127.0.0.1:1", **{"certificate-authority": "/no/such/ca.crt"})
    assert "/no/such/ca.crt" in await refused(absent, ConfigMalformed)
    bad = kubeconfig(tmp_path, "https://127.0.0.1:1", **{"certificate-authority": str(broken)})
    assert "cannot be read" in await refused(bad, ConfigMalformed)


async def test_a_server_name_that_kopf_could_not_use_is_refused_at_once(tmp_path: Path):
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", **{"tls-server-name": "other"})
    assert "tls-server-name is not supported" in await refused(path, ConfigMalformed)


async def test_an_unreachable_server_is_named_and_worth_another_try(tmp_path: Path, unused_tcp_port: int):
    url = f"http://127.0.0.1:{unused_tcp_port}"
    assert f"{url} cannot be reached" in await refused(kubeconfig(tmp_path, url), ServerUnreachable)
    assert issubclass(ServerUnreachable, Temporary)


async def test_refused_credentials_are_told_from_an_unreachable_server(tmp_path: Path, raw: RawServer):
    raw.refuse(401, "Unauthorized", "Unauthorized")
    assert "does not accept the credentials" in await refused(
        kubeconfig(tmp_path, raw.url), CredentialsRefused
    )


async def test_something_that_is_no_api_server_is_said_to_be_so(tmp_path: Path, raw: RawServer):
    raw.answer(404, b"<html>nginx</html>")
    assert "does not answer like an API server" in await refused(kubeconfig(tmp_path, raw.url), ConnectError)


def self_signed(folder: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "1"),
            *("-keyout", str(folder / "key"), "-out", str(folder / "crt")),
        ],
        check=True,
        capture_output=True,
    )


async def test_a_certificate_that_does_not_fit_is_a_tls_error(tmp_path: Path):
    self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    assert "certificate" in await refused(kubeconfig(tmp_path, url), TlsFailed)
    await runner.cleanup()


async def test_a_pod_without_its_service_account_says_what_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert "automountServiceAccountToken" in await refused(None, ConfigMalformed)


async def test_a_pod_reads_its_token_anew_when_it_was_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from kubernetes.aio.config import incluster_config

    token, ca = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first")
    ca.write_text("certificate")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    loader = incluster_config.InClusterConfigLoader(str(token), str(ca))
    monkeypatch.setattr(module, "load_incluster_config", loader.load_and_set)
    configuration = await load_configuration(None)
    assert (await connection_info(configuration)).token == "first"
    token.write_text("second")
    loader.token_expires_at = loader.token_expires_at.replace(year=2000)  # a minute has passed
    info = await connection_info(configuration)
    assert (info.server, info.scheme, info.token) == ("https://10.0.0.1:443", "bearer", "second")


@pytest.fixture
def pod(raw: RawServer, monkeypatch: pytest.MonkeyPatch) -> RawServer:
    """The API server, as a pod finds it."""

    def load(client_configuration: Configuration) -> None:
        client_configuration.host = raw.url

    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setattr(module, "load_incluster_config", load)
    raw.answer(200, {"gitVersion": "v1"})
    return raw


async def test_a_proxy_that_is_named_for_receivers_is_none_for_the_api_server(
    pod: RawServer, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_tcp_port}")
    await (await connect(timeout=2)).close()
    info = await connection_info(await load_configuration(None))  # kopf's watches
    async with (
        aiohttp.ClientSession(trust_env=info.trust_env) as session,
        session.get(info.server) as answer,
    ):
        assert answer.status == 200
    assert len(pod.asked) == 2


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("said", ["", "10.0.0.0/8", " example.com, .svc", "*,other", "*"])
async def test_what_lies_in_the_cluster_is_asked_without_a_proxy_and_the_rest_as_was_said(
    pod: RawServer, name: str, said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, said)
    await load_configuration(None)
    once = os.environ.get("no_proxy")
    await load_configuration(None)
    assert os.environ.get("no_proxy") == once
    for inside in ("127.0.0.1", "vllm.llm.svc", "prometheus.monitoring.svc.cluster.local"):
        assert proxy_bypass(inside)
    assert bool(proxy_bypass("hooks.example.com")) is ("example" in said or said == "*")
    assert bool(proxy_bypass("hooks.slack.com")) is (said == "*")


async def test_the_token_of_a_plugin_is_asked_for_again_when_it_has_expired(tmp_path: Path):
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f"echo x >> {tmp_path}/runs\n"
        'echo \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":'
        f'{{"token":"run-\'$(wc -l < {tmp_path}/runs)\'","expirationTimestamp":"2020-01-01T00:00:00Z"}}}}\'\n'
    )
    plugin.chmod(0o755)
    execute = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(plugin),
        "interactiveMode": "Never",
    }
    configuration = await load_configuration(
        kubeconfig(tmp_path, "https://127.0.0.1:1", user={"exec": execute})
    )
    assert (await connection_info(configuration)).token == "run-2"


async def test_kopf_gets_the_same_certificates_as_the_client(tmp_path: Path):
    for name in ("ca", "crt", "key"):
        (tmp_path / name).write_text(name)
    user = {"client-certificate": "crt", "client-key": "key"}
    path = kubeconfig(tmp_path, "https://127.0.0.1:1", user=user, **{"certificate-authority": "ca"})
    info = await connection_info(await load_configuration(path))
    assert (info.ca_path, info.certificate_path, info.private_key_path) == tuple(
        str(tmp_path / name) for name in ("ca", "crt", "key")
    )
    assert (info.token, info.insecure) == (None, False)
