"""Poses of the fingers: as captured, or one for all frames. NumPy only."""

import numpy as np

from tar_core.motion import PersonMotion
from tar_core.skeleton import FINGERS, HAND_JOINT_NAMES, SMPLH_JOINT_NAMES

HAND_POSES = ("relaxed", "open", "fist")
AS_CAPTURED = "auto"  # relaxed, if the hands were not captured

# Degrees by which the three joints of each finger curl, from the root to the tip, and by which the fingers close up
# toward the middle finger.
_CURLS = {
    "relaxed": {"index": (8, 18, 10), "middle": (14, 22, 12), "ring": (18, 24, 12), "pinky": (20, 24, 12)},
    "open": {},
    "fist": {"index": (72, 95, 55), "middle": (76, 98, 58), "ring": (78, 98, 58), "pinky": (78, 95, 55)},
}
_THUMB_CURLS = {"relaxed": (6, 8, 10), "open": (0, 0, 0), "fist": (30, 42, 60)}
_CLOSING = {"relaxed": 0.5, "open": 0.0, "fist": 1.0}  # share of the angle between a finger and the middle finger


def has_captured_hands(person: PersonMotion, hands: str) -> bool:
    """Whether the fingers move as they were captured; `hands` is AS_CAPTURED or one of HAND_POSES."""
    return hands == AS_CAPTURED and person.hand_poses is not None


def hands_of(person: PersonMotion, hands: str, rest_joints: np.ndarray) -> np.ndarray:
    """Rotations [N, 30, 3] of the joints of both hands, axis-angle.

    Args:
        hands: AS_CAPTURED or one of HAND_POSES.
        rest_joints: as of `hand_pose`.
    """
    if person.hand_poses is not None and has_captured_hands(person, hands):
        return person.hand_poses.reshape(len(person), -1, 3).astype(float)
    pose = hand_pose("relaxed" if hands == AS_CAPTURED else hands, rest_joints)
    return np.tile(pose, (len(person), 1, 1))


def hand_pose(name: str, rest_joints: np.ndarray) -> np.ndarray:
    """Rotations [30, 3] of the joints of both hands, axis-angle, in SMPL-H's order.

    Args:
        name: one of HAND_POSES. The open hand is the hand at rest.
        rest_joints: [52, 3] joints of the body at rest, in SMPL's axes.
    """
    joints = dict(zip(SMPLH_JOINT_NAMES, rest_joints, strict=True))
    pose: dict[str, np.ndarray] = {}
    for side in ("left", "right"):
        for finger in FINGERS:
            pose |= _finger_pose(name, side, finger, joints)
    return np.array([pose[joint] for joint in HAND_JOINT_NAMES])


def _finger_pose(name: str, side: str, finger: str, joints: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    root, middle, tip = (f"{side}_{finger}{number}" for number in (1, 2, 3))
    palm = palm_direction(side, joints)
    inward = _unit(joints[f"{side}_pinky1"] - joints[f"{side}_index1"])
    if finger == "thumb":
        curls, toward = _THUMB_CURLS[name], inward
    else:
        curls, toward = _CURLS[name].get(finger, (0, 0, 0)), palm
    directions = (joints[middle] - joints[root], joints[tip] - joints[middle], joints[tip] - joints[middle])
    pose = {
        joint: np.radians(curl) * _unit(np.cross(direction, toward))
        for joint, curl, direction in zip((root, middle, tip), curls, directions, strict=True)
    }
    if finger != "thumb":
        own, other = directions[0], joints[f"{side}_middle2"] - joints[f"{side}_middle1"]
        own, other = (_unit(vector - (vector @ palm) * palm) for vector in (own, other))
        angle = np.arctan2(np.cross(own, other) @ palm, own @ other)
        # To first order, the sum of both rotation vectors is the rotation about both axes.
        pose[root] = pose[root] + _CLOSING[name] * angle * palm
    return pose


def palm_direction(side: str, joints: dict[str, np.ndarray]) -> np.ndarray:
    """Direction [3] in which the palm of a side looks, from the joints of wrist and knuckles."""
    wrist, index, pinky = (joints[f"{side}_{joint}"] for joint in ("wrist", "index1", "pinky1"))
    normal = _unit(np.cross(index - wrist, pinky - wrist))
    return normal if side == "right" else -normal


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
