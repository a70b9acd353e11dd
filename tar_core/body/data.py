"""Body models as arrays: the free default body, or the user's own SMPL file. NumPy only, as Blender loads bodies too.

A body file contains an SMPL model (Loper et al., SIGGRAPH Asia 2015) under SMPL's keys, as .npz or as the .pkl from
SMPL's website. The file of the free body has more keys: texture coordinates `vt` and `ft`, the vertices of `landmarks`
and `markers`, `hand_weights` and `hand_regressor` of the fingers, and `base_index`, the index of each vertex in
MakeHuman's base mesh (used to fit garments).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tar_core.body.smpl_pickle import read_smpl_pickle, to_array
from tar_core.errors import TarError
from tar_core.files import ASSETS
from tar_core.motion import MotionClip
from tar_core.npz import Form, read_npz
from tar_core.skeleton import (
    HAND_JOINT_NAMES,
    JOINT_NAMES,
    NUM_BETAS,
    NUM_BODY_JOINTS,
    NUM_JOINTS,
    PARENTS,
    SMPLH_JOINT_NAMES,
    SMPLH_PARENTS,
)

FREE_BODY = ASSETS / "free_body.npz"
NUM_MARKERS = 67  # the number of markers of ReFit
NUM_POSE_FEATURES = 9 * (NUM_JOINTS - 1)
NUM_SMPL_VERTICES = 6890

# Landmarks on the surface, with the names and in the order of the package smplx.
LANDMARK_NAMES = (
    *("nose", "reye", "leye", "rear", "lear"),
    *("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
    *("lthumb", "lindex", "lmiddle", "lring", "lpinky"),
    *("rthumb", "rindex", "rmiddle", "rring", "rpinky"),
)
# Their vertices in SMPL's mesh, from smplx/vertex_ids.py, "smplh" (SMPL and SMPL-H have the same vertices).
_SMPL_LANDMARKS = (
    *(332, 6260, 2800, 4071, 583),
    *(3216, 3226, 3387, 6617, 6624, 6787),
    *(2746, 2319, 2445, 2556, 2673),
    *(6191, 5782, 5905, 6016, 6133),
)

_REQUIRED_KEYS = ("v_template", "shapedirs", "J_regressor", "weights", "f", "kintree_table")
_OPTIONAL_KEYS = ("posedirs", "vt", "ft", "landmarks", "markers", "hand_weights", "hand_regressor")
_ADVICE = "give SMPL_NEUTRAL, SMPL_MALE or SMPL_FEMALE (.pkl or .npz), or no file to use the free body"


@dataclass(frozen=True, eq=False)
class BodyData:
    """A body model in SMPL's format, with V vertices, J = 24 joints and 10 betas, or with SMPL-H's J = 52 joints.

    Rest pose: T-pose, meters, x to the body's left, y up, z forward.

    Attributes:
        v_template: [V, 3] float32, mean shape at rest.
        shapedirs: [V, 3, 10] float32, meters per unit of beta; over all people, betas are distributed as N(0, 1).
        posedirs: [V, 3, 207] float32, pose blend shapes: meters per entry of R_j - I of joints 1 to 23, row by row.
        J_regressor: [J, V] float32; the rest joints are J_regressor @ (vertices of the shaped body at rest).
        weights: [V, J] float32, skinning weights; each row sums to 1.
        faces: [F, 3] int32, triangles.
        uv: [U, 2] float32 texture coordinates, or None.
        uv_faces: [F, 3] int32, rows of `uv` at the corners of `faces`, or None.
        vertex_ids: vertex of each landmark in LANDMARK_NAMES.
        markers: [67] int64, vertices spread over the surface (see `spread_markers`).
        name: "free", or the name of the file without its suffix.
        hand_weights: [V, 32] float32, how the weights of wrist and hand are shared by the wrists and the joints of the
            fingers (HAND_JOINT_NAMES); None if the body has no fingers.
        hand_regressor: [30, V] float32, rows of J_regressor for the joints of the fingers, or None.
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
    hand_weights: np.ndarray | None = None
    hand_regressor: np.ndarray | None = None

    @property
    def has_fingers(self) -> bool:
        """Whether the joints are those of SMPL-H; see `with_fingers`."""
        return self.weights.shape[1] == len(SMPLH_JOINT_NAMES)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The names of the J joints."""
        return SMPLH_JOINT_NAMES if self.has_fingers else JOINT_NAMES

    @property
    def parents(self) -> tuple[int, ...]:
        """The parents of the J joints; -1 marks the root."""
        return SMPLH_PARENTS if self.has_fingers else PARENTS

    def with_fingers(self) -> "BodyData":
        """The same body with SMPL-H's 52 joints; unchanged if its file has no fingers, as SMPL's."""
        return self._fingered

    @cached_property
    def _fingered(self) -> "BodyData":
        if self.hand_weights is None or self.hand_regressor is None:
            return self
        wrists = [JOINT_NAMES.index(f"{side}_wrist") for side in ("left", "right")]
        weights = np.concatenate([self.weights[:, :NUM_BODY_JOINTS], self.hand_weights[:, 2:]], 1)
        weights[:, wrists] = self.hand_weights[:, :2]
        regressor = np.concatenate([self.J_regressor[:NUM_BODY_JOINTS], self.hand_regressor])
        return replace(self, weights=weights, J_regressor=regressor, hand_weights=None, hand_regressor=None)

    @cached_property
    def has_pose_correctives(self) -> bool:
        """Whether the body has pose blend shapes; the free body has none."""
        return bool(self.posedirs.any())


def load_body(path: str | Path | None = None) -> BodyData:
    """Load a body file.

    A pickle is read without running any code that it names (see `smpl_pickle`), and needs neither chumpy nor scipy.
    Only the first ten shape directions are kept. If the file has no landmarks and markers, those of SMPL's mesh are
    used.

    Args:
        path: a .npz or .pkl file. Default: the free body that comes with the package.

    Raises:
        TarError: the file is missing, damaged or unsafe, or is not an SMPL body.
    """
    if path is None:
        return _free_body()
    path = Path(path)
    if not path.is_file():
        raise TarError(f"{path}: no such body file; check the path, or give no file to use the free body")
    if path.suffix.lower() == ".npz":
        return _body_from(_read_npz(path), path, path.stem)
    if path.suffix.lower() == ".pkl":
        return _body_from(read_smpl_pickle(path), path, path.stem)
    raise TarError(f"{path}: a body file has the suffix .npz or .pkl; {_ADVICE}")


@cache
def _free_body() -> BodyData:
    """The free body, which is read once: nobody changes its arrays."""
    return _body_from(_read_npz(FREE_BODY), FREE_BODY, "free")


def body_of_clip(clip: MotionClip) -> BodyData:
    """Load the body that a clip's shapes belong to: the free body, or the user's body file.

    Raises:
        TarError: the user's body file is missing or damaged.
    """
    return load_body(None if clip.body == "free" else clip.body)


def spread_markers(vertices: np.ndarray, count: int = NUM_MARKERS) -> np.ndarray:
    """Choose vertices far apart from each other (farthest point sampling).

    The first is the topmost vertex. The next is always the farthest from all chosen ones, followed by its mirror image,
    so that left and right come in pairs, and the first few markers already cover the whole body.

    Args:
        vertices: [V, 3] of a body at rest, y up, left and right mirrored at x = 0.

    Returns:
        [count] int64 vertices.
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
    """Read the arrays that the file has; `_body_from` checks them, as it checks those of a pickle."""
    form = Form(shape=("...",), optional=True)
    return read_npz(path, dict.fromkeys(_REQUIRED_KEYS + _OPTIONAL_KEYS, form), "not an SMPL body", _ADVICE)


