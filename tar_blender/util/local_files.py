"""Paths in a .blend file. The file may be from an unknown source, so only local paths are opened."""

import os
import re
import stat

from tar_core.errors import TarError

# Network shares, addresses and devices. Even a check whether such a path exists may contact another computer.
_ELSEWHERE = re.compile(r"[\\/]{2}|[a-z][a-z0-9+.-]+:[\\/]|/(dev|proc|sys|net)/", re.IGNORECASE)


def is_elsewhere(path: str) -> bool:
    """Check whether a path is that of a network share, an address or a device, without access to it."""
    return _ELSEWHERE.match(path) is not None


def is_local_file(path: str) -> bool:
    """Check whether a path is that of a regular file of this computer. Other paths are not accessed."""
    if not path or is_elsewhere(path):
        return False
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def check_not_elsewhere(path: str) -> None:
    """Check that a path is not that of a network share, an address or a device, without access to it.

    Raises:
        TarError: it is.
    """
    if is_elsewhere(path):
        raise TarError(
            f"{path}: the .blend file names a video that is not on this computer; choose it again to read it"
        )
