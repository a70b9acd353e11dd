"""The engine's packages in the extension's zip: wheels for one platform and several versions of Python.

Blender never imports them. The engine process (launch.py) unpacks those for its Python into a folder of its own.
"""

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tar_core.errors import TarError

_UNPACKING = "new-"  # prefix of incomplete folders; short, because Windows limits the length of paths
_STALE_SECONDS = 3600.0  # after this time, an incomplete folder is that of a process that was killed
_RENAME_SECONDS = 10.0  # for which virus scanners on Windows may keep a new folder from being renamed


def wheels_for(python: tuple[int, int], folder: Path, macos: str | None = None) -> list[Path]:
    """Choose the wheels for a version of Python, one of each package in the folder.

    Args:
        python: the version, such as (3, 11).
        folder: with wheels of one platform.
        macos: the version of macOS, such as "14.5"; empty on other systems. Default: of this computer.

    Raises:
        TarError: the folder has no wheels, or those of a package do not fit.
    """
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise TarError("the extension contains no packages for the engine")
    fitting = {package_of(wheel): wheel for wheel in wheels if fits(wheel, python)}
    missing = {package_of(wheel) for wheel in wheels} - set(fitting)
    if missing:
        version = ".".join(map(str, python))
        raise TarError(f"the extension contains no {', '.join(sorted(missing))} for Python {version}")
    system = _version(platform.mac_ver()[0] if macos is None else macos)
    needed = max(map(_macos_of, fitting.values()))
    if system and system < needed:
        raise TarError(f"the packages in the extension need macOS {'.'.join(map(str, needed))}")
    return list(fitting.values())


def fits(wheel: Path, python: tuple[int, int]) -> bool:
    """Whether a wheel is for a version of Python, by the tags in its name; its platform is not checked."""
    *_, versions, abi, _ = wheel.stem.split("-")
    if abi == "none":
        return "py3" in versions.split(".")
    match = re.fullmatch(r"cp(\d)(\d+)", versions)
    oldest = (int(match[1]), int(match[2])) if match else (0, 0)
    return (abi == "abi3" and oldest <= python) or (abi == versions and oldest == python)


def package_of(wheel: Path) -> str:
    """The name of a wheel's package."""
    return wheel.name.split("-")[0]


def version_of(wheel: Path) -> str:
    """The version of a wheel's package."""
    return wheel.name.split("-")[1]


def unpacked(wheels: Sequence[Path], parent: Path) -> Path:
    """Return the folder with the content of wheels; unpack them if there is none, and delete those of other versions.

    The folder appears under its name when it is complete. Several processes may unpack at the same time.

    Raises:
        TarError: the folder cannot be written.
    """
    folder = parent / folder_name(wheels)
    if folder.is_dir():
        return folder
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=_UNPACKING, dir=parent))
        try:
            for wheel in wheels:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(temporary)
            _rename(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except zipfile.BadZipFile as error:
        raise TarError("the packages in the extension are damaged; install the extension again") from error
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise TarError(
            "the disk is full; free 0.5 GB for the engine and try again"
            if full
            else f"{parent}: the engine cannot be unpacked ({error.strerror}); check the permissions of the folder"
        ) from error
    _delete_others(folder)
    return folder


def remove_unpacked(parent: Path) -> None:
    """Delete all that `unpacked` wrote.

    Raises:
        TarError: a process uses it.
    """
    try:
        for folder in parent.iterdir() if parent.is_dir() else ():
            _delete(folder)
    except OSError as error:
        raise TarError(f"{parent}: cannot be deleted ({error.strerror}); close the programs that use it") from error


def folder_name(wheels: Sequence[Path]) -> str:
    """The name of the folder for wheels: their most specific Python tag, and a hash of their names."""
    tag = max((wheel.stem.split("-")[-2] for wheel in wheels), key=len)
    return f"{tag}-{hashlib.sha256('|'.join(wheel.name for wheel in wheels).encode()).hexdigest()[:8]}"


def _rename(temporary: Path, folder: Path) -> None:
    """Rename a folder, unless another process was faster."""
    deadline = time.monotonic() + _RENAME_SECONDS
    while True:
        try:
            os.rename(temporary, folder)
            return
        except OSError:
            if folder.is_dir():
                return
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _delete_others(folder: Path) -> None:
    """Delete what earlier versions for the same Python unpacked, and what killed processes left."""
    for other in folder.parent.iterdir():
        with contextlib.suppress(OSError):  # another process may delete it first
            if other.name.startswith(_UNPACKING):
                if time.time() - other.stat().st_mtime > _STALE_SECONDS:
                    shutil.rmtree(other, ignore_errors=True)
            elif other != folder and other.name.split("-")[0] == folder.name.split("-")[0]:
                _delete(other)


def _delete(folder: Path) -> None:
    """Delete a folder whose name says that it is complete: renamed first, since another process may use its files."""
    renamed = folder.with_name(f"{_UNPACKING}{secrets.token_hex(4)}")
    folder.rename(renamed)
    shutil.rmtree(renamed, ignore_errors=True)


def _macos_of(wheel: Path) -> tuple[int, ...]:
    """The oldest macOS for a wheel; () if it is for another system."""
    match = re.search(r"-macosx_(\d+)_(\d+)_", wheel.name)
    return (int(match[1]), int(match[2])) if match else ()


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2]) if text else ()
