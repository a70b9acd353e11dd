"""Reads SMPL's .pkl files without running what they say.

A pickle is a program: it may name any function of any module and call it. SMPL's files need very little of that, so
`read_smpl_pickle` builds numpy arrays and inert stand-ins for two kinds of objects, and refuses every other name:

- scipy.sparse matrices (J_regressor), because Blender's Python has no scipy;
- chumpy arrays (v_template, shapedirs, ... of the original files), because chumpy no longer installs.

Numpy only: Blender reads body files too.
"""

import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tar_core.errors import TarError


def read_smpl_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a pickle of Python 2 or 3; arrays stay as they are stored, stand-ins are `StandIn`s.

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
        raise TarError(f"{path}: not an SMPL file; give an SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE .pkl or .npz")
    return content


def to_array(value: Any) -> np.ndarray:
    """What an entry of the dictionary stands for, as an array.

    Raises:
        ValueError: it isn't an array, a sparse matrix or a chumpy array that SMPL's files hold.
    """
    return value.to_array() if isinstance(value, StandIn) else np.asarray(value)


class StandIn:
    """An object of a package that isn't there: keeps the state that was pickled, does nothing else."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def __new__(cls, *_arguments: Any) -> "StandIn":
        """Takes and ignores what a pickle hands to the class that it thinks it builds."""
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError(f"unknown state of {type(self).__name__}")
        self.state = state

    def to_array(self) -> np.ndarray:
        raise ValueError("an expression where an array is expected")


class _ChumpyArray(StandIn):
    """chumpy.ch.Ch: a wrapped array."""

    def to_array(self) -> np.ndarray:
        return to_array(self.state["x"])


class _ChumpySelection(StandIn):
    """chumpy.reordering.Select: what slicing a chumpy array gives, e.g. the first ten shape directions."""

    def to_array(self) -> np.ndarray:
        flat = to_array(self.state["a"]).ravel()
        return flat[to_array(self.state["idxs"])].reshape(self.state["preferred_shape"])


class _SparseMatrix(StandIn):
    """A scipy.sparse matrix in coordinate form, made dense: J_regressor has 24 rows only."""

    def to_array(self) -> np.ndarray:
        rows, columns = self._coordinates()
        dense = np.zeros(self._shape())
        np.add.at(dense, (rows, columns), self.state["data"])
        return dense

    def _shape(self) -> tuple[int, int]:
        rows, columns = self.state["_shape"] if "_shape" in self.state else self.state["shape"]
        return int(rows), int(columns)

    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of each stored number."""
        if "coords" in self.state:  # scipy 1.11 and newer
            rows, columns = self.state["coords"]
            return rows, columns
        return self.state["row"], self.state["col"]

    def _outer_index(self) -> np.ndarray:
        """Of the compressed formats: the column (csc) or row (csr) of each stored number."""
        counts = np.diff(self.state["indptr"])
        return np.repeat(np.arange(len(counts)), counts)


class _SparseByColumn(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return self.state["indices"], self._outer_index()


class _SparseByRow(_SparseMatrix):
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        return self._outer_index(), self.state["indices"]


def _reconstruct_stand_in(kind: type, base: type, _state: None) -> StandIn:
    """copyreg's way of building objects in the oldest pickle protocols."""
    if not (isinstance(kind, type) and issubclass(kind, StandIn) and base is object):
        raise pickle.UnpicklingError("an unknown kind of object")
    return kind()


def _encode_latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into pickles that Python 2 can read."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("an unknown encoding")
    return text.encode("latin1")


_SPARSE = {"coo": _SparseMatrix, "csc": _SparseByColumn, "csr": _SparseByRow}

# numpy's own rebuilding functions, found through what numpy says about its objects: their modules moved in numpy 2.
_NUMPY = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "_reconstruct": np.zeros(1).__reduce__()[0],
    "scalar": np.float64(0).__reduce__()[0],
    "_frombuffer": np.zeros(1).__reduce_ex__(5)[0],
}
_NUMPY_MODULES = (
    "numpy",
    "numpy.core.multiarray",
    "numpy._core.multiarray",
    "numpy.core.numeric",
    "numpy._core.numeric",
)

_PYTHON = {
    ("_codecs", "encode"): _encode_latin1,
    ("copy_reg", "_reconstructor"): _reconstruct_stand_in,
    ("copyreg", "_reconstructor"): _reconstruct_stand_in,
    # Part of each chumpy array's bookkeeping.
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
}


class _SMPLUnpickler(pickle.Unpickler):
    """Knows the names above; any other ends the reading before anything is called."""

    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY_MODULES and name in _NUMPY:
            return _NUMPY[name]
        if (module, name) in _PYTHON:
            return _PYTHON[module, name]
        form, _, family = name.partition("_")
        if module.startswith("scipy.sparse") and form in _SPARSE and family in ("matrix", "array"):
            return _SPARSE[form]
        if (module, name) == ("chumpy.ch", "Ch"):
            return _ChumpyArray
        if (module, name) == ("chumpy.reordering", "Select"):
            return _ChumpySelection
        if module.split(".")[0] == "chumpy":
            return StandIn  # expressions in entries that nobody reads, such as the posed joints J
        _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> NoReturn:
        _refuse("an outside object")


def _refuse(name: str) -> NoReturn:
    raise TarError(
        f"it asks for {name}, which no SMPL file needs; it may be harmful: use the file from SMPL's own site"
    )
