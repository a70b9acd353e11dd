"""The shape keys of a face from the landmarks of the face landmark network.

Eight of ARKit's 52 keys can be told from the landmarks: those of blinks, the jaw, the corners of the mouth and, hardly,
the brows. The others were not closer to the truth than zero (docs/experiments/2026-11-30-faces.md).

The landmarks are brought to the place, rotation and size of a reference face by points that hardly move. A linear map,
which was fitted to rendered faces by `scripts/assets/fit_face_values.py`, gives raw values of the shape keys. They
differ from the true ones by what is particular to the person, see `tar_core.face.motion`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from tar_core.face_names import FACE_KEY_NAMES
from tar_core.model.weights import read_weights
from tar_core.rotations import align_vectors, axis_angle_to_matrix

WEIGHTS = "face_values.safetensors"
CAPTURED_KEYS = (
    *("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft", "mouthSmileRight"),
    *("browInnerUp", "browDownLeft", "browDownRight"),
)
# Rotation of the free body's head from the T-pose to the axes of the reference face, which are those of pictures: the
# mean over 285 rendered faces of 24 people. The reference face is 11.4 degrees of pitch from the head in the T-pose.
REFERENCE_TURN = axis_angle_to_matrix(np.radians([11.4, 0.0, 0.0])) @ np.diag([1.0, -1.0, -1.0])
KEY_ROWS = [FACE_KEY_NAMES.index(name) for name in CAPTURED_KEYS]


@dataclass(frozen=True)
class FaceMap:
    """From landmarks to the shape keys CAPTURED_KEYS.

    Attributes:
        reference: [468, 3] mean face, centered.
        steadiness: [468] weights of the landmarks in the alignment.
        weight: [8, 1404] of the aligned landmarks.
        bias: [8] of the values, once the person's own neutral is subtracted.
    """

    reference: np.ndarray
    steadiness: np.ndarray
    weight: np.ndarray
    bias: np.ndarray

    def read(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Raw values [8] of the shape keys, and the rotation [3, 3] of the head from the T-pose to the crop.

        Args:
            points: [468, 3] landmarks in the axes of a crop, in any unit.
        """
        aligned, turn = align_face(points, self.reference, self.steadiness)
        return np.asarray(self.weight @ aligned.reshape(-1)), turn @ REFERENCE_TURN


def align_face(points: np.ndarray, reference: np.ndarray, steadiness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move, turn and scale landmarks [468, 3] to a reference face, [468, 3], with weights [468] of the landmarks.

    Returns:
        The landmarks in the place of the reference, and the rotation [3, 3] from the reference to the landmarks.
    """
    share = (steadiness / steadiness.sum())[:, None]
    center, target_center = (share * points).sum(0), (share * reference).sum(0)
    own, target = points - center, reference - target_center
    turn = align_vectors(own, target, share[:, 0])
    turned = own @ turn.T
    scale = (share * turned * target).sum() / (share * own**2).sum()
    return scale * turned + target_center, turn.T


@cache
def load_face_map() -> FaceMap:
    """Load the map that comes with the package."""
    weights = {name: array.astype(np.float64) for name, array in read_weights(None, WEIGHTS).items()}
    return FaceMap(weights["reference"], weights["steadiness"], weights["weight"], weights["bias"])
