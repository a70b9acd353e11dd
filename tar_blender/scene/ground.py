"""How high the camera stands above the ground, from the lowest points of everybody's feet."""

from collections.abc import Iterable

import numpy as np

from tar_core.body.data import BodyData
from tar_core.camera.placement import OPENCV_TO_WORLD
from tar_core.motion import PersonMotion
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, PARENTS

from .armature import shaped_body

# The joints that move the feet, each after its parent.
_LEG_JOINTS = [0] + [
    joint for joint, name in enumerate(JOINT_NAMES) if name.endswith(("_hip", "_knee", "_ankle", "_foot"))
]
_FOOT_JOINTS = [joint for joint in _LEG_JOINTS if JOINT_NAMES[joint].endswith(("_ankle", "_foot"))]

_SOLE_THICKNESS = 0.015  # meters above the lowest point that still count as sole
_SOLE_POINTS = 60  # spread over both soles
_MOST_FRAMES = 2000  # of a person; more tell nothing new about the ground
_PERCENTILE = 5.0  # of all frames' lowest points: a single frame that dips too low must not set the ground


def camera_height(people: Iterable[PersonMotion], body: BodyData) -> float:
    """The height at which a level camera must stand, in meters, for the people's feet to be on z = 0."""
    lowest = [_lowest_sole_heights(person, body) for person in people]
    return -float(np.percentile(np.concatenate(lowest), _PERCENTILE)) if lowest else 0.0


def _lowest_sole_heights(person: PersonMotion, body: BodyData) -> np.ndarray:
    """[N]: in each frame, the lowest sole point's height above the camera."""
    step = -(-len(person) // _MOST_FRAMES)
    rotations = axis_angle_to_matrix(person.poses[::step].reshape(-1, 24, 3)[:, _LEG_JOINTS].astype(float))
    vertices, joints = shaped_body(body, person.betas)
    soles = _sole_vertices(vertices, body.weights)

    # Of each joint's world transform only the row that gives the height is needed, but the chain needs it whole.
    turns: dict[int, np.ndarray] = {}
    origins: dict[int, np.ndarray] = {}
    heights = np.zeros((len(rotations), len(soles)))
    up = OPENCV_TO_WORLD[2]
    for index, joint in enumerate(_LEG_JOINTS):
        parent = PARENTS[joint]
        if parent < 0:
            turns[joint] = rotations[:, index]
            origins[joint] = person.trans[::step] + joints[joint]
        else:
            turns[joint] = turns[parent] @ rotations[:, index]
            origins[joint] = origins[parent] + turns[parent] @ (joints[joint] - joints[parent])
        carried = (up @ turns[joint]) @ (vertices[soles] - joints[joint]).T + (origins[joint] @ up)[:, None]
        heights += body.weights[soles, joint] * carried
    return heights.min(1)


def _sole_vertices(vertices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Indices of some vertices spread over both soles."""
    feet = np.flatnonzero(weights[:, _FOOT_JOINTS].sum(1) > 0.99)
    height = vertices[feet, 1]  # SMPL's rest pose has y up
    soles = feet[height < height.min() + _SOLE_THICKNESS]
    return soles[:: max(1, len(soles) // _SOLE_POINTS)]
