"""SMPL's 24 joints: names, parents, mirror images, and where poses bring them."""

import numpy as np

from tar_core.rotations import axis_angle_to_matrix

JOINT_NAMES = (
    "pelvis",
    "left_hip",
    "right_hip",
    "spine1",
    "left_knee",
    "right_knee",
    "spine2",
    "left_ankle",
    "right_ankle",
    "spine3",
    "left_foot",
    "right_foot",
    "neck",
    "left_collar",
    "right_collar",
    "head",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hand",
    "right_hand",
)
NUM_JOINTS = len(JOINT_NAMES)

# The parent of each joint; -1 marks the root. A parent always stands before its children.
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)


def mirrored_name(name: str) -> str:
    """`left_knee` for `right_knee` and the reverse; names without a side are their own mirror image."""
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


# MIRROR[j] is the joint on the other side of joint j.
MIRROR = tuple(JOINT_NAMES.index(mirrored_name(name)) for name in JOINT_NAMES)


def pose_skeleton(poses: np.ndarray, rest_joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear blend skinning's transforms, as SMPL defines them (Loper et al. 2015, eq. 4).

    Args:
        poses: [T, 24, 3] axis-angle.
        rest_joints: [24, 3] joints of the shaped body in the T-pose.

    Returns:
        [T, 24, 4, 4] what moves a T-pose vertex with each joint, and the posed joints [T, 24, 3]; no translation.
    """
    world = np.zeros((len(poses), NUM_JOINTS, 4, 4))
    local = np.tile(np.eye(4), (len(poses), NUM_JOINTS, 1, 1))
    local[..., :3, :3] = axis_angle_to_matrix(poses)
    for joint, parent in enumerate(PARENTS):
        local[:, joint, :3, 3] = rest_joints[joint] - (rest_joints[parent] if parent >= 0 else 0)
        world[:, joint] = world[:, parent] @ local[:, joint] if parent >= 0 else local[:, joint]
    bones = world.copy()
    bones[..., :3, 3] -= np.einsum("tjab,jb->tja", world[..., :3, :3], rest_joints)
    return bones, world[..., :3, 3]
