"""Memory that is held for nothing: by the allocator, and by connections.

glibc's allocator keeps most of what was freed for the next time, and every thread has a heap of its own that it does so in.

Here a second of reading a model, of listing a cluster or of a storm takes tens of megabytes that are not needed again, and a
container's limit is for the most that there ever was. Where there is another C library, nothing is done about that.
See mallopt(3) and malloc_trim(3).

asyncio reads every TLS connection through a buffer of its own, of 256 KiB. There is a connection for each kind in each namespace that
is watched, and in a storm for each call.
"""

import asyncio
import ctypes
from asyncio.sslproto import SSLProtocol
from typing import Any, Final

PERIOD_SECONDS: Final = 30.0
_ARENA_MAX: Final = -8
_MMAP_THRESHOLD: Final = -3
ARENAS: Final = 2
"""Heaps. By default there are eight for each core."""
LARGE: Final = 256 * 1024
"""Bytes. What is larger goes back to the system as soon as it is freed. By default that bound rises with use, up to 32 MiB."""
TLS_BUFFER: Final = 32 * 1024
"""Bytes; two records of TLS."""


def _library() -> Any:
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


_LIBC: Final = _library()


def hold_little() -> None:
    """For the whole process, from now on; before it has threads and connections."""
    SSLProtocol.max_size = TLS_BUFFER
    if _LIBC is not None:
        _LIBC.mallopt(_ARENA_MAX, ARENAS)
        _LIBC.mallopt(_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Free pages, wherever in the heaps they lie; takes some milliseconds."""
    if _LIBC is not None:
        _LIBC.malloc_trim(0)


async def keep_giving_back() -> None:
    """For ever, and off the event loop."""
    while _LIBC is not None:
        await asyncio.sleep(PERIOD_SECONDS)
        await asyncio.to_thread(give_back)
