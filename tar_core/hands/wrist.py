"""The rotation of forearm and wrist from the palm.

The wrist bends, and the forearm twists about its own axis. In the body, the twist of a forearm is shared by the joints
of elbow and wrist. Neither of them moves.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.body.wrists import ForearmAxes, limited_hands
from tar_core.hands.skeleton import SIDES
from tar_core.people.seen_turns import corrections
from tar_core.rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    twist_angle,
    wrap_angle,
)
from tar_core.skeleton import JOINT_NAMES, global_rotations

WRIST_ERROR = 30.0  # degrees, of the body network
# Expected error of the palm: degrees per meter that the landmarks are off the fitted hand, more for doubtful hands.
# Both were measured on rendered hands (`make bench-wrists`).
PALM_ERROR = 2500.0
MAX_TURN = np.radians(110)  # between the palm and the network's wrist; beyond it, the palm is taken for turned over
FOREARM_SHARE = 0.5  # of a change of the twist


@dataclass(frozen=True)
class SeenPalms:
    """A palm in M frames.

    Attributes:
        rows: [M] increasing frames of the clip.
        turns: [M, 3, 3] rotation of the palm from the T-pose to the camera.
        errors: [M] expected errors, degrees.
    """

    rows: np.ndarray
    turns: np.ndarray
    errors: np.ndarray


def palm_errors(fit_errors: np.ndarray, presence: np.ndarray) -> np.ndarray:
    """Expected errors [M] of palms, degrees.

    Args:
        fit_errors: [M] root mean square distance of the landmarks from the fitted hand, meters.
        presence: [M] probability of a hand.
    """
    return np.asarray(PALM_ERROR * fit_errors / presence**2)


def turn_wrist(poses: np.ndarray, side: int, axes: ForearmAxes, palms: SeenPalms, fps: float) -> np.ndarray:
    """Turn a forearm and its wrist so that the hand agrees with the palm that was seen.

    Args:
        poses: [N, 24, 3] axis-angle of the body in the camera.
        side: row of `SIDES`.
        axes: of the forearm.
        palms: of the side.
        fps: frames per second.

    Returns:
        The poses with another elbow and wrist of the side.
    """
    elbow, wrist = (JOINT_NAMES.index(f"{SIDES[side]}_{joint}") for joint in ("elbow", "wrist"))
    local = np.asarray(axis_angle_to_matrix(poses.astype(np.float64)))
    world = global_rotations(local)
    twist = twist_angle(matrix_to_quaternion(local[:, elbow]), axes.along)  # of the forearm in the body network's pose
    rows = palms.rows
    bent = world[rows, elbow].swapaxes(1, 2) @ palms.turns
    possible = world[rows, elbow] @ limited_hands(bent, twist[rows], axes)
    is_near = _angles(world[rows, wrist], palms.turns) < MAX_TURN
    if not is_near.any():
        return poses
    errors = np.hypot(palms.errors, np.degrees(_angles(palms.turns, possible)))[is_near]
    turns = corrections(world[:, wrist], possible[is_near], errors, WRIST_ERROR, rows[is_near], fps)
    target = local[:, wrist] @ axis_angle_to_matrix(turns)
    after, before = (twist_angle(matrix_to_quaternion(turned), axes.along) for turned in (target, local[:, wrist]))
    share = FOREARM_SHARE * wrap_angle(after - before)
    forearm = np.asarray(axis_angle_to_matrix(share[:, None] * axes.along))
    is_turned = (turns != 0).any(1)
    result = poses.astype(np.float64)
    result[is_turned, elbow] = matrix_to_axis_angle(local[:, elbow] @ forearm)[is_turned]
    result[is_turned, wrist] = matrix_to_axis_angle(forearm.swapaxes(1, 2) @ target)[is_turned]
    return result


def _angles(rotations: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Angles [M] between rotations [M, 3, 3], radians."""
    return np.asarray(np.linalg.norm(matrix_to_axis_angle(rotations.swapaxes(1, 2) @ others), axis=1))
