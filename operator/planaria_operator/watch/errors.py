"""Why watching cannot go on.

WatchError
├── MissingKind       a custom resource is not installed
├── WatchForbidden    the role lacks a verb that Planaria cannot do without
└── WatchFailed       the watch ended for another reason; starting again may work
"""


class WatchError(Exception):
    """One line for a person."""


class MissingKind(WatchError):
    pass


class WatchForbidden(WatchError):
    pass


class WatchFailed(WatchError):
    pass
