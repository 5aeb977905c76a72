"""Who can be told: names that policies use, and where their secrets lie. The secrets are read at every message."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from planaria_operator.addresses import usable
from planaria_operator.api.healing_policy import HealingPolicy
from planaria_operator.api.reasons import Reason

LARGEST_SECRET: Final = 8192
"""Bytes. A larger file is no address and no key."""


class Format(StrEnum):
    GENERIC = "generic"
    SLACK = "slack"


class NotDelivered(Exception):
    """A message did not arrive. The text never has the address in it, because an address is a secret."""

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float = 0,
    ) -> None:
        """`retry_after`: seconds that the receiver asked for."""
        super().__init__(message)
        self.reason, self.permanent, self.retry_after = reason, permanent, retry_after


@dataclass(frozen=True, slots=True)
class Address:
    url: str = field(repr=False)
    key: bytes | None = field(repr=False)
    """Signs every message, where there is one."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """`directory` holds the files `url` and, where messages are signed, `signing-key`."""

    name: str
    directory: Path
    format: Format = Format.GENERIC

    def address(self) -> Address:
        """Raises NotDelivered naming the file, never what is in it."""
        url = self._secret("url")
        if url is None:
            raise NotDelivered(
                Reason.RECEIVER_UNREADABLE, f"{self.directory / 'url'} does not exist or is empty"
            )
        if not usable(url):
            raise NotDelivered(
                Reason.RECEIVER_UNREADABLE, f"{self.directory / 'url'} holds no http:// or https:// address"
            )
        key = self._secret("signing-key")
        return Address(url, key.encode() if key else None)

    def _secret(self, name: str) -> str | None:
        try:
            with (self.directory / name).open("rb") as file:
                text = file.read(LARGEST_SECRET).decode().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise NotDelivered(
                Reason.RECEIVER_UNREADABLE, f"{self.directory / name} cannot be read: {type(error).__name__}"
            ) from error
        return text or None


class Receivers:
    def __init__(self, receivers: Iterable[Receiver] = ()) -> None:
        self._by_name = {each.name: each for each in receivers}

    def get(self, name: str) -> Receiver:
        """Raises NotDelivered."""
        found = self._by_name.get(name)
        if found is None:
            known = ", ".join(self.names) or "none at all"
            raise NotDelivered(
                Reason.RECEIVER_UNKNOWN,
                f"the operator knows no receiver {name!r} (chart: notifications.receivers); it knows {known}",
                permanent=True,
            )
        return found

    @property
    def names(self) -> list[str]:
        return sorted(self._by_name)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def trouble(self, policy: HealingPolicy) -> tuple[Reason, str] | None:
        """Why somebody whom the policy names could not be told now; None where all could."""
        for each in policy.spec.escalation.notify:
            try:
                self.get(each.receiver).address()
            except NotDelivered as error:
                return error.reason, f"{each.receiver}: {error}"
        return None
