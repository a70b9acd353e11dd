"""The joints of a hand in space, from the code that the landmark network computes for its crop.

The network sees all hands as right hands: crops of left ones are mirrored. A linear map from its code gives the joints
of the body's own hand. It was fitted to rendered hands by `scripts/assets/fit_hand_joints.py`.
"""

from functools import cache

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.hands.skeleton import SIDES
from tar_core.model.hand_landmarks import HAND_CROP_SIZE, NUM_HAND_LANDMARKS
from tar_core.model.weights import read_weights
from tar_core.rotations import rotation_z

LEFT = SIDES.index("left")
WEIGHTS = "hand_joints.safetensors"


def mirror_left(picture: np.ndarray, side: int) -> np.ndarray:
    """The crop [224, 224, 3] as the network gets it; `side` is a row of `SIDES`."""
    return np.ascontiguousarray(picture[:, ::-1]) if side == LEFT else picture


def points_in_image(crop: Crop, points: np.ndarray, side: int) -> np.ndarray:
    """The network's points [21, 3] in pixels of the frame, [21, 2]."""
    flat = points[:, :2].astype(np.float64)
    if side == LEFT:
        flat[:, 0] = HAND_CROP_SIZE - 1 - flat[:, 0]
    return crop.to_image(flat)


def joints_in_camera(crop: Crop, code: np.ndarray, side: int) -> np.ndarray:
    """The wrist, and joints and tip of each finger from the thumb to the little finger.

    Args:
        code: [672] of the network for the crop.
        side: row of `SIDES`.

    Returns:
        [21, 3] from the wrist in the axes of the camera, meters; z is away from the camera.
    """
    weight, bias = _joint_map()
    joints = (weight @ code + bias).reshape(NUM_HAND_LANDMARKS, 3)
    if side == LEFT:
        joints = joints * [-1, 1, 1]
    return np.asarray(joints @ rotation_z(np.array(crop.roll)).T)


@cache
def _joint_map() -> tuple[np.ndarray, np.ndarray]:
    """Weight [63, 672] and bias [63]."""
    weights = read_weights(None, WEIGHTS)
    return weights["weight"].astype(np.float64), weights["bias"].astype(np.float64)
