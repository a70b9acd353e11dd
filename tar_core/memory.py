"""How memory is kept: large feature maps go back to the system at once, and libraries are not searched for garbage."""

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

LARGE_BLOCK = 8 << 20  # bytes; the backbone's maps are smaller, and would lose time by being mapped anew each time
_M_MMAP_THRESHOLD = -3  # as glibc's malloc.h names mallopt's parameter


def return_large_blocks() -> bool:
    """Makes blocks of LARGE_BLOCK and more mappings of their own for as long as they are in use, in this process.

    glibc does so too, but raises the size from which it does with every such block that is freed, up to 32 MiB. From
    then on maps of that size lie among the small blocks, which keep them from being returned.

    Returns:
        Whether the C library took it; only glibc does, others need it not.
    """
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError, AttributeError):  # another C library
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK))
    return False


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """What is loaded meanwhile stays to the process's end: no search for garbage looks through it, now or at exit.

    For a process's start, and once: whatever garbage lies about by then stays too.

    Importing torch makes so many objects that these searches take a sixth of that time, and most of the process's end.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
