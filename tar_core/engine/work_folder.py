"""The temporary folder of an engine's client, which is deleted later if the client is killed."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import take_lock

_PREFIX = "tar-engine-"
_LOCK = "in_use.lock"  # locked as long as the process that has made the folder runs
_NEW_SECONDS = 60.0  # for which a folder is left alone, since its lock may be about to be taken


class WorkFolder:
    """A new temporary folder. The folders that killed processes of the same user have left are deleted first.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        """Make the folder.

        Raises:
            TarError: it cannot be made.
        """
        try:
            for folder in _abandoned_folders(Path(tempfile.gettempdir())):
                shutil.rmtree(folder, ignore_errors=True)
            self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
            self.path = Path(self._folder.name)
            self._lock = (self.path / _LOCK).open("wb")
        except OSError as error:
            raise TarError(f"no temporary folder can be made ({error.strerror}); free some space") from error
        with contextlib.suppress(OSError):  # a file system without locks, on which no folder is considered abandoned
            take_lock(self._lock)

    def close(self) -> None:
        """Delete the folder."""
        self._lock.close()
        self._folder.cleanup()


def _abandoned_folders(parent: Path) -> Iterator[Path]:
    """Yield the folders whose lock nobody holds."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # of another user, just deleted, or in use on Windows
            about = folder.lstat()
            is_own = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if is_own and not folder.is_symlink() and time.time() - about.st_mtime > _NEW_SECONDS:
                with (folder / _LOCK).open("rb+") as lock:
                    take_lock(lock)
                yield folder
