"""Why a reader gave no opinion.

SemanticsError
├── Unavailable          temporary: ask somebody else now, and this reader again later
│   ├── NotReached       refused, starting, or gone in mid-answer
│   ├── TooSlow          no answer within the deadline
│   └── Busy             its queue, or ours, is full
└── Unusable             what it said cannot be used; asking the same again would not help
    ├── Refused          wrong key, wrong model, a request it does not understand
    ├── Malformed        cut off, not of the schema, or about lines that do not exist
    └── Implausible      well-formed, but against what Kubernetes itself reports
"""


class SemanticsError(Exception):
    """`str()` is one line that a person can act on; `code` is stable and goes into conditions and metrics."""

    code = "SemanticsError"


class Unavailable(SemanticsError):
    code = "Unavailable"


class NotReached(Unavailable):
    code = "NotReached"


class TooSlow(Unavailable):
    code = "TooSlow"


class Busy(Unavailable):
    code = "Busy"


class Unusable(SemanticsError):
    code = "Unusable"


class Refused(Unusable):
    code = "Refused"


class Malformed(Unusable):
    code = "Malformed"


class Implausible(Unusable):
    code = "Implausible"
