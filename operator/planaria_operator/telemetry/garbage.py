"""Python's full garbage collection stops everything while it looks at every object there is: 40 to 90 ms for the modules
and the store of this process, again and again while a burst of events allocates. What lives as long as the process need not
be looked at: see https://docs.python.org/3/library/gc.html#gc.freeze.
"""

import gc

from planaria_operator.telemetry.heap import give_back


def settle_everything() -> None:
    """Collect once, then leave all that is alive now out of later collections. Blocks as long as one full collection."""
    gc.unfreeze()  # what was set aside before and has died since is collected now
    gc.collect()
    gc.freeze()


def settle_new() -> None:
    """The same for what came since; as quick as that is little."""
    gc.collect()
    gc.freeze()
    give_back()
