"""Files: a video that is one, and others that are written whole or not at all."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tar_core.errors import TarError

ASSETS = Path(__file__).parent / "assets"  # the data that the package carries


def check_video_file(path: Path) -> None:
    """Raises TarError unless the path is that of a file, whatever is in it; a pipe would be waited for without end."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise TarError(f"{path}: no such video; check the path") from None
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if stat.S_ISDIR(mode):
        raise TarError(f"{path}: a folder, not a video; give one video file")
    if not stat.S_ISREG(mode):
        raise TarError(f"{path}: a pipe or a device, not a file; save the video as a file first")


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, with its suffix, for the caller to write.

    On success the temporary file takes the final name in one step; on any failure it is deleted and whatever stood
    under the final name stays as it was.

    Raises:
        TarError: the folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    if path.is_dir():
        raise TarError(f"cannot write {path}: it is a folder; give a file name")
    # Named before it is made: whenever Ctrl-C comes, it is known what to delete.
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield temporary
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TarError(f"cannot write {path}: {reason}; choose another place or free some space") from error
    finally:
        with suppress(OSError):  # it may be that it could not be made
            temporary.unlink()


def _umask() -> int:
    """The process's umask (it can only be read by setting it)."""
    current = os.umask(0)
    os.umask(current)
    return current
