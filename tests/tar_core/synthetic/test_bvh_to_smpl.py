"""Conversion of recordings of any skeleton to SMPL's rotations."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, global_rotations, pose_skeleton
from tar_core.synthetic.bvh import LIMBS, read_bvh
from tar_core.synthetic.bvh_to_smpl import smpl_rotations
from tar_core.synthetic.recordings import load_motions
from tests.support.bvh_files import (
    LAFAN,
    MIXAMO,
    UNREAL,
    degrees_between,
    random_axes,
    random_motion,
    rest_joints,
    write_bvh,
)

UP = np.array([0, 1, 0])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    names=st.sampled_from([LAFAN, MIXAMO, UNREAL]),
    scale=st.sampled_from([1.0, 100.0, 39.4]),
    z_up=st.booleans(),
)
def test_any_axes_names_and_units(seed, names, scale, z_up):
    """The poses are recovered including twist, because the trunk is straight, as the anatomy is assumed to be."""
    rest, poses = rest_joints(), random_motion(seed)
    recording = read_bvh("made", write_bvh(names, poses, rest, random_axes(seed), scale, z_up=z_up))
    (rotations,) = smpl_rotations([recording], rest)
    world = global_rotations(axis_angle_to_matrix(poses))
    # The pelvis's up points towards the neck, some degrees from SMPL's y.
    lean = degrees_between(rest[12] - rest[0], UP)
    for joint in range(22):
        angle = np.degrees((rotations[joint].inv() * Rotation.from_matrix(world[:, joint])).magnitude())
        assert angle.max() < 1.5 * lean + 3, JOINT_NAMES[joint]


def test_limbs_keep_their_recorded_directions():
    rest, poses = rest_joints(), random_motion(3)
    recording = read_bvh("made", write_bvh(UNREAL, poses, rest, random_axes(1)))
    (rotations,) = smpl_rotations([recording], rest)
    _, joints = pose_skeleton(poses, rest)
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        assert degrees_between(rotations[a].apply(rest[b] - rest[a]), joints[:, b] - joints[:, a]).max() < 0.01


def test_recording_without_t_pose_is_converted_similarly(recorded, tmp_path):
    """A dance converted by anatomy alone, against the T-pose of another recording of the skeleton."""
    folder, _ = recorded
    (tmp_path / "005_03.bvh").write_bytes((folder / "005_03.bvh").read_bytes())
    rest = rest_joints()
    (alone,) = load_motions(tmp_path, rest_joints=rest)
    reference = next(m for m in load_motions(folder, rest_joints=rest) if m.name == "cmu/005_03")
    _, joints = pose_skeleton(alone.poses, rest)
    _, target = pose_skeleton(reference.poses, rest)
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        assert degrees_between(joints[:, b] - joints[:, a], target[:, b] - target[:, a]).max() < 0.5
    assert np.linalg.norm(joints[:, 1:22] - target[:, 1:22], axis=-1).mean() < 0.06
    difference = np.swapaxes(axis_angle_to_matrix(alone.poses), -1, -2) @ axis_angle_to_matrix(reference.poses)
    knees = Rotation.from_matrix(difference[:, JOINT_NAMES.index("left_knee")]).magnitude()
    assert np.degrees(knees).mean() < 12


def test_soles_of_stance_feet_are_level():
    """A T-pose with pointed, rolled feet; then the person stands flat, goes on tiptoe and lies down."""
    rest, poses = rest_joints(), np.zeros((200, 24, 3))
    ankles = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]
    toes = [JOINT_NAMES.index(f"{side}_foot") for side in ("left", "right")]
    poses[0, ankles] = [0.3, 0.1, 0.1]
    poses[100:150, ankles], poses[100:150, toes] = [0.7, 0, 0], [-0.7, 0, 0]
    poses[150:, 0] = [-np.pi / 2, 0, 0]
    root = np.zeros((200, 3))
    root[100:150, 1], root[150:, 1] = 0.1, -0.8
    recording = read_bvh("made", write_bvh(LAFAN, poses, rest, random_axes(2), root=root))
    (rotations,) = smpl_rotations([recording], rest)
    for joint in ankles + toes:
        assert degrees_between(rotations[joint].apply(UP)[1:100], UP).max() < 1, JOINT_NAMES[joint]
    lying = read_bvh("made", write_bvh(LAFAN, poses[[0, *range(150, 200)]], rest, random_axes(2)))
    (rotations,) = smpl_rotations([lying], rest)
    tilt = degrees_between(rotations[ankles[0]].apply(UP)[1:], np.array([0, 0, -1]))
    assert tilt.min() > 15, "without stance frames, the feet of the T-pose are kept"


def test_soles_of_a_recorded_walk_are_level(recorded):
    """Without leveling, CMU's are 16 and 20 degrees off."""
    recordings = [read_bvh(path.name, path.read_text()) for path in sorted(recorded[0].glob("*.bvh"))]
    number = 0 if len(recordings[0].positions) > 500 else 1  # CMU's dance has stance frames, the made-up walk has
    rotations = smpl_rotations(recordings, rest_joints())[number]
    positions, step = recordings[number].positions, recordings[number].frame_time
    for side in ("left", "right"):
        ankle, toes = (JOINT_NAMES.index(f"{side}_{part}") for part in ("ankle", "foot"))
        speed = np.linalg.norm(np.gradient(positions[:, [ankle, toes]], step, axis=0), axis=-1).max(1)
        stance = np.flatnonzero((speed < 0.1) & (positions[:, ankle, 1] < positions[:, [7, 8], 1].min() + 0.04))
        up = np.median(rotations[ankle][stance].apply(UP, inverse=True), 0)
        assert degrees_between(up, UP) < 5, side
