"""Reader of `.npz` files against a declared schema. NumPy only.

A file may be from an unknown source. A kilobyte can claim to contain a terabyte, and NumPy raises many kinds of errors
on damaged files. Here, the header of each array is checked before memory is allocated for its data, and every problem
is reported as a `TarError` of one line.
"""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from tar_core.errors import TarError, first_line

MAX_LENGTH = 1_000_000  # rows of an array: more than nine hours at 30 frames per second
MAX_FRAME = 10_000_000  # the largest frame number
MAX_BYTES = 2 << 30  # of all arrays that are read from a file
_MAX_TEXT = 32_768  # characters; longer than any path

NUMBER = "iuf"  # kinds of NumPy's dtypes
WHOLE_NUMBER = "iu"
BOOLEAN = "b"
TEXT = "U"


@dataclass(frozen=True)
class Form:
    """What an array of a file must be.

    Attributes:
        kinds: kinds of dtypes, e.g. NUMBER.
        shape: size of each axis. A name stands for any size of at most MAX_LENGTH; axes of one name have one size.
            "..." at the end stands for any more axes.
        low, high: range of the values, including both ends. Values must be finite in any case.
        optional: the file need not have it.
    """

    kinds: str = NUMBER
    shape: tuple[int | str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    optional: bool = False


class _InvalidError(Exception):
    """What is wrong with a file."""


def read_npz(
    path: str | Path, forms: Mapping[str, Form], what: str, advice: str, prefix: str = ""
) -> dict[str, np.ndarray]:
    """Read arrays of an `.npz` file. Other arrays in the file are not looked at.

    Args:
        forms: the form of each array by name.
        what: what the file is not, for the error, e.g. "not a motion file".
        advice: what to do then, e.g. "capture the video again".
        prefix: of the names in the file.

    Returns:
        The arrays by name, without optional ones that the file does not have.

    Raises:
        TarError: the file does not exist or cannot be read, or an array is missing or has another form.
    """
    if not Path(path).is_file():  # a pipe would wait forever
        raise TarError(f"{path}: no such file; check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_arrays(archive, forms, prefix)
    except _InvalidError as error:
        raise TarError(f"{path}: {what} ({error}); {advice}") from None
    except Exception as error:  # damaged archives raise many kinds, from zlib.error to RuntimeError
        raise TarError(f"{path}: {what} ({_reason(error)}); {advice}") from error


def has_arrays(path: str | Path, *names: str) -> bool:
    """Whether a file is an `.npz` file that has all these arrays, in whatever form."""
    if not Path(path).is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return {f"{name}.npy" for name in names} <= set(archive.namelist())
    except Exception:  # see `read_npz`
        return False


def _reason(error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile):
        return "not a zip archive, or damaged"
    return first_line(error)


def _read_arrays(archive: zipfile.ZipFile, forms: Mapping[str, Form], prefix: str) -> dict[str, np.ndarray]:
    members = {member.filename: member for member in archive.infolist()}
    sizes: dict[str, int] = {}
    arrays: dict[str, np.ndarray] = {}
    num_bytes = 0
    for name, form in forms.items():
        member = members.get(f"{prefix}{name}.npy")
        if member is None:
            if form.optional:
                continue
            raise _InvalidError(f"{prefix}{name} is missing")
        with archive.open(member) as file:
            header = _read_header(file)
            _check_header(name, header, form, sizes)
            num_bytes += header.num_bytes
            if num_bytes > MAX_BYTES:
                raise _InvalidError(f"more than {MAX_BYTES >> 30} GB")
            arrays[name] = _read_values(file, header)
        _check_values(name, arrays[name], form)
    return arrays


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    is_fortran_order: bool
    dtype: np.dtype[Any]

    @property
    def num_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def _read_header(file: IO[bytes]) -> _Header:
    """Read the header. NumPy writes version 1.0 for all but structured arrays; others may have headers of gigabytes."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise _InvalidError(f"an array has the format version {version[0]}.{version[1]}, expected 1.0")
    return _Header(*np.lib.format.read_array_header_1_0(file))


def _check_header(name: str, header: _Header, form: Form, sizes: dict[str, int]) -> None:
    """Check the kind and the shape; `sizes` has the size of each named axis so far."""
    if header.dtype.kind not in form.kinds or (header.dtype.kind == "U" and header.dtype.itemsize > 4 * _MAX_TEXT):
        raise _InvalidError(f"{name} has values of the type {str(header.dtype)[:40]}")
    is_open = form.shape[-1:] == ("...",)
    wanted = form.shape[:-1] if is_open else form.shape
    fits = len(header.shape) >= len(wanted) if is_open else len(header.shape) == len(wanted)
    fits &= all(size >= 0 for size in header.shape)
    for size, want in zip(header.shape, wanted, strict=False):
        if isinstance(want, str) and size > MAX_LENGTH:
            raise _InvalidError(f"{name} has {size} rows, more than {MAX_LENGTH}")
        fits &= size == (sizes.setdefault(want, size) if isinstance(want, str) else want)
    if not fits:
        expected = ", ".join(str(sizes.get(want, want)) if isinstance(want, str) else str(want) for want in form.shape)
        raise _InvalidError(f"{name} has the shape {list(header.shape)}, expected [{expected}]")


def _read_values(file: IO[bytes], header: _Header) -> np.ndarray:
    data = file.read(header.num_bytes + 1)  # one more, so that the archive's checksum is checked at the end
    if len(data) != header.num_bytes:
        raise _InvalidError("an array is shorter or longer than its header says")
    if not data:
        return np.zeros(header.shape, header.dtype)
    flat = np.frombuffer(bytearray(data), header.dtype)
    return flat.reshape(header.shape, order="F" if header.is_fortran_order else "C")


def _check_values(name: str, array: np.ndarray, form: Form) -> None:
    if array.dtype.kind not in NUMBER or array.size == 0:
        return
    if not np.isfinite(array).all():
        raise _InvalidError(f"{name} has values that are not finite")
    low, high = array.min(), array.max()
    if low < form.low or high > form.high:
        raise _InvalidError(f"{name} must be from {form.low:g} to {form.high:g}, not {low if low < form.low else high}")
