"""The shape keys of the free body's face, with ARKit's names. NumPy only, as Blender uses them too."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from tar_core.errors import TarError
from tar_core.face_names import FACE_KEY_NAMES, NUM_FACE_KEYS
from tar_core.files import ASSETS
from tar_core.npz import WHOLE_NUMBER, Form, read_npz

FACE_KEYS_FILE = ASSETS / "face_keys.npz"
_FORMS = {
    "starts": Form(WHOLE_NUMBER, (NUM_FACE_KEYS + 1,), low=0),
    "vertices": Form(WHOLE_NUMBER, ("moved",), low=0),
    "offsets": Form(shape=("moved", 3), low=-0.1, high=0.1),
}


@dataclass(frozen=True, eq=False)
class FaceKeys:
    """How far the vertices of the free body move with each key.

    Attributes:
        vertices: for each of FACE_KEY_NAMES the vertices [M] that move.
        offsets: for each of FACE_KEY_NAMES their motion [M, 3] at the value 1, in the axes of the T-pose, meters.
    """

    vertices: tuple[np.ndarray, ...]
    offsets: tuple[np.ndarray, ...]

    def moved(self, values: np.ndarray, vertex_count: int) -> np.ndarray:
        """Offsets [V, 3] of all vertices, meters, for values [52] of the keys."""
        total = np.zeros((vertex_count, 3))
        for value, vertices, offsets in zip(values, self.vertices, self.offsets, strict=True):
            total[vertices] += value * offsets
        return total


@cache
def load_face_keys() -> FaceKeys:
    """Load the keys that come with the package.

    Raises:
        TarError: the file is missing or damaged.
    """
    arrays = read_npz(FACE_KEYS_FILE, _FORMS, "not the face's shape keys", "install the extension again")
    starts = arrays["starts"]
    if (np.diff(starts) < 0).any() or starts[0] != 0 or starts[-1] != len(arrays["vertices"]):
        raise TarError(f"{FACE_KEYS_FILE}: not the face's shape keys; install the extension again")
    parts = [slice(starts[k], starts[k + 1]) for k in range(len(FACE_KEY_NAMES))]
    vertices, offsets = arrays["vertices"].astype(np.int64), arrays["offsets"].astype(np.float32)
    return FaceKeys(tuple(vertices[part] for part in parts), tuple(offsets[part] for part in parts))
