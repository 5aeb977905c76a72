"""One message to one address: one call, one deadline, and what its answer means."""

import asyncio
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import aiohttp

from planaria_operator.api.reasons import Reason
from planaria_operator.notify.receivers import Address, NotDelivered

DEADLINE_SECONDS: Final = 10.0
LONGEST_RETRY_AFTER: Final = 600.0
REQUEST_TIMEOUT, TOO_MANY_REQUESTS, SERVER_ERROR = 408, 429, 500
SIGNATURE: Final = "X-Planaria-Signature"


def _agent() -> str:
    try:
        return f"planaria/{version('planaria')}"
    except PackageNotFoundError:  # running from a checkout that was never installed
        return "planaria"


AGENT: Final = _agent()


def signature(key: bytes, body: bytes, moment: int) -> str:
    """`t=<Unix time>,v1=<hex>`: HMAC-SHA256 over `<Unix time>.<body>`, so that an old message cannot be played again."""
    digest = hmac.new(key, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Sender:
    """Keeps connections open between messages. Certificates are checked, and no redirect is followed."""

    def __init__(
        self, deadline_seconds: float = DEADLINE_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._deadline = deadline_seconds
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def send(self, address: Address, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns where the receiver took it. Raises NotDelivered within the deadline."""
        signed = dict(headers)
        if address.key:
            signed[SIGNATURE] = signature(address.key, body, int(self._clock()))
        try:
            async with asyncio.timeout(self._deadline):
                await self._post(address.url, body, signed)
        except TimeoutError:
            raise _failed(f"no answer within {self._deadline:g} s") from None
        except aiohttp.InvalidURL:
            raise NotDelivered(Reason.RECEIVER_UNREADABLE, "its address cannot be used") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # "from None": the error's own text has the address in it.
            raise _failed(_in_words(error)) from None

    async def aclose(self) -> None:
        if self._session:
            await self._session.close()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        if self._session is None:
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(trust_env=True, cookie_jar=jar)  # people have proxies
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            _judge(answer.status, answer.headers.get("Retry-After", ""), self._clock())


def _judge(status: int, retry_after: str, now: float) -> None:
    """The text of an answer is not looked at: it is the receiver's, and may repeat what is secret."""
    if 200 <= status < 300:
        return
    if status >= SERVER_ERROR or status in {REQUEST_TIMEOUT, TOO_MANY_REQUESTS}:
        raise NotDelivered(
            Reason.NOTIFICATION_FAILED, f"HTTP {status}", retry_after=_seconds(retry_after, now)
        )
    moved = "; redirects are not followed" if 300 <= status < 400 else ""
    raise NotDelivered(Reason.NOTIFICATION_FAILED, f"HTTP {status}{moved}", permanent=True)


def _seconds(text: str, now: float) -> float:
    """Of a Retry-After header: seconds, or a date; 0 where it says neither."""
    try:
        asked = float(text) if text.strip().isdigit() else _date(text).timestamp() - now
    except ValueError:
        return 0.0
    return min(max(asked, 0.0), LONGEST_RETRY_AFTER)


def _date(text: str) -> datetime:
    found = parsedate_to_datetime(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _failed(message: str) -> NotDelivered:
    return NotDelivered(Reason.NOTIFICATION_FAILED, message)


def _in_words(error: Exception) -> str:
    """Without host, port or path."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno  # the error's own words name the address
        return f"cannot connect: {os.strerror(number) if number else type(error.os_error).__name__}"
    return f"the call broke: {type(error).__name__}"
