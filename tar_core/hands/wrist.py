"""The rotation of forearm and wrist from the palm.

The wrist bends, and the forearm twists about its own axis. In the body, the twist of a forearm is shared by the joints
of elbow and wrist. Neither of them moves.
"""

from dataclasses import dataclass

import numpy as np

from tar_core.body.hand_poses import palm_direction
from tar_core.hands.skeleton import SIDES
from tar_core.people.seen_turns import corrections
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    twist_angle,
    wrap_angle,
)
from tar_core.skeleton import JOINT_NAMES, SMPLH_JOINT_NAMES, global_rotations

WRIST_ERROR = 30.0  # degrees, of the body network
# Expected error of the palm: degrees per meter that the landmarks are off the fitted hand, more for doubtful hands.
# Both were measured on rendered hands (`make bench-wrists`).
PALM_ERROR = 2500.0
MAX_TURN = np.radians(110)  # between the palm and the network's wrist; beyond it, the palm is taken for turned over
FOREARM_SHARE = 0.5  # of a change of the twist
# Largest angles: twist of forearm and wrist together, flexion and extension, towards thumb and little finger.
MAX_TWIST, MAX_FLEXION, MAX_DEVIATION = np.radians([100.0, 80.0, 40.0])


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


@dataclass(frozen=True)
class ForearmAxes:
    """The axes of a forearm at rest, which are those of its hand; unit vectors [3].

    Attributes:
        along: from the elbow to the wrist.
        palm: direction in which the palm looks, about which the hand deviates towards thumb or little finger.
        flexion: about which the wrist bends.
    """

    along: np.ndarray
    palm: np.ndarray
    flexion: np.ndarray

    @classmethod
    def of_body(cls, side: str, rest_joints: np.ndarray) -> "ForearmAxes":
        """The axes of the forearm of a side of a body; `rest_joints` [52, 3] are in SMPL-H's order."""
        joints = dict(zip(SMPLH_JOINT_NAMES, rest_joints, strict=True))
        along = joints[f"{side}_wrist"] - joints[f"{side}_elbow"]
        along = along / np.linalg.norm(along)
        flexion = np.cross(palm_direction(side, joints), along)
        flexion /= np.linalg.norm(flexion)
        return cls(along, np.cross(along, flexion), flexion)


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
    possible = world[rows, elbow] @ _limited(bent, twist[rows], axes)
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


def _limited(rotations: np.ndarray, twist: np.ndarray, axes: ForearmAxes) -> np.ndarray:
    """The possible rotations [M, 3, 3] next to rotations of a hand relative to its forearm.

    Args:
        twist: [M] of the forearm.
    """
    quaternions = matrix_to_quaternion(rotations)
    own = twist_angle(quaternions, axes.along)
    total = wrap_angle(own + twist)
    limit = np.maximum(MAX_TWIST, np.abs(twist))
    about = (np.clip(total, -limit, limit) - twist)[:, None] * axes.along
    back = axis_angle_to_quaternion(-own[:, None] * axes.along)
    swing = quaternion_to_axis_angle(quaternion_product(back, quaternions))
    size = np.hypot(swing @ axes.flexion / MAX_FLEXION, swing @ axes.palm / MAX_DEVIATION)
    swing = swing / np.maximum(size, 1)[:, None]
    return np.asarray(
        quaternion_to_matrix(quaternion_product(axis_angle_to_quaternion(about), axis_angle_to_quaternion(swing)))
    )


def _angles(rotations: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Angles [M] between rotations [M, 3, 3], radians."""
    return np.asarray(np.linalg.norm(matrix_to_axis_angle(rotations.swapaxes(1, 2) @ others), axis=1))
