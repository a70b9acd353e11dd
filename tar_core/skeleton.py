"""The joints of SMPL (24) and of SMPL-H (52, with fingers): names, parents, mirror images, forward kinematics."""

from collections.abc import Sequence

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
NUM_BETAS = 10  # of SMPL's shape

# Parent of each joint; -1 marks the root. A parent always comes before its children.
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# SMPL-H (Romero et al., SIGGRAPH Asia 2017): the first 22 joints are SMPL's, then follow 15 joints of each hand.
NUM_BODY_JOINTS = 22
FINGERS = ("index", "middle", "pinky", "ring", "thumb")  # in SMPL-H's order
HAND_JOINT_NAMES = tuple(
    f"{side}_{finger}{number}" for side in ("left", "right") for finger in FINGERS for number in (1, 2, 3)
)
NUM_HAND_JOINTS = len(HAND_JOINT_NAMES) // 2  # of one hand
SMPLH_JOINT_NAMES = (*JOINT_NAMES[:NUM_BODY_JOINTS], *HAND_JOINT_NAMES)
SMPLH_PARENTS = (
    *PARENTS[:NUM_BODY_JOINTS],
    *(
        JOINT_NAMES.index(f"{name.partition('_')[0]}_wrist") if name.endswith("1") else NUM_BODY_JOINTS + number - 1
        for number, name in enumerate(HAND_JOINT_NAMES)
    ),
)

# All joints of SMPL and SMPL-H, parents before children, and the parent of each joint but the root.
ALL_JOINT_NAMES = (*JOINT_NAMES, *HAND_JOINT_NAMES)
PARENT_NAMES = {
    name: names[parent]
    for names, parents in ((JOINT_NAMES, PARENTS), (SMPLH_JOINT_NAMES, SMPLH_PARENTS))
    for name, parent in zip(names, parents, strict=True)
    if parent >= 0
}


def mirrored_name(name: str) -> str:
    """Swap the side in a joint's name, as in left_knee and right_knee; other names are unchanged."""
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name


# MIRROR[j] is the index of the joint that mirrors joint j.
MIRROR = tuple(JOINT_NAMES.index(mirrored_name(name)) for name in JOINT_NAMES)


def global_rotations(rotations: np.ndarray) -> np.ndarray:
    """Convert rotations relative to the parent joints [..., 24, 3, 3] to global rotations of the same shape."""
    world = rotations.copy()
    for joint, parent in enumerate(PARENTS):
        if parent >= 0:
            world[..., joint, :, :] = world[..., parent, :, :] @ rotations[..., joint, :, :]
    return world


def pose_skeleton(
    poses: np.ndarray, rest_joints: np.ndarray, parents: Sequence[int] = PARENTS
) -> tuple[np.ndarray, np.ndarray]:
    """Compute SMPL's forward kinematics (Loper et al. 2015, eq. 4), without the translation.

    Args:
        poses: [T, J, 3] axis-angle.
        rest_joints: [J, 3] joints of the shaped body in the T-pose, meters.
        parents: of the J joints; those of SMPL or of SMPL-H.

    Returns:
        bones: [T, J, 4, 4] transforms of the vertices of the T-pose for linear blend skinning.
        joints: [T, J, 3] posed joints.
    """
    local = axis_angle_to_matrix(poses)
    world: list[np.ndarray] = []
    joints: list[np.ndarray] = []
    for joint, parent in enumerate(parents):
        if parent < 0:
            world.append(local[:, joint])
            joints.append(np.broadcast_to(rest_joints[joint], (len(poses), 3)))
        else:
            world.append(world[parent] @ local[:, joint])
            joints.append(joints[parent] + world[parent] @ (rest_joints[joint] - rest_joints[parent]))
    bones = np.zeros((len(poses), len(parents), 4, 4))
    for joint, rest in enumerate(rest_joints):
        bones[:, joint, :3, :3] = world[joint]
        bones[:, joint, :3, 3] = joints[joint] - world[joint] @ rest
    bones[..., 3, 3] = 1
    return bones, np.stack(joints, 1)
