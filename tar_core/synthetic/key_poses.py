"""Hand-made key poses that recordings lack (sitting, kneeling, lying, reaching), and random motions between them."""

import numpy as np

from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton
from tar_core.synthetic.motions import FPS, Motion, leg_length

# Degrees about x, y and z for each joint, applied in the order z, y, x; joints not listed stay as in the T-pose. Signs:
# a hip's -x lifts the leg forward, a knee's +x bends it, a left shoulder's -z lowers the arm and its -y points it
# forward, a left elbow's -y bends it. On the right side, y and z have the opposite sign. "both_" gives the left side's
# angles.
_Angles = dict[str, tuple[float, float, float]]
STANDING: dict[str, _Angles] = {
    "stand": {"both_shoulder": (0, 0, -75), "both_elbow": (0, -10, 0)},
    "hands on hips": {"both_shoulder": (0, 35, -50), "both_elbow": (0, -100, 0), "both_wrist": (0, 0, -20)},
    "arms crossed": {"both_shoulder": (20, -30, -65), "both_elbow": (0, -105, 0)},
    "hands behind the head": {"both_shoulder": (-60, 10, 15), "both_elbow": (0, -125, 0), "both_collar": (0, 0, 12)},
    "reach up": {"both_shoulder": (0, -10, 65), "both_collar": (0, 0, 20), "head": (-15, 0, 0)},
    "reach up one arm": {"left_shoulder": (0, -20, 70), "left_collar": (0, 0, 20), "right_shoulder": (0, 0, 70)},
    "reach forwards": {"both_shoulder": (0, -85, -5), "both_elbow": (0, -10, 0)},
    "carry": {"both_shoulder": (0, -25, -65), "both_elbow": (0, -85, 0), "spine1": (-5, 0, 0)},
    "wave": {"left_shoulder": (-50, -15, 5), "left_elbow": (0, -80, 0), "right_shoulder": (0, 0, 75)},
    "phone": {"left_shoulder": (10, -20, -60), "left_elbow": (0, -140, 0), "right_shoulder": (0, 0, 70)},
    "point": {"left_shoulder": (0, -75, 5), "right_shoulder": (0, 0, 75), "head": (0, 10, 0)},
    "bow": {
        "pelvis": (35, 0, 0),
        "spine1": (25, 0, 0),
        "spine2": (20, 0, 0),
        "both_hip": (-35, 0, 0),
        "both_shoulder": (0, -30, -65),
    },
    "touch the toes": {
        "pelvis": (70, 0, 0),
        "both_hip": (-80, 0, 0),
        "spine1": (25, 0, 0),
        "spine2": (20, 0, 0),
        "both_shoulder": (0, -80, -20),
    },
    "twist": {"spine1": (0, 20, 0), "spine2": (0, 20, 0), "spine3": (0, 15, 0), "both_shoulder": (0, -30, -20)},
    "side bend": {
        "spine1": (0, 0, 15),
        "spine2": (0, 0, 15),
        "left_shoulder": (0, 0, -70),
        "right_shoulder": (0, 0, -70),
    },
    "guard": {"both_shoulder": (10, -40, -55), "both_elbow": (0, -125, 0), "left_hip": (-15, 0, 5)},
    "throw": {
        "left_shoulder": (-70, 20, 0),
        "left_elbow": (0, -90, 0),
        "right_shoulder": (0, 60, -10),
        "spine2": (0, 25, 0),
    },
    "jumping jack": {"both_shoulder": (0, 0, 60), "both_hip": (0, 0, 25)},
    "lunge": {
        "left_hip": (-85, 0, 5),
        "left_knee": (90, 0, 0),
        "right_hip": (25, 0, 0),
        "right_knee": (35, 0, 0),
        "right_ankle": (25, 0, 0),
        "both_shoulder": (0, 0, -60),
    },
    "side lunge": {
        "left_hip": (-50, 0, 40),
        "left_knee": (85, 0, 0),
        "right_hip": (0, 0, -40),
        "both_shoulder": (0, -70, 0),
    },
    "kick": {"left_hip": (-80, 0, 5), "left_knee": (15, 0, 0), "pelvis": (-15, 0, 0), "both_shoulder": (0, -30, -40)},
    "balance": {"left_hip": (45, 0, 0), "pelvis": (65, 0, 0), "right_hip": (-65, 0, 0), "both_shoulder": (0, 0, 0)},
    "knee up": {
        "left_hip": (-100, 0, 10),
        "left_knee": (110, 0, 0),
        "both_shoulder": (0, 0, -65),
        "both_elbow": (0, -60, 0),
    },
}
LOW: dict[str, _Angles] = {
    "sit": {
        "both_hip": (-88, 0, 6),
        "both_knee": (88, 0, 0),
        "both_shoulder": (0, -20, -65),
        "both_elbow": (0, -50, 0),
    },
    "sit and type": {
        "both_hip": (-90, 0, 8),
        "both_knee": (85, 0, 0),
        "both_shoulder": (0, -35, -60),
        "both_elbow": (0, -80, 0),
        "spine2": (12, 0, 0),
        "head": (15, 0, 0),
    },
    "sit with crossed legs": {
        "both_hip": (-85, 0, 5),
        "both_knee": (80, 0, 0),
        "left_hip": (-105, 15, -15),
        "left_knee": (75, 0, 0),
        "both_shoulder": (0, -30, -60),
        "both_elbow": (0, -70, 0),
    },
    "sit and lean back": {
        "pelvis": (-25, 0, 0),
        "both_hip": (-65, 0, 10),
        "both_knee": (70, 0, 0),
        "both_shoulder": (0, 30, -50),
    },
    "squat": {
        "both_hip": (-115, 0, 20),
        "both_knee": (130, 0, 0),
        "both_ankle": (-25, 0, 0),
        "spine1": (20, 0, 0),
        "both_shoulder": (0, -75, -15),
    },
    "half squat": {
        "both_hip": (-65, 0, 15),
        "both_knee": (75, 0, 0),
        "pelvis": (25, 0, 0),
        "both_shoulder": (0, -70, -15),
    },
    "kneel": {"both_knee": (95, 0, 0), "both_ankle": (35, 0, 0), "both_shoulder": (0, 0, -70)},
    "kneel on one knee": {
        "left_hip": (-90, 0, 5),
        "left_knee": (90, 0, 0),
        "right_knee": (95, 0, 0),
        "both_shoulder": (0, -20, -60),
        "both_elbow": (0, -50, 0),
    },
    "sit on the heels": {
        "both_hip": (-60, 0, 5),
        "both_knee": (150, 0, 0),
        "both_ankle": (40, 0, 0),
        "both_shoulder": (0, -25, -60),
        "both_elbow": (0, -40, 0),
    },
    "sit on the floor": {
        "both_hip": (-90, 0, 10),
        "both_knee": (8, 0, 0),
        "pelvis": (-8, 0, 0),
        "both_shoulder": (0, 30, -60),
    },
    "hug the knees": {
        "both_hip": (-115, 0, 3),
        "both_knee": (125, 0, 0),
        "spine1": (20, 0, 0),
        "both_shoulder": (0, -60, -40),
        "both_elbow": (0, -50, 0),
    },
    "tailor seat": {
        "both_hip": (-152, 46, 81),
        "both_knee": (120, 0, 0),
        "both_shoulder": (0, -15, -60),
        "both_elbow": (0, -60, 0),
    },
}
ON_THE_GROUND: dict[str, _Angles] = {
    "all fours": {
        "pelvis": (82, 0, 0),
        "both_hip": (-85, 0, 5),
        "both_knee": (88, 0, 0),
        "both_shoulder": (0, -82, 0),
        "head": (-30, 0, 0),
    },
    "plank": {"pelvis": (75, 0, 0), "both_shoulder": (0, -80, -8), "both_ankle": (-35, 0, 0), "head": (-20, 0, 0)},
    "push-up": {
        "pelvis": (85, 0, 0),
        "both_shoulder": (0, -20, -45),
        "both_elbow": (0, -105, 0),
        "both_ankle": (-35, 0, 0),
    },
    "on the back": {"pelvis": (-90, 0, 0), "both_shoulder": (0, 0, -50), "both_hip": (0, 0, 8)},
    "on the back, knees up": {
        "pelvis": (-90, 0, 0),
        "both_hip": (-50, 0, 5),
        "both_knee": (95, 0, 0),
        "both_shoulder": (0, 0, 40),
    },
    "sit-up": {
        "pelvis": (-55, 0, 0),
        "both_hip": (-80, 0, 5),
        "both_knee": (95, 0, 0),
        "spine1": (25, 0, 0),
        "spine2": (20, 0, 0),
        "both_shoulder": (-40, -20, 0),
        "both_elbow": (0, -120, 0),
    },
    "on the front": {
        "pelvis": (90, 0, 0),
        "both_shoulder": (0, -10, 30),
        "both_elbow": (0, -30, 0),
        "both_ankle": (45, 0, 0),
    },
    "on the side": {
        "pelvis": (0, 0, 88),
        "both_hip": (-45, 0, 0),
        "both_knee": (60, 0, 0),
        "both_shoulder": (0, -75, -10),
        "both_elbow": (0, -50, 0),
    },
    "bridge": {"pelvis": (-75, 0, 0), "both_hip": (10, 0, 8), "both_knee": (85, 0, 0), "both_shoulder": (0, 0, -60)},
}
_GROUPS = (STANDING, LOW, ON_THE_GROUND)


