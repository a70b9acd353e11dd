"""Converts BVH recordings of any skeleton to rotations of SMPL's joints.

A BVH joint and SMPL's joint of the same name rotate together, but their axes differ by a constant rotation C:

    SMPL's global rotation = BVH joint's global rotation * C

C is computed from a recording of the same skeleton that starts in a T-pose, in which SMPL's rotations are the identity.
If there is none, C follows from the anatomy: for the pelvis from its hips and spine, for limbs from their bones and the
hinge axes of elbows and knees, for all other joints from the assumption that they are unbent on average.

T-poses give the tilt of a foot only to within 5 degrees, some to within 20. The sole of a stance foot is level, so that
its median tilt over the stance frames of a recording is subtracted from the whole recording.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from tar_core.rotations import rotation_between
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, PARENTS
from tar_core.synthetic.bvh import LIMBS, BvhRecording, unit_vector

# Upper, middle and end joint of a limb, and the axis about which the middle one bends in a T-pose.
_HINGES = {
    ("left_hip", "left_knee", "left_ankle"): (1, 0, 0),
    ("right_hip", "right_knee", "right_ankle"): (1, 0, 0),
    ("left_shoulder", "left_elbow", "left_wrist"): (0, -1, 0),
    ("right_shoulder", "right_elbow", "right_wrist"): (0, 1, 0),
}
_UP = np.array([0.0, 1, 0])
# A hinge axis is measurable if the joint's bend varies by this many radians or has this mean sine.
_MIN_VARIATION = 0.1
_MIN_BEND = 0.05
_MAX_FRAMES = 3000  # used for averages
# A stance foot: maximum speed of ankle and toes in m/s, maximum height above their lowest positions in m, minimum
# height of the pelvis above the ankle in leg lengths; and the minimum total duration of stances in seconds.
_STANCE_SPEED, _STANCE_HEIGHT, _PELVIS_HEIGHT, _STANCE_SECONDS = 0.15, 0.04, 0.7, 0.5

Directions = dict[tuple[str, str], np.ndarray]


def smpl_rotations(recordings: Sequence[BvhRecording], rest_joints: np.ndarray | None = None) -> list[list[Rotation]]:
    """Compute the global rotations of SMPL's joints.

    Args:
        recordings: all of the same skeleton.
        rest_joints: [24, 3] SMPL's joints in its T-pose. With them, limbs keep their recorded directions although the
            two T-poses differ by some degrees; without, the T-poses are assumed to be equal.

    Returns:
        For each recording, [24] Rotations of N frames.
    """
    rest_directions = {limb: np.array(direction, float) for limb, direction in LIMBS.items()}
    if rest_joints is not None:
        rest = dict(zip(JOINT_NAMES, rest_joints, strict=True))
        rest_directions = {(upper, lower): rest[lower] - rest[upper] for upper, lower in LIMBS}
    t_pose = next((recording for recording in recordings if recording.starts_in_t_pose()), None)
    if t_pose is not None:
        constant = _from_t_pose(t_pose, rest_directions if rest_joints is not None else {})
    else:
        constant = _from_anatomy(recordings, rest_directions)
    return [
        _level_soles(recording, [rotation * c for rotation, c in zip(recording.rotations, constant, strict=True)])
        for recording in recordings
    ]


def _level_soles(recording: BvhRecording, rotations: list[Rotation]) -> list[Rotation]:
    """Rotate ankles and toes by the median tilt of the soles in stance frames."""
    leveled = list(rotations)
    for side in ("left", "right"):
        stance = np.flatnonzero(_is_stance(recording, side))
        if len(stance) * recording.frame_time >= _STANCE_SECONDS:
            for joint in (JOINT_NAMES.index(f"{side}_{part}") for part in ("ankle", "foot")):
                up = np.median(rotations[joint][stance].apply(_UP, inverse=True), 0)  # in the joint's axes
                leveled[joint] = rotations[joint] * Rotation.from_matrix(rotation_between(_UP, up))
    return leveled


def _is_stance(recording: BvhRecording, side: str) -> np.ndarray:
    """[N] bool: ankle and toes are still and low, hence not on tiptoe or heel, and the pelvis is above them."""
    feet = np.stack(
        [
            [recording.positions[:, JOINT_NAMES.index(f"{each}_{part}")] for part in ("ankle", "foot")]
            for each in ("left", "right")
        ]
    )  # [2, 2, N, 3]
    lowest = np.percentile(feet[..., 1].min(0), 5, axis=1)  # of ankles and of toes
    foot = feet[0 if side == "left" else 1].swapaxes(0, 1)  # [N, 2, 3]
    speed = np.linalg.norm(np.gradient(foot, recording.frame_time, axis=0), axis=-1)
    bones = [recording.bone(f"{side}_{a}", f"{side}_{b}") for a, b in (("hip", "knee"), ("knee", "ankle"))]
    leg = np.median(np.linalg.norm(bones, axis=-1), axis=1).sum()
    pelvis_above = recording.positions[:, 0, 1] - foot[:, 0, 1] > _PELVIS_HEIGHT * leg
    stance = (speed < _STANCE_SPEED).all(1) & (foot[..., 1] < lowest + _STANCE_HEIGHT).all(1) & pelvis_above
    return np.asarray(stance)


def _from_t_pose(t_pose: BvhRecording, rest_directions: Directions) -> list[Rotation]:
    """Compute C from the first frame, corrected by the small angles between the two T-poses' limbs."""
    constant = [rotation[0].inv() for rotation in t_pose.rotations]
    for (upper, lower), direction in rest_directions.items():
        constant[JOINT_NAMES.index(upper)] *= Rotation.from_matrix(
            rotation_between(direction, t_pose.bone(upper, lower)[0])
        )
    return constant


