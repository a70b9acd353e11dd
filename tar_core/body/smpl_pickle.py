"""Safe reader for SMPL's .pkl files.

A pickle is a program: it can name any function of any module and call it. SMPL's files need only a few names. Here,
each of these creates a stand-in object that only stores its arguments, and any other name is an error.
`to_array` converts the stand-ins to arrays afterwards. So no code outside this file is called while a pickle is read,
and neither chumpy (arrays of the original files; it no longer installs) nor scipy (their sparse J_regressor; missing in
Blender's Python) is needed.
"""

import pickle
import pickletools
import re
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from tar_core.errors import TarError

MAX_OPERATIONS = 5_000_000  # of a pickle; arrays are single operations
MAX_MEMO_GAP = 1000
MAX_NUMBERS = 50_000_000  # of an array that is not stored as such: a list, or a sparse matrix made dense


def read_smpl_pickle(path: Path) -> dict[str, Any]:
    """Read the dictionary in a pickle from Python 2 or 3. Its entries must be converted with `to_array`.

    Raises:
        TarError: the file cannot be read, is not a pickle, or uses a name that SMPL files do not need.
    """
    try:
        with path.open("rb") as file:
            _check_operations(file)
            file.seek(0)
            # Python 2 wrote the bytes of arrays as strings, which latin1 maps to bytes one to one.
            content = _SMPLUnpickler(file, encoding="latin1").load()
        _check_size(content)
    except TarError as error:
        raise TarError(f"{path}: {error}") from None
    except OSError as error:
        raise TarError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except Exception as error:  # a damaged pickle can raise many kinds, from EOFError to MemoryError
        raise TarError(f"{path}: not a readable pickle ({error}); download the SMPL file again") from error
    if not isinstance(content, dict):
        raise TarError(f"{path}: not an SMPL file; give SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE")
    return content


def _check_operations(file: IO[bytes]) -> None:
    """Check a pickle's operations without executing them.

    A few bytes can make the unpickler reserve gigabytes: the numbers of its memo are indices of an array.

    Raises:
        ValueError: there are too many, or a number of the memo is far beyond the objects stored so far.
    """
    for count, (operation, argument, _) in enumerate(pickletools.genops(file)):
        if count > MAX_OPERATIONS or ("PUT" in operation.name and (argument or 0) > count + MAX_MEMO_GAP):
            raise ValueError("too many objects")


def _check_size(value: Any) -> None:
    """Raise ValueError if nested containers have too many entries; one that is contained twice counts twice."""
    sizes: dict[int, int] = {}

    def size(entry: Any) -> int:
        if not isinstance(entry, dict | list | tuple | set):
            return 1
        if id(entry) not in sizes:
            sizes[id(entry)] = 1 + sum(map(size, entry.values() if isinstance(entry, dict) else entry))
        return sizes[id(entry)]

    if size(value) > MAX_NUMBERS:
        raise ValueError("too many objects")


def to_array(value: Any) -> np.ndarray:
    """Convert an entry of the dictionary to an array.

    Raises:
        ValueError: the entry is not an array of numbers, a sparse matrix or a supported chumpy array.
    """
    try:
        if isinstance(value, StandIn):
            return value.to_array()
        _check_size(value)
        return np.asarray(value)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
        raise ValueError("a damaged array") from error


class StandIn:
    """An object of a pickle, stored but not executed."""

    def __new__(cls, *_arguments: Any) -> "StandIn":
        return super().__new__(cls)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def to_array(self) -> np.ndarray:
        raise ValueError("an expression instead of an array")


class _DType(StandIn):
    """numpy.dtype. Its argument is a code such as "f8"; the second entry of its state is the byte order."""

    def to_dtype(self) -> np.dtype:
        code, order = self.arguments[0], self.state[1] if self.state else "="
        if not re.fullmatch(r"b1|[iu][1248]|f[248]", code) or order not in ("<", ">", "=", "|"):
            raise ValueError(f"an array of {code!r} instead of numbers")
        return np.dtype(order + code)


