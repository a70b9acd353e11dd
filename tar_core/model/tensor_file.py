"""Reader of safetensors files. NumPy only, so that the extension need not contain a library for each platform.

A file has the length of the header (8 bytes, little endian), the header (JSON), and the data of all arrays. The header
gives `dtype`, `shape` and `data_offsets`, begin and end after the header, for each name, and texts under
`__metadata__`. Training writes the files with the package safetensors.
"""

import json
import math
import os
from pathlib import Path
from typing import IO, Any

import numpy as np

from tar_core.errors import first_line

MAX_HEADER = 100_000_000  # bytes, as in the package safetensors
METADATA = "__metadata__"
DTYPES = {
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    "U16": "<u2",
    "I16": "<i2",
    "U32": "<u4",
    "I32": "<i4",
    "U64": "<u8",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}


class TensorFileError(Exception):
    """A file is not a safetensors file, is damaged, or has numbers of a kind that NumPy lacks."""


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read the arrays and the metadata of a safetensors file.

    Raises:
        TensorFileError: it is damaged.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header, start = _read_header(file)
        available = os.fstat(file.fileno()).st_size - start
        metadata = header.pop(METADATA, {})
        if not (isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values())):
            raise TensorFileError("its metadata are not texts")
        return {name: _read_array(file, name, entry, start, available) for name, entry in header.items()}, metadata


def _read_header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """The header, and the position of the data."""
    length = int.from_bytes(file.read(8), "little")
    if not 0 < length <= MAX_HEADER:
        raise TensorFileError("it does not begin with the length of a header")
    text = file.read(length)
    if len(text) < length:
        raise TensorFileError("its header is cut off")
    try:
        header = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise TensorFileError(f"its header is not JSON: {first_line(error)}") from error
    if not isinstance(header, dict):
        raise TensorFileError("its header has no names")
    return header, 8 + length


def _read_array(file: IO[bytes], name: str, entry: Any, start: int, available: int) -> np.ndarray:
    try:
        dtype = np.dtype(DTYPES[entry["dtype"]])
        shape = tuple(map(_whole_number, entry["shape"]))
        begin, end = map(_whole_number, entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"its entry {name[:80]} cannot be used: {first_line(error)}") from error
    size = math.prod(shape)
    if len(shape) > 32 or end > available or end - begin != size * dtype.itemsize:
        raise TensorFileError(f"its entry {name[:80]} does not fit the data")
    file.seek(start + begin)
    return np.fromfile(file, dtype, size).reshape(shape)


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{str(value)[:80]} is not a whole number")
    return value
