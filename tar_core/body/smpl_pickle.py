"""Reads SMPL's .pkl files without running what they say.

A pickle is a program: it may name any function of any module and call it. SMPL's files need few names, and here each
of those builds an inert stand-in that only keeps what was stored; any other name ends the reading. `to_array` makes
arrays of the stand-ins afterwards. So nothing outside this file is called while a pickle is read, and neither chumpy
(the original files' arrays; it no longer installs) nor scipy (their sparse J_regressor; Blender's Python lacks it) is
needed.
"""

import pickle
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tar_core.errors import TarError


def read_smpl_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle of Python 2 or 3; give its entries to `to_array`.

    Raises:
        TarError: the file can't be read, is no pickle, or names anything that no SMPL file needs.
    """
    try:
        with path.open("rb") as file:
            # Python 2 wrote the arrays' bytes as strings, which latin1 maps to bytes one to one.
            content = _SMPLUnpickler(file, encoding="latin1").load()
    except TarError as error:
        raise TarError(f"{path}: {error}") from None
    except OSError as error:
        raise TarError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except Exception as error:  # a damaged pickle can raise any of a dozen kinds, from EOFError to MemoryError
        raise TarError(f"{path}: not a readable pickle ({error}); download the SMPL file again") from error
    if not isinstance(content, dict):
        raise TarError(f"{path}: not an SMPL file; give SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE")
    return content


def to_array(value: Any) -> np.ndarray:
    """What an entry of the dictionary stands for, as an array.

    Raises:
        ValueError: it isn't a number array, a sparse matrix or a chumpy array of the kinds that SMPL's files hold.
    """
    try:
        return value.to_array() if isinstance(value, StandIn) else np.asarray(value)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("a damaged array") from error


class StandIn:
    """Keeps what a pickle says about an object, and does nothing with it."""

    def __new__(cls, *_arguments: Any) -> "StandIn":
        return super().__new__(cls)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def to_array(self) -> np.ndarray:
        raise ValueError("an expression where an array should be")


class _DType(StandIn):
    """numpy.dtype: made of a code as "f8"; its state's second entry is the byte order."""

    def to_dtype(self) -> np.dtype:
        code, order = self.arguments[0], self.state[1] if self.state else "="
        if not re.fullmatch(r"b1|[iu][1248]|f[248]", code) or order not in ("<", ">", "=", "|"):
            raise ValueError(f"an array of {code!r} where numbers should be")
        return np.dtype(order + code)


class _Array(StandIn):
    """numpy.ndarray, whose state is (version, shape, dtype, whether columns come first, bytes)."""

    @classmethod
    def reconstruct(cls, _kind: Any, _shape: Any, _type_code: Any) -> "_Array":
        """numpy's `_reconstruct`: an array whose state follows."""
        return cls()

    @classmethod
    def from_buffer(cls, data: Any, dtype: Any, shape: Any, order: Any) -> "_Array":
        """numpy's `_frombuffer`, which pickles of protocol 5 use."""
        array = cls()
        array.state = (1, shape, dtype, order == "F", data)
        return array

    @classmethod
    def scalar(cls, dtype: Any, data: Any) -> "_Array":
        return cls.from_buffer(data, dtype, (), "C")

    def to_array(self) -> np.ndarray:
        _, shape, dtype, columns_first, data = self.state
        data = data.encode("latin1") if isinstance(data, str) else data
        return np.frombuffer(data, dtype.to_dtype()).reshape(shape, order="F" if columns_first else "C")


class _ChumpyArray(StandIn):
    """chumpy.ch.Ch: a wrapped array."""

    def to_array(self) -> np.ndarray:
        return to_array(self.state["x"])


class _ChumpySelection(StandIn):
    """chumpy.reordering.Select: a slice of a chumpy array, such as the first ten shape directions."""

    def to_array(self) -> np.ndarray:
        flat = to_array(self.state["a"]).ravel()
        shape = tuple(int(to_array(size)) for size in self.state["preferred_shape"])
        return flat[to_array(self.state["idxs"])].reshape(shape)


class _SparseMatrix(StandIn):
    """A scipy.sparse matrix in coordinates, made dense: J_regressor has 24 rows only."""

    def to_array(self) -> np.ndarray:
        rows, columns = self._coordinates()
        height, width = (int(to_array(size)) for size in self.state.get("_shape") or self.state["shape"])
        if max(height, width) > 1_000_000 or min(height, width) > 1000:
            raise ValueError(f"a matrix of {height} x {width}")
        dense = np.zeros((height, width))
        np.add.at(dense, (rows, columns), to_array(self.state["data"]))
        return dense

    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each stored number."""
        if "coords" in self.state:  # since scipy 1.13
            rows, columns = self.state["coords"]
        else:
            rows, columns = self.state["row"], self.state["col"]
        return to_array(rows), to_array(columns)

    def _runs(self) -> np.ndarray:
        """In the compressed forms, the column (csc) or the row (csr) of each stored number."""
        counts = np.diff(to_array(self.state["indptr"]))
        return np.repeat(np.arange(len(counts)), counts)


class _SparseByColumn(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return to_array(self.state["indices"]), self._runs()


class _SparseByRow(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return self._runs(), to_array(self.state["indices"])


def _reconstruct_stand_in(kind: Any, base: Any, _state: Any) -> StandIn:
    """copyreg's way of making an object in the oldest protocols."""
    if not (isinstance(kind, type) and issubclass(kind, StandIn) and base is object):
        raise pickle.UnpicklingError("an unknown kind of object")
    return kind()


def _encode_latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into pickles that Python 2 can read."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("an unknown encoding")
    return text.encode("latin1")


_SPARSE = {"coo": _SparseMatrix, "csc": _SparseByColumn, "csr": _SparseByRow}
_NUMPY = {
    "ndarray": _Array,
    "dtype": _DType,
    "_reconstruct": _Array.reconstruct,
    "_frombuffer": _Array.from_buffer,
    "scalar": _Array.scalar,
}
# Where numpy keeps them, before and since version 2.
_NUMPY_MODULES = (
    "numpy",
    "numpy.core.multiarray",
    "numpy._core.multiarray",
    "numpy.core.numeric",
    "numpy._core.numeric",
)
_OTHERS = {
    ("_codecs", "encode"): _encode_latin1,
    ("copy_reg", "_reconstructor"): _reconstruct_stand_in,
    ("copyreg", "_reconstructor"): _reconstruct_stand_in,
    # Bookkeeping within chumpy's arrays.
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("chumpy.ch", "Ch"): _ChumpyArray,
    ("chumpy.reordering", "Select"): _ChumpySelection,
}


class _SMPLUnpickler(pickle.Unpickler):
    """Knows the names above."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY_MODULES and name in _NUMPY:
            return _NUMPY[name]
        if (module, name) in _OTHERS:
            return _OTHERS[module, name]
        form, _, family = name.partition("_")
        if module.split(".")[:2] == ["scipy", "sparse"] and form in _SPARSE and family in ("matrix", "array"):
            return _SPARSE[form]
        if module.split(".")[0] == "chumpy":
            return StandIn  # expressions in entries that nobody reads, such as the posed joints `J`
        _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        _refuse("an outside object")


def _refuse(name: str) -> NoReturn:
    raise TarError(f"it asks for {name!r}, which no SMPL file needs and which may be harmful; use SMPL's own file")
