"""Any skeleton's recordings: joints found by name and hierarchy, limbs where they were recorded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tar_core.body.data import load_body
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, PARENTS, pose_skeleton
from tar_core.synthetic.bvh import LIMBS, find_joints, read_bvh, smpl_turns
from tar_core.synthetic.motions import load_motions, world_rotations
from tests.tar_core.synthetic.test_motions import member, recorded, rest_joints

__all__ = ["recorded"]  # the fixture

# What programs call SMPL's joints, in SMPL's order; none has a joint for SMPL's hands.
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


def body_rest():
    data = load_body()
    return data.J_regressor @ data.v_template


def made_motion(seed, frames=40):
    """Poses [N, 24, 3] of somebody who bends elbows and knees the way people do, and keeps the trunk straight."""
    random = np.random.default_rng(seed)
    poses = np.zeros((frames, 24, 3))
    wave = np.sin(np.linspace(0, 6, frames)[:, None] + random.uniform(0, 6, 24))
    for side, sign in (("left", -1), ("right", 1)):
        poses[:, JOINT_NAMES.index(f"{side}_elbow"), 1] = sign * (0.8 + 0.6 * wave[:, 0])
        poses[:, JOINT_NAMES.index(f"{side}_knee"), 0] = 0.7 + 0.6 * wave[:, 1]
        for part, size in (("hip", 0.5), ("shoulder", 0.6)):
            joint = JOINT_NAMES.index(f"{side}_{part}")
            poses[:, joint] = size * wave[:, joint, None] * random.normal(size=3)
    poses[:, 0] = np.outer(np.linspace(0, 2, frames), [0, 1, 0])
    return poses


def write_bvh(names, poses, rest, axes, scale=100.0, order="ZXY", z_up=False, root=(0, 0, 0)):
    """A BVH of SMPL poses in which joint j's axes are turned by axes[j] from SMPL's."""
    joints = [joint for joint, name in enumerate(JOINT_NAMES) if name not in HANDS]
    called = dict(zip(joints, names.split(), strict=True))
    world = world_rotations(poses)
    turns = {j: Rotation.from_matrix(world[:, j]) * axes[j] for j in joints}
    positions = pose_skeleton(poses, rest)[1] + np.reshape(root, (-1, 1, 3))
    if z_up:
        stand = Rotation.from_euler("x", 90, degrees=True)
        turns = {j: stand * turn for j, turn in turns.items()}
        positions = stand.apply(positions.reshape(-1, 3)).reshape(positions.shape)
    lines, in_order = ["HIERARCHY"], []

    def add(joint, depth):
        in_order.append(joint)
        parent = PARENTS[joint]
        offset = scale * axes[parent].inv().apply(rest[joint] - rest[parent]) if depth else np.zeros(3)
        lines.append(f"{'JOINT' if depth else 'ROOT'} {called[joint]}")
        lines.append("{")
        lines.append("OFFSET " + " ".join(f"{value:.8f}" for value in offset))
        turning = " ".join(f"{axis}rotation" for axis in order)
        lines.append(f"CHANNELS 3 {turning}" if depth else f"CHANNELS 6 Xposition Yposition Zposition {turning}")
        children = [child for child in joints if child and PARENTS[child] == joint]
        for child in children:
            add(child, depth + 1)
        if not children:
            lines.extend(["End Site", "{", "OFFSET 1 0 0", "}"])
        lines.append("}")

    add(0, 0)
    columns = [scale * positions[:, 0]]
    for joint in in_order:
        local = turns[joint] if joint == 0 else turns[PARENTS[joint]].inv() * turns[joint]
        columns.append(local.as_euler(order, degrees=True))
    lines += ["MOTION", f"Frames: {len(poses)}", "Frame Time: 0.033333333"]
    lines += [" ".join(f"{value:.8f}" for value in row) for row in np.concatenate(columns, 1)]
    return "\n".join(lines)


def random_axes(seed):
    return list(Rotation.random(24, np.random.default_rng(seed)))


def degrees_between(a, b):
    cosine = (a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    names=st.sampled_from([LAFAN, MIXAMO, UNREAL]),
    scale=st.sampled_from([1.0, 100.0, 39.4]),
    z_up=st.booleans(),
)
def test_any_axes_any_names_any_unit(seed, names, scale, z_up):
    """The poses come back whole, twist included, where the trunk is straight as the anatomy takes it to be."""
    rest, poses = body_rest(), made_motion(seed)
    recording = read_bvh("made", write_bvh(names, poses, rest, random_axes(seed), scale, z_up=z_up))
    (turns,) = smpl_turns([recording], rest)
    world = world_rotations(poses)
    # The pelvis's up is towards the neck, some degrees from SMPL's y.
    lean = degrees_between(rest[12] - rest[0], np.array([0, 1, 0]))
    for joint in range(22):
        angle = np.degrees((turns[joint].inv() * Rotation.from_matrix(world[:, joint])).magnitude())
        assert angle.max() < 1.5 * lean + 3, JOINT_NAMES[joint]


def test_limbs_point_where_they_were_recorded():
    rest, poses = body_rest(), made_motion(3)
    recording = read_bvh("made", write_bvh(UNREAL, poses, rest, random_axes(1)))
    (turns,) = smpl_turns([recording], rest)
    _, joints = pose_skeleton(poses, rest)
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        assert degrees_between(turns[a].apply(rest[b] - rest[a]), joints[:, b] - joints[:, a]).max() < 0.01


def test_without_its_t_pose_a_recording_reads_much_the_same(recorded, tmp_path):
    """CMU's dance by its anatomy alone, against the same by the T-pose of another recording."""
    (tmp_path / "005_03.bvh").write_bytes(member("cmu_bvh.tar.xz", "005_03.bvh"))
    rest = rest_joints()
    (alone,) = load_motions(tmp_path, rest_joints=rest)
    reference = next(m for m in load_motions(recorded, rest_joints=rest) if m.name == "cmu/005_03")
    _, joints = pose_skeleton(alone.poses, rest)
    _, target = pose_skeleton(reference.poses, rest)
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        assert degrees_between(joints[:, b] - joints[:, a], target[:, b] - target[:, a]).max() < 0.5
    assert np.linalg.norm(joints[:, 1:22] - target[:, 1:22], axis=-1).mean() < 0.06
    turned = np.swapaxes(axis_angle_to_matrix(alone.poses), -1, -2) @ axis_angle_to_matrix(reference.poses)
    knees = Rotation.from_matrix(turned[:, JOINT_NAMES.index("left_knee")]).magnitude()
    assert np.degrees(knees).mean() < 12


