import io
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, MIRROR, pose_skeleton
from tar_core.synthetic.bvh import LIMBS, read_bvh
from tar_core.synthetic.motions import (
    Motion,
    at_speed,
    leg_length,
    load_motions,
    mirrored,
    reversed_in_time,
    with_legs,
    world_rotations,
)
from tests.support.synthetic_fixtures import FREE_BODY, SHARED


def rest_joints():
    data = np.load(FREE_BODY)
    return data["J_regressor"].astype(float) @ data["v_template"]


def random_motion(count=20, seed=0):
    random = np.random.default_rng(seed)
    steps = random.normal(size=(count, 24, 3)) * 0.05
    return Motion("random", steps.cumsum(0), random.normal(size=(count, 3)).cumsum(0) * 0.02)


def member(archive, ending):
    with tarfile.open(SHARED / "motion" / archive) as tar:
        info = next(info for info in tar if info.name.endswith(ending))
        return tar.extractfile(info).read()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two CMU files: a walk that starts in the T-pose, and a dance."""
    if not (SHARED / "motion").is_dir():
        pytest.skip("the recordings in ../shared/data/motion are not here")
    folder = tmp_path_factory.mktemp("motion")
    for name in ("007_04.bvh", "005_03.bvh"):
        (folder / name).write_bytes(member("cmu_bvh.tar.xz", name))
    return folder


def test_bvh_limbs_keep_their_recorded_directions(recorded):
    rest = rest_joints()
    motion = next(m for m in load_motions(recorded, rest_joints=rest) if m.name == "cmu/005_03")
    recording = read_bvh("", (recorded / "005_03.bvh").read_text())
    step = round(1 / 30 / recording.frame_time)
    world = world_rotations(motion.poses)
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        bone = world[:, a] @ (rest[b] - rest[a])
        truth = (recording.positions[:, b] - recording.positions[:, a])[::step][: len(bone)]
        cosine = (bone * truth).sum(1) / np.linalg.norm(bone, axis=1) / np.linalg.norm(truth, axis=1)
        # Resampling 1/0.016667 to 30 fps drifts by microseconds.
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 0.3, (upper, lower)


def test_bvh_trunk_and_feet_follow_within_the_t_poses_difference(recorded):
    rest = rest_joints()
    motion = next(m for m in load_motions(recorded, rest_joints=rest) if m.name == "cmu/005_03")
    recording = read_bvh("", (recorded / "005_03.bvh").read_text())
    _, joints = pose_skeleton(motion.poses, rest)
    for start, end, limit in (("pelvis", "neck", 12), ("left_hip", "right_hip", 12), ("left_ankle", "left_foot", 18)):
        a, b = JOINT_NAMES.index(start), JOINT_NAMES.index(end)
        bone = joints[:, b] - joints[:, a]
        truth = (recording.positions[:, b] - recording.positions[:, a])[::2][: len(bone)]
        cosine = (bone * truth).sum(1) / np.linalg.norm(bone, axis=1) / np.linalg.norm(truth, axis=1)
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean() < limit, (start, end)


def test_bvh_is_upright_metric_and_at_30_fps(recorded):
    motion = next(m for m in load_motions(recorded) if m.name == "cmu/007_04")
    assert motion.poses.shape[1:] == (24, 3)
    assert 0.7 < np.median(motion.trans[:, 1]) < 1.2  # the pelvis of a walker
    assert np.abs(np.diff(motion.trans, axis=0)).max() * motion.fps < 4  # meters per second
    up = axis_angle_to_matrix(motion.poses[:, 0])[:, 1, 1]
    assert up.min() > 0.9


def test_legs_are_as_long_in_every_pose():
    rest = rest_joints()
    assert leg_length(pose_skeleton(random_motion().poses, rest)[1]) == pytest.approx(leg_length(rest))
    assert 0.7 < leg_length(rest) < 0.9


def test_feet_stand_when_the_way_is_scaled_to_the_legs(recorded):
    """CMU's skeleton has legs a quarter longer than ours: with its steps our feet would slide."""
    rest = rest_joints()
    ankles = [JOINT_NAMES.index("left_ankle"), JOINT_NAMES.index("right_ankle")]

    def slides(motion):  # mm a frame, of the lower foot
        joints = pose_skeleton(motion.poses, rest)[1] - rest[0] + motion.trans[:, None]
        feet = joints[:, ankles]
        low = feet[1:, :, 1].argmin(1)
        moves = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
        return 1000 * np.median(np.take_along_axis(moves, low[:, None], 1))

    walk = next(m for m in load_motions(recorded, rest_joints=rest) if m.name == "cmu/007_04")
    scaled = with_legs(walk, leg_length(rest))
    assert walk.legs == pytest.approx(0.975, abs=0.01) and scaled.legs == leg_length(rest)
    assert slides(scaled) < 0.6 * slides(walk)


