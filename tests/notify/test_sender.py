"""One message to one address: what an answer means, and what must never be said of an address."""

import hashlib
import hmac
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from planaria_operator.api.reasons import Reason
from planaria_operator.notify.receivers import Address, Format, NotDelivered, Receiver, Receivers
from planaria_operator.notify.sender import SIGNATURE, Sender
from tests import builders
from tests.notify.inbox import Inbox, served

BODY = b'{"event":"Escalated"}'
MOMENT = 1795456800.0


@pytest.fixture
async def sender():
    made = Sender(deadline_seconds=1.0, clock=lambda: MOMENT)
    yield made
    await made.aclose()


async def failure(sender: Sender, url: str) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await sender.send(Address(url, None), BODY, {})
    port = url.rpartition(":")[2].partition("/")[0]
    secret = ("s3cr3t", "127.0.0.1", "do-not-keep-this", port)
    assert not [word for word in secret if word in str(caught.value)], "an address is a secret"
    assert caught.value.__cause__ is None
    return caught.value


async def test_the_body_arrives_as_it_was_made(sender: Sender, inbox: Inbox):
    await sender.send(Address(inbox.url, None), BODY, {"Idempotency-Key": "u/Escalated/1"})
    (got,) = inbox.got
    assert got.body == BODY
    assert got.headers["Idempotency-Key"] == "u/Escalated/1"
    assert SIGNATURE not in got.headers


async def test_with_a_key_the_receiver_can_check_who_sent_it_and_when(sender: Sender, inbox: Inbox):
    await sender.send(Address(inbox.url, b"key"), BODY, {})
    (got,) = inbox.got
    parts = dict(part.split("=", 1) for part in got.headers[SIGNATURE].split(","))
    assert parts["t"] == "1795456800"
    wanted = hmac.new(b"key", parts["t"].encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], wanted)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
async def test_a_refusal_is_for_good(sender: Sender, inbox: Inbox, status: int):
    inbox.answers = [(status, {})]
    error = await failure(sender, inbox.url)
    assert (error.permanent, str(error)) == (True, f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_trouble_that_may_pass_is_tried_again(sender: Sender, inbox: Inbox, status: int):
    inbox.answers = [(status, {})]
    error = await failure(sender, inbox.url)
    assert (error.permanent, str(error)) == (False, f"HTTP {status}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("Mon, 23 Nov 2026 18:00:30 GMT", 30),
        ("999999999", 600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("-5", 0),
        ("soon", 0),
        ("\u0665", 0),
        ("", 0),
    ],
)
async def test_a_receiver_may_ask_for_time_but_not_for_ever(inbox: Inbox, text: str, seconds: float):
    sender = Sender(clock=lambda: 1795456800.0)
    inbox.answers = [(429, {"Retry-After": text} if text.isascii() else {})]
    with pytest.raises(NotDelivered) as caught:
        await sender.send(Address(inbox.url, None), BODY, {})
    await sender.aclose()
    assert caught.value.retry_after == seconds


async def test_a_redirect_is_not_followed(sender: Sender, inbox: Inbox):
    inbox.answers = [(302, {"Location": inbox.url})]
    error = await failure(sender, inbox.url)
    assert (error.permanent, str(error)) == (True, "HTTP 302; redirects are not followed")
    assert len(inbox.got) == 1


async def test_a_receiver_that_does_not_answer_is_left_at_the_deadline(inbox: Inbox):
    sender = Sender(deadline_seconds=0.05)
    inbox.open.clear()
    assert str(await failure(sender, inbox.url)) == "no answer within 0.05 s"
    inbox.open.set()
    await sender.aclose()


async def test_nobody_listens(sender: Sender):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hook/s3cr3t"
        error = await failure(sender, url)
    assert not error.permanent
    assert str(error).startswith("cannot connect")


async def test_an_address_that_is_none_is_said_without_it(sender: Sender):
    error = await failure(sender, "http://[s3cr3t:1/")
    assert error.reason in {Reason.RECEIVER_UNREADABLE, Reason.NOTIFICATION_FAILED}


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def test_a_certificate_that_nobody_trusts_is_refused(sender: Sender, self_signed: ssl.SSLContext):
    async with served(self_signed) as inbox:
        assert str(await failure(sender, inbox.url)) == "its certificate is not trusted"
        assert inbox.got == []


# --- where the secrets lie


def receiver(tmp_path: Path, **files: str) -> Receiver:
    for name, text in files.items():
        (tmp_path / name.replace("_", "-")).write_text(text)
    return Receiver("oncall", tmp_path, Format.GENERIC)


def test_the_files_of_a_secret_are_read_as_people_write_them(tmp_path: Path):
    found = receiver(tmp_path, url=" https://example.com/s3cr3t\n", signing_key="abc\n").address()
    assert (found.url, found.key) == ("https://example.com/s3cr3t", b"abc")
    assert "s3cr3t" not in repr(found)
    assert "abc" not in repr(found)


def test_a_secret_that_is_rotated_is_read_anew(tmp_path: Path):
    oncall = receiver(tmp_path, url="https://example.com/old")
    assert oncall.address().url.endswith("old")
    receiver(tmp_path, url="https://example.com/new")
    assert oncall.address().url.endswith("new")


@pytest.mark.parametrize(
    "text",
    [
        *("", "hooks.example.com/s3cr3t", "ftp://example.com/s3cr3t", "https:///s3cr3t"),
        *("https://[s3cr3t].example.com/x", "https://[example.com/s3cr3t", "https://s3cr3t\u2100.com/x"),
        *("https://example.com:s3cr3t/x", "https://example.com:0/s3cr3t"),
    ],
)
def test_what_is_no_address_names_the_file_and_not_what_is_in_it(tmp_path: Path, text: str):
    with pytest.raises(NotDelivered) as caught:
        receiver(tmp_path, url=text).address()
    assert caught.value.reason is Reason.RECEIVER_UNREADABLE
    assert not caught.value.permanent, "a person may put it right"
    assert caught.value.__context__ is None, "the text of another error may quote the address"
    assert str(tmp_path / "url") in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_policy_learns_at_once_who_cannot_be_told(tmp_path: Path):
    known = Receivers([receiver(tmp_path)])
    policy = builders.policy(escalation={"notify": [{"receiver": "oncall"}, {"receiver": "boss"}]})
    assert known.trouble(builders.policy()) is None
    found = known.trouble(policy)
    assert found is not None
    assert found[0] is Reason.RECEIVER_UNREADABLE
    receiver(tmp_path, url="https://example.com")
    found = known.trouble(policy)
    assert found is not None
    assert found[0] is Reason.RECEIVER_UNKNOWN
    assert "no receiver 'boss'" in found[1]
    assert "it knows oncall" in found[1]