def test_soles_that_stand_are_level():
    """A T-pose with pointed, rolled feet; then somebody who stands flat, goes on tiptoe for a while, and lies down."""
    rest, poses = body_rest(), np.zeros((200, 24, 3))
    ankles = [JOINT_NAMES.index(f"{side}_ankle") for side in ("left", "right")]
    toes = [JOINT_NAMES.index(f"{side}_foot") for side in ("left", "right")]
    poses[0, ankles] = [0.3, 0.1, 0.1]
    poses[100:150, ankles], poses[100:150, toes] = [0.7, 0, 0], [-0.7, 0, 0]
    poses[150:, 0] = [-np.pi / 2, 0, 0]
    root = np.zeros((200, 3))
    root[100:150, 1], root[150:, 1] = 0.1, -0.8
    made = read_bvh("made", write_bvh(LAFAN, poses, rest, random_axes(2), root=root))
    (turns,) = smpl_turns([made], rest)
    for joint in ankles + toes:
        up = turns[joint].apply([0, 1, 0])
        assert degrees_between(up[1:100], np.array([0, 1, 0])).max() < 1, JOINT_NAMES[joint]
    (lying,) = smpl_turns(
        [read_bvh("made", write_bvh(LAFAN, poses[[0, *range(150, 200)]], rest, random_axes(2)))], rest
    )
    off = degrees_between(lying[ankles[0]].apply([0, 1, 0])[1:], np.array([0, 0, -1]))
    assert off.min() > 15, "nobody stands: the T-pose's feet remain"


def test_soles_of_a_real_dance_are_level(recorded):
    """By the T-pose of a walk they were 16 and 20 degrees off."""
    rest = rest_joints()
    recordings = [read_bvh(path.name, path.read_text()) for path in sorted(recorded.glob("*.bvh"))]
    turns = smpl_turns(recordings, rest)[0]
    step = recordings[0].frame_time
    places = recordings[0].positions
    for side in ("left", "right"):
        ankle, toes = (JOINT_NAMES.index(f"{side}_{part}") for part in ("ankle", "foot"))
        speed = np.linalg.norm(np.gradient(places[:, [ankle, toes]], step, axis=0), axis=-1).max(1)
        stands = np.flatnonzero((speed < 0.1) & (places[:, ankle, 1] < places[:, [7, 8], 1].min() + 0.04))
        up = np.median(turns[ankle][stands].apply([0, 1, 0], inverse=True), 0)
        assert degrees_between(up, np.array([0, 1, 0])) < 5, side


@pytest.mark.parametrize(
    ("names", "parents", "expected"),
    [
        (  # no collars, a twist joint in the arm, one spine, no toes
            "Hips Chest Head LeftArm LeftArmTwist LeftForeArm LeftHand RightArm RightForeArm RightHand LeftUpLeg "
            "LeftLeg LeftFoot RightUpLeg RightLeg RightFoot",
            [-1, 0, 1, 1, 3, 4, 5, 1, 7, 8, 0, 10, 11, 0, 13, 14],
            {"left_collar": "Chest", "left_shoulder": "LeftArm", "left_elbow": "LeftForeArm", "spine1": "Chest",
             "spine3": "Chest", "neck": "Head", "right_foot": "RightFoot", "left_hand": "LeftHand"},
        ),
        (  # "LeftShoulder" is the upper arm here
            "Hips Spine Neck Head LeftCollar LeftShoulder LeftElbow LeftWrist RightCollar RightShoulder RightElbow "
            "RightWrist LeftHip LeftKnee LeftAnkle LeftToe RightHip RightKnee RightAnkle RightToe",
            [-1, 0, 1, 2, 1, 4, 5, 6, 1, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18],
            {"left_collar": "LeftCollar", "left_shoulder": "LeftShoulder", "left_wrist": "LeftWrist",
             "left_hip": "LeftHip", "right_ankle": "RightAnkle", "left_foot": "LeftToe", "spine2": "Spine"},
        ),
    ],
)  # fmt: skip
def test_joints_are_found_by_name_and_place(names, parents, expected):
    names = names.split()
    found = {joint: names[index] for joint, index in zip(JOINT_NAMES, find_joints(names, parents), strict=True)}
    assert expected.items() <= found.items()


def test_a_fish_is_refused():
    with pytest.raises(ValueError, match="left hand"):
        find_joints(["Root", "Spine", "Head", "Tail"], [-1, 0, 1, 0])
