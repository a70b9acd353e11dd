"""Writes BVH files of SMPL motion on made-up skeletons."""

import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, PARENTS, global_rotations, pose_skeleton
from tests.support.made_up_datasets import FREE

# Names of SMPL's joints in several programs, in SMPL's order; none has a joint for SMPL's hands.
LAFAN = """
    Hips LeftUpLeg RightUpLeg Spine LeftLeg RightLeg Spine1 LeftFoot RightFoot Spine2 LeftToe RightToe Neck
    LeftShoulder RightShoulder Head LeftArm RightArm LeftForeArm RightForeArm LeftHand RightHand
"""
MIXAMO = " ".join("mixamorig:" + name.replace("Toe", "ToeBase") for name in LAFAN.split())
UNREAL = """
    pelvis thigh_l thigh_r spine_01 calf_l calf_r spine_02 foot_l foot_r spine_03 ball_l ball_r neck_01
    clavicle_l clavicle_r head upperarm_l upperarm_r lowerarm_l lowerarm_r hand_l hand_r
"""
HANDS = ("left_hand", "right_hand")


def joint(name):
    return JOINT_NAMES.index(name)


def rest_joints():
    """[24, 3] joints of the free body in the T-pose."""
    return FREE.J_regressor @ FREE.v_template


def long_legged_joints():
    """[24, 3] joints of a T-pose with legs 25 % longer than the free body's and slightly different limb directions."""
    rest = rest_joints()
    offsets = rest - rest[np.maximum(PARENTS, 0)]
    random = np.random.default_rng(4)
    for name in ("knee", "ankle", "elbow", "wrist"):
        for side in ("left", "right"):
            bone = offsets[joint(f"{side}_{name}")]
            bone += 0.02 * random.normal(size=3)
            if name in ("knee", "ankle"):
                bone *= 1.25
    longer = rest.copy()
    for index, parent in enumerate(PARENTS):
        if parent >= 0:
            longer[index] = longer[parent] + offsets[index]
    return longer


def random_motion(seed, frames=40):
    """Poses [N, 24, 3] with plausibly bent elbows and knees and a straight trunk, turning about the vertical axis."""
    random = np.random.default_rng(seed)
    poses = np.zeros((frames, 24, 3))
    wave = np.sin(np.linspace(0, 6, frames)[:, None] + random.uniform(0, 6, 24))
    for side, sign in (("left", -1), ("right", 1)):
        poses[:, joint(f"{side}_elbow"), 1] = sign * (0.8 + 0.6 * wave[:, 0])
        poses[:, joint(f"{side}_knee"), 0] = 0.7 + 0.6 * wave[:, 1]
        for part, size in (("hip", 0.5), ("shoulder", 0.6)):
            index = joint(f"{side}_{part}")
            poses[:, index] = size * wave[:, index, None] * random.normal(size=3)
    poses[:, 0] = np.outer(np.linspace(0, 2, frames), [0, 1, 0])
    return poses


def walk(rest, frames, frame_time):
    """A walk along +z whose stance foot stays in place.

    Args:
        rest: [24, 3] joints of the skeleton in the T-pose.

    Returns:
        Poses [N, 24, 3] and the root's translation [N, 3] for `write_bvh`.
    """
    poses = np.zeros((frames, 24, 3))
    phase = 2 * np.pi * 0.9 * frame_time * np.arange(frames)
    for side, shift in (("left", 0.0), ("right", np.pi)):
        hip, swing = -0.35 * np.cos(phase + shift), np.maximum(-np.sin(phase + shift), 0)
        poses[:, joint(f"{side}_hip"), 0] = hip - 0.4 * swing
        poses[:, joint(f"{side}_knee"), 0] = 0.9 * swing
        poses[:, joint(f"{side}_ankle"), 0] = -hip - 0.5 * swing  # the foot stays level
        poses[:, joint(f"{side}_shoulder"), 2] = -1.2 if side == "left" else 1.2
    feet = pose_skeleton(poses, rest)[1][:, [joint("left_ankle"), joint("right_ankle")]]
    stance = feet[1:, :, 1].argmin(1)
    steps = np.take_along_axis(np.diff(feet, axis=0), stance[:, None, None], 1)[:, 0]
    root = np.concatenate([np.zeros((1, 3)), -np.cumsum(steps, 0)])
    root[:, 1] = 0.08 - feet[..., 1].min(1)
    return poses, root


def write_bvh(names, poses, rest, axes, scale=100.0, order="ZXY", z_up=False, root=(0, 0, 0), frame_time=1 / 30):
    """Write a BVH of SMPL poses in which the axes of joint j are rotated by axes[j] relative to SMPL's.

    Args:
        names: of the joints, separated by spaces, in SMPL's order without hands.
        rest: [24, 3] joints of the skeleton in the T-pose, meters.
        scale: units per meter.
        root: [3] or [N, 3] translation, meters.
        frame_time: seconds.
    """
    joints = [index for index, name in enumerate(JOINT_NAMES) if name not in HANDS]
    called = dict(zip(joints, names.split(), strict=True))
    world = global_rotations(axis_angle_to_matrix(poses))
    rotations = {j: Rotation.from_matrix(world[:, j]) * axes[j] for j in joints}
    positions = pose_skeleton(poses, rest)[1] + np.reshape(root, (-1, 1, 3))
    if z_up:
        to_z_up = Rotation.from_euler("x", 90, degrees=True)
        rotations = {j: to_z_up * rotation for j, rotation in rotations.items()}
        positions = to_z_up.apply(positions.reshape(-1, 3)).reshape(positions.shape)
    lines, in_order = ["HIERARCHY"], []

    def add(index, depth):
        in_order.append(index)
        parent = PARENTS[index]
        offset = scale * axes[parent].inv().apply(rest[index] - rest[parent]) if depth else np.zeros(3)
        lines.append(f"{'JOINT' if depth else 'ROOT'} {called[index]}")
        lines.append("{")
        lines.append("OFFSET " + " ".join(f"{value:.8f}" for value in offset))
        angles = " ".join(f"{axis}rotation" for axis in order)
        lines.append(f"CHANNELS 3 {angles}" if depth else f"CHANNELS 6 Xposition Yposition Zposition {angles}")
        children = [child for child in joints if child and PARENTS[child] == index]
        for child in children:
            add(child, depth + 1)
        if not children:
            lines.extend(["End Site", "{", "OFFSET 1 0 0", "}"])
        lines.append("}")

    add(0, 0)
    columns = [scale * positions[:, 0]]
    for index in in_order:
        local = rotations[index] if index == 0 else rotations[PARENTS[index]].inv() * rotations[index]
        columns.append(local.as_euler(order, degrees=True))
    lines += ["MOTION", f"Frames: {len(poses)}", f"Frame Time: {frame_time:.9f}"]
    lines += [" ".join(f"{value:.8f}" for value in row) for row in np.concatenate(columns, 1)]
    return "\n".join(lines)


def random_axes(seed):
    return list(Rotation.random(24, random_state=np.random.default_rng(seed)))


def degrees_between(a, b):
    """Angles between vectors [..., 3]."""
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
