"""Reads BVH files of any two-legged skeleton: CMU's, LaFAN's, ACCAD's, Mixamo's and others."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.skeleton import JOINT_NAMES

# Limb bones (upper joint, lower joint) whose recorded directions are kept, and their directions in a T-pose.
LIMBS = {
    ("left_hip", "left_knee"): (0, -1, 0),
    ("left_knee", "left_ankle"): (0, -1, 0),
    ("left_shoulder", "left_elbow"): (1, 0, 0),
    ("left_elbow", "left_wrist"): (1, 0, 0),
    ("right_hip", "right_knee"): (0, -1, 0),
    ("right_knee", "right_ankle"): (0, -1, 0),
    ("right_shoulder", "right_elbow"): (-1, 0, 0),
    ("right_elbow", "right_wrist"): (-1, 0, 0),
}
_MAX_THIGH = 10.0  # a longer thigh cannot be in meters, so the file is in centimeters


@dataclass(frozen=True)
class BvhRecording:
    """SMPL's joints in a BVH file.

    Attributes:
        name: of the recording.
        skeleton: names of the file's joints in their order; equal names are taken for the same skeleton.
        rotations: [24] Rotations of N frames, global.
        positions: [N, 24, 3] global positions, y up, meters.
        frame_time: seconds.
    """

    name: str
    skeleton: tuple[str, ...]
    rotations: list[Rotation]
    positions: np.ndarray
    frame_time: float

    def bone(self, upper: str, lower: str) -> np.ndarray:
        """[N, 3] vectors from one joint to another."""
        return self.positions[:, JOINT_NAMES.index(lower)] - self.positions[:, JOINT_NAMES.index(upper)]

    def starts_in_t_pose(self) -> bool:
        """Whether the first frame's arms point sideways and its legs down, within 15 degrees."""
        return all(
            unit_vector(self.bone(*limb)[0]) @ np.array(direction) >= np.cos(np.radians(15))
            for limb, direction in LIMBS.items()
        )


