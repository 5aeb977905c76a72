"""Why watching cannot go on.

WatchError
├── MissingKind       a custom resource is not installed (exit code 3)
├── WatchForbidden    the role lacks a verb that Planaria cannot do without (exit code 3)
└── WatchFailed       the watch ended for another reason; starting again may work (exit code 1)
"""

from typing import ClassVar


class WatchError(Exception):
    """One line for a person."""

    exit_code: ClassVar[int] = 1


class MissingKind(WatchError):
    exit_code = 3


class WatchForbidden(WatchError):
    exit_code = 3


class WatchFailed(WatchError):
    pass