def key_pose_motions(rest_joints: np.ndarray, count: int = 24, seed: int = 7) -> list[Motion]:
    """Generate random motions between key poses, of ten seconds at 30 fps, on the floor.

    Args:
        rest_joints: [24, 3] SMPL's joints in its T-pose, which determine the height of the pelvis.
        count: number of motions.
    """
    random = np.random.default_rng(seed)
    return [_random_motion(random, f"keyposes/{index:02d}", rest_joints) for index in range(count)]


def pose_from_degrees(angles: _Angles) -> np.ndarray:
    """Convert an entry of the tables to axis-angle [24, 3]."""
    degrees = np.zeros((NUM_JOINTS, 3))
    for joint, (x, y, z) in angles.items():
        if joint.startswith("both_"):
            degrees[JOINT_NAMES.index(joint.replace("both", "left"))] = x, y, z
            degrees[JOINT_NAMES.index(joint.replace("both", "right"))] = x, -y, -z
        else:
            degrees[JOINT_NAMES.index(joint)] = x, y, z
    x, y, z = (axis_angle_to_matrix(np.radians(degrees) * axis) for axis in np.eye(3))
    return matrix_to_axis_angle(x @ y @ z)


def _random_motion(random: np.random.Generator, name: str, rest_joints: np.ndarray, frames: int = 300) -> Motion:
    group = _GROUPS[random.choice(len(_GROUPS), p=[0.5, 0.32, 0.18])]
    pose = _random_pose(random, group)
    pieces: list[np.ndarray] = []
    while sum(len(piece) for piece in pieces) < frames:
        if random.random() < 0.25:  # change the group of poses: get up or down
            group = _GROUPS[random.choice(len(_GROUPS), p=[0.4, 0.4, 0.2])]
        following = _random_pose(random, group)
        steps = random.integers(12, 45)
        fraction = ease(steps)
        start, end = axis_angle_to_quaternion(pose), axis_angle_to_quaternion(following)
        pieces.append(quaternion_to_axis_angle(slerp(start, end, fraction[:, None] * np.ones(NUM_JOINTS))))
        pose = following
    poses = np.concatenate(pieces)[:frames]
    _, joints = pose_skeleton(poses, rest_joints)
    trans = np.zeros((frames, 3))
    trans[:, 1] = joints[:, 0, 1] - joints[..., 1].min(1) + 0.05  # the lowest joint is 5 cm above the floor
    return Motion(name, poses, trans, FPS, leg_length(rest_joints))


def ease(steps: int) -> np.ndarray:
    """Fractions [steps] of the way from one pose to the next, from 0 on; slow at both ends."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(steps) / max(steps, 1)))


def _random_pose(random: np.random.Generator, group: dict[str, _Angles]) -> np.ndarray:
    """Draw a key pose of the group and rotate each joint by a random angle of some degrees."""
    angles = group[str(random.choice(list(group)))]
    pose = pose_from_degrees(angles)
    change = axis_angle_to_matrix(np.radians(random.normal(size=(NUM_JOINTS, 3)) * 6))
    return matrix_to_axis_angle(axis_angle_to_matrix(pose) @ change)