def test_a_way_of_unknown_legs_stays_as_it_is():
    motion = random_motion()
    assert with_legs(motion, 0.7) is motion


def test_deepmimic_walks_towards_where_it_faces(tmp_path):
    if not (SHARED / "motion").is_dir():
        pytest.skip("the recordings in ../shared/data/motion are not here")
    (tmp_path / "humanoid3d_walk.txt").write_bytes(member("deepmimic_txt.tar.xz", "humanoid3d_walk.txt"))
    (motion,) = load_motions(tmp_path)
    assert motion.name == "deepmimic/walk"
    travel = motion.trans[-1] - motion.trans[0]
    facing = axis_angle_to_matrix(motion.poses[:, 0])[:, :, 2].mean(0)
    assert travel @ facing > 0.9 * np.linalg.norm(travel)
    joints = pose_skeleton(motion.poses, rest_joints())[1] + 0
    assert (joints[:, JOINT_NAMES.index("left_wrist"), 1] < joints[:, JOINT_NAMES.index("neck"), 1]).all()
    knees = motion.poses[:, [JOINT_NAMES.index("left_knee"), JOINT_NAMES.index("right_knee")]]
    assert knees[..., 0].max() > 0.5  # knees bend backwards: about +x


@pytest.mark.parametrize(("numbers", "rate"), [(156, "mocap_framerate"), (165, "mocap_frame_rate")])
def test_amass_turns_y_up(tmp_path, numbers, rate):
    """The keys of AMASS's SMPL-H and SMPL-X editions."""
    poses = np.zeros((40, numbers))
    poses[:, 0] = np.pi / 2  # upright in a z-up world
    trans = np.tile([1.0, 2.0, 3.0], (40, 1))
    np.savez(tmp_path / "a.npz", poses=poses, trans=trans, betas=np.zeros(16), gender="male", **{rate: 60.0})
    (motion,) = load_motions(tmp_path)
    np.testing.assert_allclose(axis_angle_to_matrix(motion.poses[0, 0]), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(motion.trans[0], [1, 3, -2], atol=1e-9)
    assert len(motion) == 20


def test_mirror_moves_the_other_side():
    motion = random_motion()
    rest = rest_joints()
    rest = (rest + rest[list(MIRROR)] * [-1, 1, 1]) / 2  # a symmetric skeleton
    _, joints = pose_skeleton(motion.poses, rest)
    _, other = pose_skeleton(mirrored(motion).poses, rest)
    np.testing.assert_allclose(other, joints[:, list(MIRROR)] * [-1, 1, 1], atol=1e-9)
    np.testing.assert_allclose(mirrored(mirrored(motion)).poses, motion.poses)


def test_time_runs_backwards():
    motion = random_motion()
    np.testing.assert_array_equal(reversed_in_time(motion).poses, motion.poses[::-1])
    np.testing.assert_array_equal(reversed_in_time(motion).trans, motion.trans[::-1])


@given(st.floats(0.3, 3.0))
def test_speed_passes_through_the_recorded_poses(speed):
    motion = random_motion()
    faster = at_speed(motion, speed)
    assert len(faster) == int((len(motion) - 1) / speed + 1e-6) + 1
    recorded = axis_angle_to_matrix(motion.poses)
    for frame in range(len(faster)):
        if abs(frame * speed - round(frame * speed)) < 1e-9:
            np.testing.assert_allclose(
                axis_angle_to_matrix(faster.poses[frame]), recorded[round(frame * speed)], atol=1e-6
            )
    assert np.abs(faster.trans).max() <= np.abs(motion.trans).max() + 1e-9


def test_archives_equal_folders(recorded, tmp_path):
    archive = tmp_path / "motion.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(recorded, arcname="motion")
    for packed, loose in zip(load_motions(archive), load_motions(recorded), strict=True):
        assert packed.name == loose.name
        np.testing.assert_array_equal(packed.poses, loose.poses)


def test_bad_input_is_named(recorded, tmp_path):
    with pytest.raises(TarError, match="does not exist"):
        load_motions(tmp_path / "nowhere")
    with pytest.raises(TarError, match="no motion in"):
        load_motions(tmp_path)
    (tmp_path / "broken.npz").write_bytes(io.BytesIO(b"no archive").getvalue())
    with pytest.raises(TarError, match="broken.npz"):
        load_motions(tmp_path)
    (tmp_path / "broken.npz").unlink()
    (tmp_path / "cut.bvh").write_text((recorded / "005_03.bvh").read_text()[:3000])
    with pytest.raises(TarError, match="cut.bvh"):
        load_motions(tmp_path)
