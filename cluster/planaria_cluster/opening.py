"""Choosing the provider."""

from planaria_cluster.bare import settings
from planaria_cluster.bare.provider import BareProvider
from planaria_cluster.errors import UsageError
from planaria_cluster.images import engine_answers
from planaria_cluster.kind.provider import KindProvider
from planaria_cluster.progress import Progress
from planaria_cluster.provider import DEFAULT_NAME, Provider

PROVIDERS = ("auto", "kind", "bare")


def open_cluster(
    name: str = DEFAULT_NAME, provider: str = "auto", progress: Progress | None = None
) -> Provider:
    """A handle on the cluster `name`, whether it exists or not; starts nothing.

    `auto` takes `bare` where such a cluster exists already, else `kind` where a Docker engine answers, else `bare`.
    Raises UsageError for an unknown provider or an impossible name.
    """
    settings.check_name(name)
    if provider not in PROVIDERS:
        raise UsageError(f"unknown provider {provider!r}: use one of {', '.join(PROVIDERS)}")
    if provider == "auto":
        provider = "kind" if settings.load(name) is None and engine_answers() else "bare"
    return KindProvider(name, progress) if provider == "kind" else BareProvider(name, progress)
