"""Checks of input files, and output files that are written completely or not at all."""

import hashlib
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from tar_core.errors import TarError

ASSETS = Path(__file__).parent / "assets"  # data files of the package
VIDEO_ENDINGS = (
    *(".mp4", ".mov", ".m4v", ".3gp", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"),
    *(".mxf", ".wmv", ".flv", ".ogv", ".gif"),
)
LONGEST_NAME = 255  # bytes, on all common file systems


def check_video_file(path: Path) -> None:
    """Check that a path is that of a regular file. Its content is not checked.

    Reading a pipe would wait forever.

    Raises:
        TarError: the path does not exist, cannot be read, or is a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise TarError(f"{path}: no such video; check the path") from None
    except OSError as error:
        raise TarError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if stat.S_ISDIR(mode):
        raise TarError(f"{path}: is a folder, not a video; give one video file, and make one of a folder of pictures")
    if not stat.S_ISREG(mode):
        raise TarError(f"{path}: is a pipe or a device, not a file; save the video to a file first")


def output_target(path: str | Path) -> Path:
    """The regular file that is created or replaced by writing to a path: symbolic links are followed.

    Raises:
        TarError: the path is that of a folder, a pipe or a device, or its links form a loop.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return target
    except OSError as error:
        raise TarError(f"cannot write {path}: {error.strerror}; choose another place") from error
    if stat.S_ISDIR(mode):
        raise TarError(f"cannot write {path}: it is a folder; give a file name")
    if not stat.S_ISREG(mode):
        raise TarError(f"cannot write {path}: it is a pipe or a device; give a file name")
    return target


def check_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None]) -> None:
    """Check that outputs can be written, and that none of them would replace an input or another output.

    Files are the same if the system says so, whatever their names: hard and symbolic links are recognized.

    Args:
        outputs, inputs: paths; those that are None are left out.

    Raises:
        TarError: an output cannot be written, or would replace another file of the command.
    """
    others = [(Path(path), "it is also an input") for path in inputs if path is not None]
    for output in outputs:
        if output is None:
            continue
        target = output_target(output)
        for other, reason in others:
            if _is_same_file(target, other):
                raise TarError(f"cannot write {output}: {reason}; choose another file name")
        check_writable(output)
        others.append((target, "another output has the same name"))


def _is_same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:  # one does not exist
        return os.path.realpath(first) == os.path.realpath(second)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Provide a temporary path for the caller to write to, and rename it to `path` at the end.

    The temporary path is in the same folder and has the same suffix. On any failure, the temporary file is deleted and
    an existing file at `path` stays as it was. If `path` is a symbolic link, the file that it leads to is written.

    Raises:
        TarError: the path is that of a folder, a pipe or a device, the folder is missing or not writable, or the disk
            is full.
    """
    path = output_target(path)
    # Choose the name before creating the file, so that it is deleted whenever Ctrl-C arrives.
    temporary = path.with_name(_temporary_name(path))
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
        with suppress(OSError):  # it may not exist
            temporary.unlink()


class _DiscardedError(Exception):
    """Makes `atomic_path` delete the temporary file."""


def check_writable(path: str | Path) -> None:
    """Check that a file can be written, before the work whose result it is to hold.

    Raises:
        TarError: the folder is missing or not writable, or the disk is full.
    """
    with suppress(_DiscardedError), atomic_path(path):
        raise _DiscardedError


def write_npz(path: str | Path, arrays: dict[str, Any]) -> None:
    """Write a compressed `.npz` file completely or not at all.

    The archive is made in memory first, because NumPy's zip writer raises a second error in its destructor if the disk
    fills up.

    Raises:
        TarError: the file cannot be written.
    """
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    with atomic_path(path) as temporary:
        temporary.write_bytes(packed.getbuffer())


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def take_lock(lock: IO[bytes]) -> None:
    """Lock a file until it is closed or the process ends.

    Raises:
        OSError: another process or file object holds the lock.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _temporary_name(path: Path) -> str:
    """A new hidden name, no longer than a file system allows if that of the path is not."""
    end = f"-{secrets.token_hex(4)}{path.suffix}"
    room = max(LONGEST_NAME - len(os.fsencode(end)) - 1, 0)
    return f".{os.fsencode(path.stem)[:room].decode(errors='ignore')}{end}"


def _umask() -> int:
    """The process's umask, which can be read only by setting it."""
    current = os.umask(0)
    os.umask(current)
    return current
