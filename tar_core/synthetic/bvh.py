"""Recordings in BVH files as SMPL turns, whatever their skeleton is called: CMU's, LaFAN's, ACCAD's, Mixamo's ...

A BVH joint and SMPL's joint of the same name turn together, but their axes differ by a constant turn C:

    SMPL's turn in the world = BVH joint's turn in the world * C

C is read off a recording of the same skeleton that starts in a T-pose, where SMPL's turns are the identity. Without one
it follows from the anatomy: the pelvis by its hips and spine, limbs by their bones and the axes about which elbows and
knees bend, all other joints by being unbent on average.

How level a foot is, recorders and their T-poses tell only to 5 degrees, some to 20. A sole that stands is level; what
it is off by in the middle of a recording is taken out of the whole of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.rotations import rotation_between
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, PARENTS

# Limb bones (upper joint, lower joint), whose recorded directions are kept, and where they point in a T-pose.
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
# Upper, middle and end joint of a limb, and the axis about which the middle one bends in a T-pose.
_HINGES = {
    ("left_hip", "left_knee", "left_ankle"): (1, 0, 0),
    ("right_hip", "right_knee", "right_ankle"): (1, 0, 0),
    ("left_shoulder", "left_elbow", "left_wrist"): (0, -1, 0),
    ("right_shoulder", "right_elbow", "right_wrist"): (0, 1, 0),
}
_UP = np.array([0.0, 1, 0])
_MOVING = 0.1  # radians by which a joint must bend to and fro for its axis to be seen ...
_BENT = 0.05  # ... or the mean sine of its bend
_MOST_FRAMES = 3000  # looked at for the averages
_CENTIMETERS = 10.0  # longer legs cannot be meters
# Who stands flat: the speed of ankle and toes in m/s, their meters above where they are lowest, the pelvis's height
# above the ankle in legs, and for how many seconds at least.
_STILL, _LOW, _ABOVE, _SHORTEST = 0.15, 0.04, 0.7, 0.5

Directions = dict[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class BvhRecording:
    """What a BVH file says about SMPL's joints.

    Attributes:
        name: of the recording.
        skeleton: names of the file's joints in their order; equal names are taken for the same skeleton.
        turns: [24] Rotations of N, in the world.
        positions: [N, 24, 3] in the world, y up, meters.
        frame_time: seconds.
    """

    name: str
    skeleton: tuple[str, ...]
    turns: list[Rotation]
    positions: np.ndarray
    frame_time: float

    def bone(self, upper: str, lower: str) -> np.ndarray:
        """[N, 3] from one joint to another."""
        return self.positions[:, JOINT_NAMES.index(lower)] - self.positions[:, JOINT_NAMES.index(upper)]

    def starts_in_t_pose(self) -> bool:
        """Whether the first frame's arms point sideways and its legs down, within 15 degrees."""
        return all(
            _unit(self.bone(*limb)[0]) @ np.array(direction) >= np.cos(np.radians(15))
            for limb, direction in LIMBS.items()
        )


def read_bvh(name: str, text: str) -> BvhRecording:
    """Raises ValueError or IndexError: the file is broken, or its skeleton has no joints like SMPL's."""
    lines = iter(text.splitlines())
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []
    channels: list[list[str]] = []
    open_joints: list[int] = []  # the path from the root; -1 stands for an end site
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT"):
            parents.append(open_joints[-1] if open_joints else -1)
            names.append(" ".join(words[1:]))
            open_joints.append(len(names) - 1)
        elif words[0] == "End":
            open_joints.append(-1)
        elif words[0] == "}":
            open_joints.pop()
        elif words[0] == "OFFSET" and open_joints[-1] >= 0:
            offsets.append(np.array(words[1:4], float))
        elif words[0] == "CHANNELS":
            channels.append(words[2:])
        elif words[0] == "MOTION":
            break
    next(lines, None)  # "Frames: N"
    frame_time = float(next(lines, "no frames").split()[-1])
    values = np.array([line.split() for line in lines if line.strip()], float)

    turns: list[Rotation] = []
    positions: list[np.ndarray] = []
    column = 0
    for parent, offset, joint_channels in zip(parents, offsets, channels, strict=True):
        block = values[:, column : column + len(joint_channels)]
        column += len(joint_channels)
        is_turn = np.array([channel.endswith("rotation") for channel in joint_channels])
        axes = "".join(channel[0] for channel in joint_channels if channel.endswith("rotation"))
        local = Rotation.from_euler(axes.upper(), block[:, is_turn], degrees=True)
        shift = block[:, ~is_turn] if parent < 0 and not is_turn.all() else np.zeros((len(values), 3))
        if parent < 0:
            turns.append(local)
            positions.append(offset + shift)
        else:
            turns.append(turns[parent] * local)
            positions.append(positions[parent] + turns[parent].apply(np.tile(offset, (len(values), 1))))
    index = find_joints(names, parents)
    joints = np.stack([positions[i] for i in index], 1)
    joint_turns = [turns[i] for i in index]
    trunk = np.median(joints[:, JOINT_NAMES.index("head")] - joints[:, 0], 0)
    if abs(trunk[2]) > abs(trunk[1]):  # z up
        to_y_up = Rotation.from_euler("x", -90, degrees=True)
        joints = to_y_up.apply(joints.reshape(-1, 3)).reshape(joints.shape)
        joint_turns = [to_y_up * turn for turn in joint_turns]
    recording = BvhRecording(name, tuple(names), joint_turns, joints, frame_time)
    leg = np.median(np.linalg.norm(recording.bone("left_hip", "left_knee"), axis=1))
    return recording if leg < _CENTIMETERS else BvhRecording(name, tuple(names), joint_turns, 0.01 * joints, frame_time)