class _Array(StandIn):
    """numpy.ndarray. Its state is (version, shape, dtype, whether the order is Fortran's, bytes)."""

    @classmethod
    def reconstruct(cls, _kind: Any, _shape: Any, _type_code: Any) -> "_Array":
        """NumPy's `_reconstruct`: an array whose state is set later."""
        return cls()

    @classmethod
    def from_buffer(cls, data: Any, dtype: Any, shape: Any, order: Any) -> "_Array":
        """NumPy's `_frombuffer`, used in pickles of protocol 5."""
        array = cls()
        array.state = (1, shape, dtype, order == "F", data)
        return array

    @classmethod
    def scalar(cls, dtype: Any, data: Any) -> "_Array":
        return cls.from_buffer(data, dtype, (), "C")

    def to_array(self) -> np.ndarray:
        _, shape, dtype, is_fortran_order, data = self.state
        data = data.encode("latin1") if isinstance(data, str) else data
        return np.frombuffer(data, dtype.to_dtype()).reshape(shape, order="F" if is_fortran_order else "C")


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
    """A scipy.sparse matrix in coordinate form; converted to a dense one, as J_regressor has only 24 rows."""

    def to_array(self) -> np.ndarray:
        rows, columns = self._coordinates()
        height, width = (int(to_array(size)) for size in self.state.get("_shape") or self.state["shape"])
        if not 0 <= height * width <= MAX_NUMBERS:
            raise ValueError(f"a matrix of {height} x {width}")
        dense = np.zeros((height, width))
        np.add.at(dense, (rows, columns), to_array(self.state["data"]))
        return dense

    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the stored numbers."""
        if "coords" in self.state:  # since scipy 1.13
            rows, columns = self.state["coords"]
        else:
            rows, columns = self.state["row"], self.state["col"]
        return to_array(rows), to_array(columns)

    def _uncompressed(self) -> np.ndarray:
        """Columns (csc) or rows (csr) of the stored numbers in a compressed form."""
        counts = np.diff(to_array(self.state["indptr"]))
        if counts.sum() > MAX_NUMBERS:
            raise ValueError("a damaged sparse matrix")
        return np.repeat(np.arange(len(counts)), counts)


class _SparseByColumn(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return to_array(self.state["indices"]), self._uncompressed()


class _SparseByRow(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return self._uncompressed(), to_array(self.state["indices"])


def _reconstruct_stand_in(kind: Any, base: Any, _state: Any) -> StandIn:
    """Replacement of copyreg._reconstructor, which creates objects in the oldest protocols."""
    if not (isinstance(kind, type) and issubclass(kind, StandIn) and base is object):
        raise pickle.UnpicklingError("an unknown kind of object")
    return kind()


def _encode_latin1(text: str, encoding: str) -> bytes:
    """Replacement of _codecs.encode, by which Python 3 writes bytes for Python 2."""
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
# Modules of these names before and since NumPy 2.
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
    # Used inside chumpy's arrays.
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("chumpy.ch", "Ch"): _ChumpyArray,
    ("chumpy.reordering", "Select"): _ChumpySelection,
}


class _SMPLUnpickler(pickle.Unpickler):
    """Unpickler that allows only the names above."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY_MODULES and name in _NUMPY:
            return _NUMPY[name]
        if (module, name) in _OTHERS:
            return _OTHERS[module, name]
        form, _, family = name.partition("_")
        if module.split(".")[:2] == ["scipy", "sparse"] and form in _SPARSE and family in ("matrix", "array"):
            return _SPARSE[form]
        if module.split(".")[0] == "chumpy":
            return StandIn  # expressions in entries that are not used, such as the posed joints `J`
        _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        _refuse("an external object")


def _refuse(name: str) -> NoReturn:
    raise TarError(
        f"it uses {name!r}, which SMPL files do not need and which may be harmful; use the original SMPL file"
    )
