"""Addresses, card and telephone numbers: what looks like one is checked to be one before it is blackened."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

_CARD: Final = re.compile(r"(?<![\w.-])[3-6]\d(?:[ -]?\d){11,17}(?![\w.-])")
_V4: Final = re.compile(
    r"(?<![\w.-])(?P<ip>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?P<port>:\d{1,5})?(?![\w-]|\.\w)"
)
_V6: Final = re.compile(
    r"(?<![\w:.-])(?=[23][0-9a-f]{3}:)[0-9a-f:]{6,39}(?:(?<!:)|(?<=::))(?![\w:])", re.IGNORECASE
)
"""Only what the Internet routes today begins like this (2000::/3)."""
_VERSION: Final = re.compile(
    r"(?:\b(?:version|ver|release|rev|build|driver|firmware|bios|openssl|kernel|chart|tag|v)[\"']?(?:[ :=]{1,3}|[\"':=]{1,3})[\"'v]?"
    r"|[A-Za-z][\w.+]{0,40}[/@])$",
    re.IGNORECASE,
)
"""What stands before four numbers that are a version: `Version=8.0.0.0`, `Chrome/120.0.0.0`."""
_MAC: Final = re.compile(
    r"(?<![\w:-])(?:(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?=[\d-]{0,16}[a-f])(?:[0-9a-f]{2}-){5}[0-9a-f]{2})(?![\w:-])",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(
    r"(?<![\w+.:>-])(?:\+[1-9]\d{0,2}(?:[ .-]{0,2}\(\d{1,5}\)|[ .-]\d{1,8})(?:[ .-]\d{2,8}){1,5}|\([2-9]\d\d\) [2-9]\d\d-\d{4})"
    r"(?![\w-]|[.:]\d)"
)
_NAMED_PHONE: Final = re.compile(
    r"(\b(?:phone(?:[_ ]?(?:number|no))?|telephone|tel|mobile|msisdn|fax|whatsapp)\\?[\"']?\s?[=:]\s?\\?[\"']?)"
    r"\+?\(?\d(?:[ ().-]{0,2}\d){6,15}(?!\w|\.\d)",
    re.IGNORECASE,
)


_CALLED: Final = re.compile(
    r"(\b(?:to|from|number|calls?|called|calling|caller|recipient|sms)\\?[ =:\"']{1,3})\+[1-9]\d{9,14}(?!\w|\.\d)",
    re.IGNORECASE,
)


def cards(text: str, instead: str) -> str:
    """Only those with a valid check digit."""
    return _CARD.sub(lambda match: instead if is_card(match[0]) else match[0], text)


def is_card(digits: str) -> bool:
    """The Luhn check: of random digits one in ten passes."""
    values = [int(digit) for digit in digits if digit.isdigit()]
    doubled = [
        value if index % 2 == 0 else sum(divmod(value * 2, 10)) for index, value in enumerate(values[::-1])
    ]
    return sum(doubled) % 10 == 0


def addresses(text: str, instead: str) -> str:
    """Public ones, which may be a customer's, and MAC addresses.

    Private, loopback, link-local and documentation ranges stay: they lead to nobody, and without them no diagnosis can
    tell which pod, node or Service was not reached.
    """
    if text.count(".") >= 3:
        text = _V4.sub(lambda match: _public4(match, instead), text)
    if text.count(":") >= 2:
        text = _V6.sub(lambda match: instead if _public6(match[0]) else match[0], text)
    if text.count(":") >= 5 or text.count("-") >= 5:
        text = _MAC.sub(instead, text)
    return text


def phones(text: str, instead: str) -> str:
    """In international form, in American form, or named as such; any other row of digits may be an amount."""
    text = _NAMED_PHONE.sub(rf"\g<1>{instead}", text)
    if "+" in text:
        text = _CALLED.sub(rf"\g<1>{instead}", text)
    return _PHONE.sub(lambda match: _phone(match[0], instead), text) if "+" in text or "(" in text else text


def _phone(text: str, instead: str) -> str:
    return instead if 8 <= sum(character.isdigit() for character in text) <= 15 else text


def _public4(match: re.Match[str], instead: str) -> str:
    before = match.string[max(match.start() - 48, 0) : match.start()]
    if match["port"] is None and _VERSION.search(before):
        return match[0]
    try:
        address = IPv4Address(match["ip"])
    except AddressValueError:  # 10.0.19041.1, 300.1.1.1 and 01.2.3.4 are none
        return match[0]
    public = address.is_global and not address.is_multicast
    return f"{instead}{match['port'] or ''}" if public else match[0]


def _public6(text: str) -> bool:
    try:
        return IPv6Address(text).is_global
    except AddressValueError:
        return False
