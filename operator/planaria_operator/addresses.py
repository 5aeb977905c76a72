"""Addresses that a person typed."""

from urllib.parse import urlsplit


def usable(url: str) -> bool:
    """Whether it is an http:// or https:// address with a host. Never raises: the error's own text would quote the address."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
