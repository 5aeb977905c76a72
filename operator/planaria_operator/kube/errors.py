"""Everything that can go wrong at the edge to the API server.

KubeError
├── Temporary             trying again later may work
│   ├── Unavailable       no answer, a time-out, or a 5xx
│   ├── Conflict          409: the object changed since it was read
│   ├── NotLeading        not sent: another operator may hold the Lease by now
│   └── TooManyRequests   429: throttled, or a PodDisruptionBudget says no (retry_after in seconds)
└── Permanent             trying the same again is pointless
    ├── NotFound          404
    ├── Forbidden         403: the message names verb and resource
    ├── Unauthorized      401: the credentials are not accepted
    ├── NotStarted        a command in a container that could not be started
    ├── MayHaveRun        a command in a container of which no end is known
    ├── AlreadyExists     409 on create
    └── Invalid           400 or 422: the message is the API server's own
"""


class KubeError(Exception):
    """One line for a person: what was tried, on what, and what the server said."""


class Temporary(KubeError):
    pass


class Unavailable(Temporary):
    pass


class Conflict(Temporary):
    pass


class NotLeading(Temporary):
    pass


class TooManyRequests(Temporary):
    """`retry_after` in seconds. `budget`: a PodDisruptionBudget refuses this eviction; else the server throttles."""

    def __init__(self, message: str, retry_after: int = 5, *, budget: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.budget = budget


def throttled(error: KubeError) -> bool:
    """The server had no time, which says nothing of what was asked."""
    return isinstance(error, TooManyRequests) and not error.budget


class Permanent(KubeError):
    pass


class NotFound(Permanent):
    pass


class Forbidden(Permanent):
    pass


class Unauthorized(Permanent):
    pass


class NotStarted(Permanent):
    pass


class MayHaveRun(Permanent):
    """Never to be repeated on a guess: it may have done half of its work, or all of it."""


class AlreadyExists(Permanent):
    pass


class Invalid(Permanent):
    pass