def find_joints(names: Sequence[str], parents: Sequence[int]) -> list[int]:
    """[24] the joint of a skeleton that moves like each of SMPL's.

    Hands, feet and head are known by their names, what leads to them by the hierarchy: a "LeftShoulder" is a collar
    bone to one program and the upper arm to the next.

    Raises:
        ValueError: there is no such hand, foot or head.
    """
    plain = [re.sub("[^a-z0-9]", "", name.split(":")[-1].lower().removeprefix("cc_base_")) for name in names]

    def find(*wanted: str) -> int | None:
        return next((plain.index(name) for name in wanted if name in plain), None)

    def end(side: str, *parts: str) -> int | None:
        return find(*(name for part in parts for name in (side + part, side[0] + part, part + side[0], part + side)))

    def above(joint: int) -> int:
        """The next joint towards the root that isn't there for a twist alone."""
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

    path = [head]  # from the head down to the pelvis
    while path[-1] != pelvis and parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    has_collars = found["left_collar"] != found["right_collar"]
    chest = parents[found["left_collar"]] if has_collars else found["left_collar"]
    if chest not in path:
        raise ValueError("its arms don't hang on its spine")
    above_chest, spine = path[: path.index(chest)], path[path.index(chest) : -1][::-1] or [chest]
    found["neck"] = above_chest[-1] if above_chest else head
    for name, place in zip(("spine1", "spine2", "spine3"), np.linspace(0, len(spine) - 1, 3), strict=True):
        found[name] = spine[int(place)]
    return [found[name] for name in JOINT_NAMES]


def smpl_turns(recordings: Sequence[BvhRecording], rest_joints: np.ndarray | None = None) -> list[list[Rotation]]:
    """The turns of SMPL's joints in the world, for each recording [24] Rotations of N.

    Args:
        recordings: of ONE skeleton.
        rest_joints: [24, 3] SMPL's joints in its T-pose. With them, limbs keep their recorded directions although two
            T-poses differ by some degrees; without, T-poses are taken to be equal.
    """
    at_rest = {limb: np.array(direction, float) for limb, direction in LIMBS.items()}
    if rest_joints is not None:
        at_rest = {(a, b): rest_joints[JOINT_NAMES.index(b)] - rest_joints[JOINT_NAMES.index(a)] for a, b in LIMBS}
    t_pose = next((recording for recording in recordings if recording.starts_in_t_pose()), None)
    if t_pose is not None:
        constant = _from_t_pose(t_pose, at_rest if rest_joints is not None else {})
    else:
        constant = _from_anatomy(recordings, at_rest)
    return [
        _level_soles(recording, [turn * c for turn, c in zip(recording.turns, constant, strict=True)])
        for recording in recordings
    ]


def _level_soles(recording: BvhRecording, turns: list[Rotation]) -> list[Rotation]:
    """SMPL's turns, ankles and toes turned by what they are off level in the middle of all frames that stand flat."""
    levelled = list(turns)
    for side in ("left", "right"):
        flat = np.flatnonzero(_stands_flat(recording, side))
        if len(flat) * recording.frame_time >= _SHORTEST:
            for joint in (JOINT_NAMES.index(f"{side}_{part}") for part in ("ankle", "foot")):
                up = np.median(turns[joint][flat].apply(_UP, inverse=True), 0)  # in the joint's own axes
                levelled[joint] = turns[joint] * Rotation.from_matrix(rotation_between(_UP, up))
    return levelled