@dataclass
class _Hierarchy:
    """The joints of a file in their order; the parent of a root is -1."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[np.ndarray] = field(default_factory=list)
    channels: list[list[str]] = field(default_factory=list)


def read_bvh(name: str, text: str) -> BvhRecording:
    """Read a BVH file.

    Args:
        name: of the recording.
        text: content of the file.

    Raises:
        ValueError, IndexError: the file is damaged, or its skeleton has no joints that match SMPL's.
    """
    lines = iter(text.splitlines())
    hierarchy = _read_hierarchy(lines)
    next(lines, None)  # "Frames: N"
    frame_time = float(next(lines, "no frames").split()[-1])
    values = np.array([line.split() for line in lines if line.strip()], float)
    rotations, positions = _forward_kinematics(hierarchy, values)

    index = find_joints(hierarchy.names, hierarchy.parents)
    joints = np.stack([positions[i] for i in index], 1)
    joint_rotations = [rotations[i] for i in index]
    trunk = np.median(joints[:, JOINT_NAMES.index("head")] - joints[:, 0], 0)
    if abs(trunk[2]) > abs(trunk[1]):  # z up
        to_y_up = Rotation.from_euler("x", -90, degrees=True)
        joints = to_y_up.apply(joints.reshape(-1, 3)).reshape(joints.shape)
        joint_rotations = [to_y_up * rotation for rotation in joint_rotations]
    thigh_bone = joints[:, JOINT_NAMES.index("left_knee")] - joints[:, JOINT_NAMES.index("left_hip")]
    if np.median(np.linalg.norm(thigh_bone, axis=1)) >= _MAX_THIGH:
        joints = 0.01 * joints
    return BvhRecording(name, tuple(hierarchy.names), joint_rotations, joints, frame_time)


def _read_hierarchy(lines: Iterator[str]) -> _Hierarchy:
    """Read the lines up to and including "MOTION"."""
    hierarchy = _Hierarchy()
    open_joints: list[int] = []  # the path from the root; -1 stands for an end site
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT"):
            hierarchy.parents.append(open_joints[-1] if open_joints else -1)
            hierarchy.names.append(" ".join(words[1:]))
            open_joints.append(len(hierarchy.names) - 1)
        elif words[0] == "End":
            open_joints.append(-1)
        elif words[0] == "}":
            open_joints.pop()
        elif words[0] == "OFFSET" and open_joints[-1] >= 0:
            hierarchy.offsets.append(np.array(words[1:4], float))
        elif words[0] == "CHANNELS":
            hierarchy.channels.append(words[2:])
        elif words[0] == "MOTION":
            break
    return hierarchy


def _forward_kinematics(hierarchy: _Hierarchy, values: np.ndarray) -> tuple[list[Rotation], list[np.ndarray]]:
    """Compute each joint's global Rotations of N frames and global positions [N, 3].

    Args:
        values: [N, channels] motion, angles in degrees.
    """
    rotations: list[Rotation] = []
    positions: list[np.ndarray] = []
    column = 0
    for parent, offset, channels in zip(hierarchy.parents, hierarchy.offsets, hierarchy.channels, strict=True):
        block = values[:, column : column + len(channels)]
        column += len(channels)
        is_angle = np.array([channel.endswith("rotation") for channel in channels])
        axes = "".join(channel[0] for channel in channels if channel.endswith("rotation"))
        local = Rotation.from_euler(axes.upper(), block[:, is_angle], degrees=True)
        if parent < 0:
            shift = block[:, ~is_angle] if not is_angle.all() else np.zeros((len(values), 3))
            rotations.append(local)
            positions.append(offset + shift)
        else:
            rotations.append(rotations[parent] * local)
            positions.append(positions[parent] + rotations[parent].apply(np.tile(offset, (len(values), 1))))
    return rotations, positions


def find_joints(names: Sequence[str], parents: Sequence[int]) -> list[int]:
    """Find the joint of a skeleton that moves like each of SMPL's.

    Hands, feet and the head are identified by name, the joints above them by the hierarchy, because "LeftShoulder" is a
    collar bone in some programs and the upper arm in others.

    Args:
        names: of the skeleton's joints.
        parents: index of each joint's parent; -1 for the root.

    Returns:
        [24] indices.

    Raises:
        ValueError: there is no such hand, foot or head.
    """
    plain = [re.sub("[^a-z0-9]", "", name.split(":")[-1].lower().removeprefix("cc_base_")) for name in names]

    def find(*wanted: str) -> int | None:
        return next((plain.index(name) for name in wanted if name in plain), None)

    def end(side: str, *parts: str) -> int | None:
        return find(*(name for part in parts for name in (side + part, side[0] + part, part + side[0], part + side)))

    def above(joint: int) -> int:
        """The next joint toward the root that is not a twist joint."""
        joint = parents[joint]
        while joint > 0 and re.search("twist|roll|share", plain[joint]):
            joint = parents[joint]
        if joint < 0:
            raise ValueError("its limbs have too few joints")
        return joint

    pelvis, head = find("hips", "hip", "pelvis") or 0, find("head")
    if head is None:
        raise ValueError("it has no joint called head")
    found = {"pelvis": pelvis, "head": head}
    for side in ("left", "right"):
        hand, foot = end(side, "wrist", "hand"), end(side, "ankle", "foot")
        if hand is None or foot is None:
            raise ValueError(f"it has no joint like a {side} {'hand' if hand is None else 'foot'}")
        toe = end(side, "toebase", "toe", "toes", "ball", "foot")
        found |= {f"{side}_wrist": hand, f"{side}_hand": hand, f"{side}_ankle": foot}
        found[f"{side}_foot"] = foot if toe is None else toe
        found[f"{side}_knee"] = above(foot)
        found[f"{side}_hip"] = above(found[f"{side}_knee"])
        found[f"{side}_elbow"] = above(hand)
        found[f"{side}_shoulder"] = above(found[f"{side}_elbow"])
        found[f"{side}_collar"] = above(found[f"{side}_shoulder"])
    has_collars = found["left_collar"] != found["right_collar"]
    chest = parents[found["left_collar"]] if has_collars else found["left_collar"]
    found |= _find_trunk(parents, pelvis, chest, head)
    return [found[name] for name in JOINT_NAMES]


def _find_trunk(parents: Sequence[int], pelvis: int, chest: int, head: int) -> dict[str, int]:
    """Find the neck and SMPL's three spine joints between pelvis and head."""
    path = [head]  # from the head down to the pelvis
    while path[-1] != pelvis and parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    if chest not in path:
        raise ValueError("its arms are not attached to its spine")
    above_chest, spine = path[: path.index(chest)], path[path.index(chest) : -1][::-1] or [chest]
    found = {"neck": above_chest[-1] if above_chest else head}
    for name, index in zip(("spine1", "spine2", "spine3"), np.linspace(0, len(spine) - 1, 3), strict=True):
        found[name] = spine[int(index)]
    return found


def unit_vector(vector: np.ndarray) -> np.ndarray:
    """Scale a vector to length 1; a zero vector stays zero."""
    return vector / max(np.linalg.norm(vector), 1e-12)
