"""Bodies as data: the free default body, or a user's own SMPL file. Numpy only: Blender loads bodies too.

A body file holds SMPL's model (Loper et al., SIGGRAPH Asia 2015) under SMPL's own keys, as .npz or as the .pkl that
SMPL's site gives out. The free body's file has more: texture coordinates `vt` and `ft`, the vertices `landmarks` and
`markers`, and `base_index`, the vertices' numbers in MakeHuman's base mesh (garments are fitted by those).
"""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.smpl_pickle import read_smpl_pickle, to_array
from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.skeleton import NUM_JOINTS, PARENTS

FREE_BODY = ASSETS / "free_body.npz"
NUM_BETAS = 10
NUM_MARKERS = 67  # as many as ReFit places on SMPL
NUM_POSE_FEATURES = 9 * (NUM_JOINTS - 1)
_SMPL_VERTICES = 6890

# Points of the surface that landmark detectors know, by the names and in the order of the package smplx.
LANDMARK_NAMES = (
    *("nose", "reye", "leye", "rear", "lear"),
    *("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
    *("lthumb", "lindex", "lmiddle", "lring", "lpinky"),
    *("rthumb", "rindex", "rmiddle", "rring", "rpinky"),
)
# Where they are on SMPL's own mesh, in that order: smplx/vertex_ids.py, "smplh", whose vertices are SMPL's.
_SMPL_LANDMARKS = (
    *(332, 6260, 2800, 4071, 583),
    *(3216, 3226, 3387, 6617, 6624, 6787),
    *(2746, 2319, 2445, 2556, 2673),
    *(6191, 5782, 5905, 6016, 6133),
)

_REQUIRED_KEYS = ("v_template", "shapedirs", "J_regressor", "weights", "f", "kintree_table")
_OPTIONAL_KEYS = ("posedirs", "vt", "ft", "landmarks", "markers")
_ADVICE = "give SMPL's SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE (.pkl or .npz), or none to use the free body"


@dataclass(frozen=True, eq=False)
class BodyData:
    """A body in SMPL's format: V vertices, 24 joints, 10 betas, T-pose, meters, x to its left, y up, z forward.

    Attributes:
        v_template: [V, 3] float32, the average shape at rest.
        shapedirs: [V, 3, 10] float32, meters per unit of beta; over people, betas are distributed as N(0, 1).
        posedirs: [V, 3, 207] float32, pose correctives: meters per entry of R_j - I of joints 1 to 23, row by row.
        J_regressor: [24, V] float32, the rest joints as averages of vertices.
        weights: [V, 24] float32, skinning weights; rows sum to 1.
        faces: [F, 3] int32, triangles.
        uv: [U, 2] float32 texture coordinates, or None.
        uv_faces: [F, 3] int32, the rows of `uv` at the corners of `faces`, or None.
        vertex_ids: the vertex of each of LANDMARK_NAMES.
        markers: [67] int64, vertices spread over the surface, see `spread_markers`.
        name: "free", or the file's name without its ending.
    """

    v_template: np.ndarray
    shapedirs: np.ndarray
    posedirs: np.ndarray
    J_regressor: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    uv: np.ndarray | None
    uv_faces: np.ndarray | None
    vertex_ids: dict[str, int]
    markers: np.ndarray
    name: str

    @cached_property
    def has_pose_correctives(self) -> bool:
        """Whether any of `posedirs` is not zero; the free body has none."""
        return bool(self.posedirs.any())


def load_body(path: str | Path | None = None) -> BodyData:
    """The body of a file; None means the free body that comes with the package.

    A pickle is read without running anything that it names (see `smpl_pickle`) and needs neither chumpy nor scipy. Of
    more than ten shape directions the first ten are kept. A file without landmarks and markers gets SMPL's own ones.

    Raises:
        TarError: the file is missing, damaged or harmful, or holds no SMPL body.
    """
    if path is None:
        return _body_from(_read_npz(FREE_BODY), FREE_BODY, "free")
    path = Path(path)
    if not path.is_file():
        raise TarError(f"{path}: no such body file; check the path, or give none to use the free body")
    if path.suffix.lower() == ".npz":
        return _body_from(_read_npz(path), path, path.stem)
    if path.suffix.lower() == ".pkl":
        return _body_from(read_smpl_pickle(path), path, path.stem)
    raise TarError(f"{path}: a body file ends in .npz or .pkl; {_ADVICE}")


def spread_markers(vertices: np.ndarray, count: int = NUM_MARKERS) -> np.ndarray:
    """Vertices far apart from each other, [count] int64: first the topmost, then always the farthest from all chosen.

    The mirror image of each follows it, so that left and right come in pairs, and the first few already cover the
    whole body.

    Args:
        vertices: [V, 3], a body at rest, y up, left and right mirrored at x = 0.
    """
    chosen: list[int] = []
    clearance = np.full(len(vertices), np.inf)

    def choose(vertex: int) -> None:
        chosen.append(vertex)
        np.minimum(clearance, np.linalg.norm(vertices - vertices[vertex], axis=1), out=clearance)

    choose(int(vertices[:, 1].argmax()))
    while len(chosen) < count:
        vertex = int(clearance.argmax())
        mirrored = int(np.linalg.norm(vertices - vertices[vertex] * [-1, 1, 1], axis=1).argmin())
        choose(vertex)
        if mirrored != vertex:
            choose(mirrored)
    return np.array(chosen[:count])


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("no zip archive")
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in _REQUIRED_KEYS + _OPTIONAL_KEYS if key in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TarError(f"{path}: not a readable .npz file ({error}); {_ADVICE}") from error


def _body_from(content: Mapping[str, Any], path: Path, name: str) -> BodyData:
    missing = [key for key in _REQUIRED_KEYS if key not in content]
    if missing:
        raise TarError(f"{path}: no SMPL body, it lacks {', '.join(missing)}; {_ADVICE}")
    try:
        arrays = {key: to_array(content[key]) for key in _REQUIRED_KEYS + _OPTIONAL_KEYS if key in content}
        _check_shapes(arrays)
    except (ValueError, TypeError, KeyError, IndexError, MemoryError) as error:
        raise TarError(f"{path}: no SMPL body ({error}); {_ADVICE}") from error

    def floats(key: str) -> np.ndarray:
        return np.ascontiguousarray(arrays[key], np.float32)

    vertices = floats("v_template")
    posedirs = (
        floats("posedirs") if "posedirs" in arrays else np.zeros((*vertices.shape, NUM_POSE_FEATURES), np.float32)
    )
    return BodyData(
        v_template=vertices,
        shapedirs=np.ascontiguousarray(arrays["shapedirs"][..., :NUM_BETAS], np.float32),
        posedirs=posedirs,
        J_regressor=floats("J_regressor"),
        weights=floats("weights"),
        faces=arrays["f"].astype(np.int32),
        uv=floats("vt") if "vt" in arrays else None,
        uv_faces=arrays["ft"].astype(np.int32) if "ft" in arrays else None,
        vertex_ids=dict(zip(LANDMARK_NAMES, map(int, arrays.get("landmarks", _SMPL_LANDMARKS)), strict=True)),
        markers=arrays["markers"].astype(np.int64) if "markers" in arrays else spread_markers(vertices),
        name=name,
    )


def _check_shapes(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises ValueError, in words for the user, unless the arrays fit each other and SMPL's skeleton."""
    weights = arrays["weights"]
    if weights.ndim != 2 or weights.shape[1] != NUM_JOINTS:
        joints = weights.shape[-1] if weights.ndim else 0
        raise ValueError(f"it has {joints} joints, SMPL has {NUM_JOINTS}; SMPL-X, SMPL-H and MANO don't fit")
    count = len(weights)
    expected: dict[str, tuple[int | None, ...]] = {
        "v_template": (count, 3),
        "shapedirs": (count, 3, None),
        "posedirs": (count, 3, NUM_POSE_FEATURES),
        "J_regressor": (NUM_JOINTS, count),
        "kintree_table": (2, NUM_JOINTS),
        "f": (None, 3),
        "vt": (None, 2),
        "ft": (len(arrays["f"]), 3),
        "landmarks": (len(LANDMARK_NAMES),),
        "markers": (NUM_MARKERS,),
    }
    for key, array in arrays.items():
        shape = expected.get(key, array.shape)
        fits = len(shape) == array.ndim and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"its {key} has the shape {array.shape}")
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise ValueError(f"its {key} holds something else than numbers")
    if arrays["shapedirs"].shape[-1] < NUM_BETAS:
        raise ValueError(f"it has fewer than {NUM_BETAS} shape directions")
    if (arrays["kintree_table"][0, 1:] != PARENTS[1:]).any():
        raise ValueError("its joints are not in SMPL's order")
    for key, limit in (("f", count), ("landmarks", count), ("markers", count), ("ft", len(arrays.get("vt", ())))):
        if key in arrays and not ((arrays[key] >= 0) & (arrays[key] < limit)).all():
            raise ValueError(f"its {key} points at vertices that it doesn't have")
    if "landmarks" not in arrays and count != _SMPL_VERTICES:
        raise ValueError(f"it has {count} vertices, SMPL has {_SMPL_VERTICES}; a mesh of its own needs `landmarks`")