def _stands_flat(recording: BvhRecording, side: str) -> np.ndarray:
    """[N] bool: ankle and toes are still and low, so on neither tiptoe nor heel, and the body is above them."""
    feet = np.stack(
        [
            [recording.positions[:, JOINT_NAMES.index(f"{each}_{part}")] for part in ("ankle", "foot")]
            for each in ("left", "right")
        ]
    )  # [2, 2, N, 3]
    lowest = np.percentile(feet[..., 1].min(0), 5, axis=1)  # of ankles and of toes
    own = feet[0 if side == "left" else 1].swapaxes(0, 1)  # [N, 2, 3]
    speed = np.linalg.norm(np.gradient(own, recording.frame_time, axis=0), axis=-1)
    bones = [recording.bone(f"{side}_{a}", f"{side}_{b}") for a, b in (("hip", "knee"), ("knee", "ankle"))]
    leg = np.median(np.linalg.norm(bones, axis=-1), axis=1).sum()
    above = recording.positions[:, 0, 1] - own[:, 0, 1] > _ABOVE * leg
    flat = (speed < _STILL).all(1) & (own[..., 1] < lowest + _LOW).all(1) & above
    return np.asarray(flat)


def _from_t_pose(t_pose: BvhRecording, at_rest: Directions) -> list[Rotation]:
    """C from the first frame, but for the small angle between the two T-poses' limbs."""
    constant = [turn[0].inv() for turn in t_pose.turns]
    for (upper, lower), direction in at_rest.items():
        constant[JOINT_NAMES.index(upper)] *= Rotation.from_matrix(
            rotation_between(direction, t_pose.bone(upper, lower)[0])
        )
    return constant


def _from_anatomy(recordings: Sequence[BvhRecording], at_rest: Directions) -> list[Rotation]:
    """C from how the recordings' joints lie to one another."""
    every = max(1, sum(len(recording.positions) for recording in recordings) // _MOST_FRAMES)
    turns = [Rotation.concatenate([r.turns[joint][::every] for r in recordings]) for joint in range(NUM_JOINTS)]
    positions = np.concatenate([recording.positions[::every] for recording in recordings])

    def bone(upper: str, lower: str) -> np.ndarray:
        return positions[:, JOINT_NAMES.index(lower)] - positions[:, JOINT_NAMES.index(upper)]

    def own(joint: str, vectors: np.ndarray) -> np.ndarray:
        """Mean of world vectors [N, 3] in a joint's own axes."""
        return turns[JOINT_NAMES.index(joint)].apply(vectors, inverse=True).mean(0)

    constant: dict[str, Rotation] = {}
    sideways, up = own("pelvis", bone("right_hip", "left_hip")), own("pelvis", bone("pelvis", "neck"))
    constant["pelvis"] = _axes(sideways, up)  # SMPL's left is x, its up is y
    for (upper, middle, lower), axis in _HINGES.items():
        first, second = bone(upper, middle), bone(middle, lower)
        hinge = _hinge(turns[JOINT_NAMES.index(upper)], turns[JOINT_NAMES.index(middle)], first, second)
        if hinge is None:  # a stiff limb: take it to be turned like the pelvis
            hinge = (turns[0] * constant["pelvis"]).apply(np.array(axis, float))
        for joint, vectors, limb in ((upper, first, (upper, middle)), (middle, second, (middle, lower))):
            here, there = _axes(own(joint, vectors), own(joint, hinge)), _axes(at_rest[limb], np.array(axis, float))
            constant[joint] = here * there.inv()
    for number, joint in enumerate(JOINT_NAMES):
        if joint not in constant:  # unbent on average: its turn is its parent's
            parent = turns[PARENTS[number]] * constant[JOINT_NAMES[PARENTS[number]]]
            constant[joint] = (turns[number].inv() * parent).mean()
    return [constant[name] for name in JOINT_NAMES]


def _hinge(upper: Rotation, middle: Rotation, first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """[N, 3] the axis in the world about which a limb bends; None if it is always straight.

    Args:
        upper, middle: turns of the upper bone and of the one that hangs on it; first, second: [N, 3] the bones.
    """
    bends = np.cross(first, second) / (np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1))[:, None]
    bent = upper.inv() * middle
    changes = (bent * bent.mean().inv()).as_rotvec()  # in the upper bone's axes
    spread = np.linalg.svd(changes - changes.mean(0), full_matrices=False)
    if spread.S[0] / np.sqrt(len(changes)) > _MOVING:
        axis = upper.apply(spread.Vh[0])
        return axis * np.sign((axis * bends).sum())
    return bends if np.linalg.norm(bends, axis=1).mean() > _BENT else None


def _axes(first: np.ndarray, second: np.ndarray) -> Rotation:
    """The turn that brings x to `first` and y as near to `second` as it goes."""
    x = _unit(first)
    z = _unit(np.cross(x, second))
    return Rotation.from_matrix(np.stack([x, np.cross(z, x), z], 1))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(np.linalg.norm(vector), 1e-12)
