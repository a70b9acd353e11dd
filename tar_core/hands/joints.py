"""The joints of a hand in space and their angles, from what the landmark network computes for its crop.

The network sees all hands as right hands: crops of left ones are mirrored. A few layers read from its code and its last
map the joints of the body's own hand, and first estimates of their angles. They were trained on rendered hands by
`scripts/assets/fit_hand_joints.py`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.hands.skeleton import HIGHEST, IS_FREE, LOWEST, SIDES
from tar_core.model.hand_landmarks import HAND_CROP_SIZE, NUM_HAND_LANDMARKS
from tar_core.model.weights import read_weights
from tar_core.rotations import rotation_z

LEFT = SIDES.index("left")
WEIGHTS = "hand_joints.safetensors"


@dataclass(frozen=True)
class HandInSpace:
    """A hand as the network sees it.

    Attributes:
        joints: [21, 3] float32, the wrist, and joints and tip of each finger from the thumb to the little finger; from
            the wrist in the axes of the camera, meters, z away from the camera.
        angles: [5, 3, 3] float32, of the joints about their axes (`HandSkeleton`), radians.
    """

    joints: np.ndarray
    angles: np.ndarray


def mirror_left(picture: np.ndarray, side: int) -> np.ndarray:
    """The crop [224, 224, 3] as the network gets it; `side` is a row of `SIDES`."""
    return np.ascontiguousarray(picture[:, ::-1]) if side == LEFT else picture


def points_in_image(crop: Crop, points: np.ndarray, side: int) -> np.ndarray:
    """The network's points [21, 3] in pixels of the frame, [21, 2]."""
    flat = points[:, :2].astype(np.float64)
    if side == LEFT:
        flat[:, 0] = HAND_CROP_SIZE - 1 - flat[:, 0]
    return crop.to_image(flat)


def hand_in_space(crop: Crop, code: np.ndarray, cells: np.ndarray, side: int) -> HandInSpace:
    """Read the joints and angles of the hand in a crop.

    Args:
        code: [672] of the network for the crop.
        cells: [112, 7, 7] of the network for the crop.
        side: row of `SIDES`.
    """
    (weight, bias), *layers = _layers()
    reduced = weight @ cells.reshape(len(cells), -1) + bias[:, None]
    values = np.concatenate([code, np.maximum(reduced, 0).ravel()])
    for number, (weight, bias) in enumerate(layers):
        values = weight @ (values if number == 0 else np.maximum(values, 0)) + bias
    joints, free = np.split(values, [3 * NUM_HAND_LANDMARKS])
    joints = joints.reshape(NUM_HAND_LANDMARKS, 3)
    if side == LEFT:
        joints = joints * [-1, 1, 1]
    angles = np.zeros(IS_FREE.shape)
    angles[IS_FREE] = free
    joints = joints @ rotation_z(np.array(crop.roll)).T
    return HandInSpace(joints.astype(np.float32), np.clip(angles, LOWEST, HIGHEST).astype(np.float32))


@cache
def _layers() -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases: first those that reduce the channels of the cells, last those for the 63 coordinates of the
    joints and the free angles.
    """
    weights = read_weights(None, WEIGHTS)
    return [(weights[f"weight{k}"].astype(np.float64), weights[f"bias{k}"].astype(np.float64)) for k in range(4)]
