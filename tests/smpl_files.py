"""Bodies in the layout of SMPL's official files, made up: random numbers on 6890 of the free body's vertices.

`write_official_pickle` writes what Python 2, chumpy and an old scipy wrote, with none of them installed.
"""

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from tar_core.body_file import FREE_BODY
from tar_core.skeleton import PARENTS

NUM_VERTICES = 6890  # SMPL's


def made_up_smpl(seed: int = 0, betas: int = 10) -> dict[str, np.ndarray]:
    """SMPL's keys with double floats, as in the official files; pose correctives of up to centimetres."""
    random = np.random.default_rng(seed)
    free = np.load(FREE_BODY)
    chosen = np.sort(random.permutation(len(free["v_template"]))[:NUM_VERTICES])
    regressor = random.random((24, NUM_VERTICES)) * (random.random((24, NUM_VERTICES)) < 0.01)
    weights = free["weights"][chosen].astype(float)
    return {
        "v_template": free["v_template"][chosen].astype(float),
        "shapedirs": random.normal(size=(NUM_VERTICES, 3, betas)) * 0.01,
        "posedirs": random.normal(size=(NUM_VERTICES, 3, 207)) * 0.002,
        "J_regressor": regressor / regressor.sum(1, keepdims=True),
        "weights": weights / weights.sum(1, keepdims=True),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(24)], np.int64),
        "f": random.integers(0, NUM_VERTICES, (13776, 3)).astype(np.uint32),
    }


def write_official_pickle(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """A file like basicModel_neutral_lbs_10_207_0_v1.0.0.pkl: chumpy arrays, a sparse regressor, Python 2's strings."""
    chumpy_array, selection, transpose = (
        foreign_class("chumpy.ch", "Ch"),
        foreign_class("chumpy.reordering", "Select"),
        foreign_class("chumpy.reordering", "transpose"),
    )
    bookkeeping = {"_dirty_vars": set(), "_itr": None, "_make_dense": False}

    def chumpy(array: np.ndarray) -> Any:
        return foreign_object(chumpy_array, x=array, **bookkeeping)

    regressor = csc_matrix(arrays["J_regressor"])
    sparse = foreign_object(
        foreign_class("scipy.sparse.csc", "csc_matrix"),
        _shape=regressor.shape,
        maxprint=50,
        data=regressor.data,
        indices=regressor.indices,
        indptr=regressor.indptr,
    )
    shapedirs = arrays["shapedirs"]
    content = arrays | {
        "v_template": chumpy(arrays["v_template"]),
        "weights": chumpy(arrays["weights"]),
        "posedirs": chumpy(arrays["posedirs"]),
        "shapedirs": foreign_object(
            selection,
            a=chumpy(shapedirs),
            idxs=np.arange(shapedirs.size),
            preferred_shape=shapedirs.shape,
            **bookkeeping,
        ),
        "J_regressor": sparse,
        # Entries that nobody needs to read must not stand in the way.
        "J": foreign_object(transpose, a=chumpy(arrays["v_template"][:24].T), axes=(1, 0)),
        "bs_style": b"lbs",
        "pose_training_info": {b"n": np.float64(1.0)},
    }
    with path.open("wb") as file:
        _Python2Pickler(file, protocol=2, fix_imports=True).dump(content)


def foreign_class(module: str, name: str) -> type:
    """A class that pickles under the name of one of a package that isn't installed."""
    return type(name, (), {"__module__": module, "__qualname__": name})


def foreign_object(kind: type, **state: Any) -> Any:
    instance = kind()
    instance.__dict__.update(state)
    return instance


class _Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes bytes as Python 2 wrote its strings, and names without looking whether they exist."""

    dispatch = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_bytes(self, value: bytes) -> None:
        self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    def save_global(self, value: Any, name: str | None = None) -> None:
        module, name = value.__module__, name or value.__qualname__
        module, name = {("builtins", "set"): ("__builtin__", "set")}.get((module, name), (module, name))
        self.write(f"c{module}\n{name}\n".encode())
        self.memoize(value)

    dispatch[bytes] = save_bytes
    dispatch[type] = save_global
    dispatch[type(lambda: None)] = save_global
