"""Everything that this tool says no with.

ClusterError                       exit 1   the work was tried and did not succeed
├── CommandError                   exit 1   a program that we called failed; carries its last words
├── NotReadyError                  exit 1   something did not become ready in the time given
├── NoClusterError                 exit 1   there is no such cluster, or no such node in it
└── UsageError                     exit 2   the request makes no sense here
    └── PrerequisiteError          exit 2   this machine lacks something; the message says how to get it

Each carries one line that a person can act on; the cause, where there is one, is chained.
"""

from collections.abc import Sequence


class ClusterError(Exception):
    exit_code = 1


class CommandError(ClusterError):
    """A program failed. `output` is all that it printed; the message holds only its last line."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
        super().__init__(f"{' '.join(argv[:4])} failed with exit status {code}: {last[:400]}")
        self.argv = list(argv)
        self.code = code
        self.output = output


class NotReadyError(ClusterError):
    pass


class NoClusterError(ClusterError):
    pass


class UsageError(ClusterError):
    exit_code = 2


class PrerequisiteError(UsageError):
    pass
