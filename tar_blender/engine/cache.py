"""Captured motion, kept so that it can be imported again with other settings without running the network."""

import hashlib
from pathlib import Path

from tar_core.errors import TarError
from tar_core.files import atomic_path

_ENDING = ".tar.npz"  # what is deleted from a folder that the user chose


def keep_motion(content: bytes, video: Path, folder: Path) -> Path:
    """Writes a motion file into the cache; the same motion twice is one file.

    Raises:
        TarError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TarError(f"{folder}: cannot be made ({error.strerror}); choose another cache folder") from error
    path = folder / f"{video.stem}-{hashlib.sha256(content).hexdigest()[:8]}{_ENDING}"
    if not path.exists():
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)
    return path


def cache_size(folder: Path) -> tuple[int, int]:
    """How many motions are kept, and their bytes."""
    sizes = [path.stat().st_size for path in folder.glob(f"*{_ENDING}")]
    return len(sizes), sum(sizes)


def clear_cache(folder: Path) -> None:
    """Deletes the motions; other files stay.

    Raises:
        TarError: one cannot be deleted.
    """
    for path in folder.glob(f"*{_ENDING}"):
        try:
            path.unlink()
        except OSError as error:
            raise TarError(f"{path}: cannot be deleted ({error.strerror}); check the folder's permissions") from error