def _body_from(content: Mapping[str, Any], path: Path, name: str) -> BodyData:
    missing = [key for key in _REQUIRED_KEYS if key not in content]
    if missing:
        raise TarError(f"{path}: not an SMPL body, {', '.join(missing)} missing; {_ADVICE}")
    try:
        arrays = {key: to_array(content[key]) for key in _REQUIRED_KEYS + _OPTIONAL_KEYS if key in content}
        _check_shapes(arrays)
    except (ValueError, TypeError, KeyError, IndexError, MemoryError) as error:
        raise TarError(f"{path}: not an SMPL body ({error}); {_ADVICE}") from error

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
        hand_weights=floats("hand_weights") if "hand_weights" in arrays else None,
        hand_regressor=floats("hand_regressor") if "hand_regressor" in arrays else None,
    )


def _check_shapes(arrays: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError with a message for the user unless the arrays fit each other and SMPL's skeleton."""
    weights = arrays["weights"]
    if weights.ndim != 2 or weights.shape[1] != NUM_JOINTS:
        joints = weights.shape[-1] if weights.ndim else 0
        raise ValueError(f"{joints} joints instead of {NUM_JOINTS}; SMPL-X, SMPL-H and MANO are not supported")
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
        "hand_weights": (count, 2 + len(HAND_JOINT_NAMES)),
        "hand_regressor": (len(HAND_JOINT_NAMES), count),
    }
    for key, array in arrays.items():
        shape = expected.get(key, array.shape)
        fits = len(shape) == array.ndim and all(
            want in (None, have) for want, have in zip(shape, array.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{key} has the shape {array.shape}")
        if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
            raise ValueError(f"{key} has values that are not finite numbers")
    if arrays["shapedirs"].shape[-1] < NUM_BETAS:
        raise ValueError(f"fewer than {NUM_BETAS} shape directions")
    if (arrays["kintree_table"][0, 1:] != PARENTS[1:]).any():
        raise ValueError("the joints are not in SMPL's order")
    for key, limit in (("f", count), ("landmarks", count), ("markers", count), ("ft", len(arrays.get("vt", ())))):
        if key in arrays and not ((arrays[key] >= 0) & (arrays[key] < limit)).all():
            raise ValueError(f"{key} refers to vertices that do not exist")
    if "landmarks" not in arrays and count != NUM_SMPL_VERTICES:
        raise ValueError(f"{count} vertices instead of {NUM_SMPL_VERTICES}; another mesh needs `landmarks`")
