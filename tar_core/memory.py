"""Memory settings of the process: large blocks are returned to the system, and imports are not garbage-collected."""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

LARGE_BLOCK = 8 << 20  # bytes; the backbone's feature maps are smaller: mapping them each time would be slow
_M_MMAP_THRESHOLD = -3  # parameter of mallopt, from glibc's malloc.h


def return_large_blocks() -> bool:
    """Make the C library return blocks of at least LARGE_BLOCK bytes to the system when they are freed.

    glibc maps large blocks separately, but raises the threshold whenever such a block is freed, up to 32 MiB. Large
    blocks are then placed between small ones, which keep their memory from being returned. This fixes the threshold.

    Returns:
        Whether it has an effect; only glibc needs and supports it.
    """
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):  # another C library
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK))
    return False


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Exclude objects created in this context from garbage collection until the end of the process.

    Importing torch creates so many objects that garbage collection takes a sixth of the time, and most of the time at
    exit. To be used once, at the start of the process: garbage that exists at the end of the context is kept too.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