def _from_anatomy(recordings: Sequence[BvhRecording], rest_directions: Directions) -> list[Rotation]:
    """Compute C from the relative positions of the recordings' joints."""
    step = max(1, sum(len(recording.positions) for recording in recordings) // _MAX_FRAMES)
    rotations = [Rotation.concatenate([r.rotations[joint][::step] for r in recordings]) for joint in range(NUM_JOINTS)]
    positions = np.concatenate([recording.positions[::step] for recording in recordings])

    def bone(upper: str, lower: str) -> np.ndarray:
        return positions[:, JOINT_NAMES.index(lower)] - positions[:, JOINT_NAMES.index(upper)]

    def in_axes_of(joint: str, vectors: np.ndarray) -> np.ndarray:
        """Mean of global vectors [N, 3] in a joint's axes."""
        return rotations[JOINT_NAMES.index(joint)].apply(vectors, inverse=True).mean(0)

    constant: dict[str, Rotation] = {}
    sideways = in_axes_of("pelvis", bone("right_hip", "left_hip"))
    up = in_axes_of("pelvis", bone("pelvis", "neck"))
    constant["pelvis"] = _axes(sideways, up)  # SMPL's x points left, its y up
    for (upper, middle, lower), axis in _HINGES.items():
        first, second = bone(upper, middle), bone(middle, lower)
        hinge = _hinge(rotations[JOINT_NAMES.index(upper)], rotations[JOINT_NAMES.index(middle)], first, second)
        if hinge is None:  # a stiff limb: assume that it is rotated like the pelvis
            hinge = (rotations[0] * constant["pelvis"]).apply(np.array(axis, float))
        for joint, vectors, limb in ((upper, first, (upper, middle)), (middle, second, (middle, lower))):
            bvh_axes = _axes(in_axes_of(joint, vectors), in_axes_of(joint, hinge))
            constant[joint] = bvh_axes * _axes(rest_directions[limb], np.array(axis, float)).inv()
    for number, joint in enumerate(JOINT_NAMES):
        if joint not in constant:  # unbent on average: it has its parent's rotation
            parent = rotations[PARENTS[number]] * constant[JOINT_NAMES[PARENTS[number]]]
            constant[joint] = (rotations[number].inv() * parent).mean()
    return [constant[name] for name in JOINT_NAMES]


def _hinge(upper: Rotation, middle: Rotation, first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """Find the global axis [N, 3] about which a limb bends; None if it is always straight.

    Args:
        upper, middle: global rotations of the upper bone and of the bone attached to it.
        first, second: [N, 3] the two bones.
    """
    bends = np.cross(first, second) / (np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1))[:, None]
    bent = upper.inv() * middle
    changes = (bent * bent.mean().inv()).as_rotvec()  # in the upper bone's axes
    spread = np.linalg.svd(changes - changes.mean(0), full_matrices=False)
    if spread.S[0] / np.sqrt(len(changes)) > _MIN_VARIATION:
        axis = upper.apply(spread.Vh[0])
        return axis * np.sign((axis * bends).sum())
    return bends if np.linalg.norm(bends, axis=1).mean() > _MIN_BEND else None


def _axes(first: np.ndarray, second: np.ndarray) -> Rotation:
    """The rotation that maps x to `first` and y as close to `second` as possible."""
    x = unit_vector(first)
    z = unit_vector(np.cross(x, second))
    return Rotation.from_matrix(np.stack([x, np.cross(z, x), z], 1))
