"""The cache of captured motion, which Re-import uses to apply other settings without running the network again."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import atomic_path

from ..util.local_files import is_local_file

_ENDING = ".tar.npz"  # of cached motion files; the folder may contain other files
_LONGEST_STEM = 200  # bytes of a video's name, so that a file system allows the name of the motion


def keep_motion(content: bytes, video: Path, folder: Path) -> Path:
    """Write a motion file to the cache and return its path; equal motions share one file.

    Args:
        content: of the motion file.
        video: path of the video; the file gets its name.
        folder: of the cache.

    Raises:
        TarError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TarError(f"{folder}: cannot be created ({error.strerror}); choose another cache folder") from error
    stem = os.fsencode(video.stem)[:_LONGEST_STEM].decode(errors="ignore")
    path = folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}{_ENDING}"
    if not path.exists():
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)
    return path


def find_motion(recorded: str, folder: Path) -> Path | None:
    """Return the motion file that a .blend file records; None if it is gone.

    The .blend file may be from an unknown source: files on other computers are read only from the user's cache folder.
    """
    path = Path(recorded)
    if is_local_file(recorded) or (path.parent == folder and path.name.endswith(_ENDING) and path.is_file()):
        return path
    return None


def cache_size(folder: Path) -> tuple[int, int]:
    """Return the number of motions in the cache, and their total size in bytes."""
    sizes = []
    for path in folder.glob(f"*{_ENDING}"):
        with suppress(FileNotFoundError):  # another Blender cleared the cache meanwhile
            sizes.append(path.stat().st_size)
    return len(sizes), sum(sizes)


def clear_cache(folder: Path) -> None:
    """Delete the motions in the cache; other files in the folder are kept.

    Raises:
        TarError: a file cannot be deleted.
    """
    for path in folder.glob(f"*{_ENDING}"):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise TarError(f"{path}: cannot be deleted ({error.strerror}); check the folder's permissions") from error
