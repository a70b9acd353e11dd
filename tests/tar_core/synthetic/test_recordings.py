"""Loading recordings of every format."""

import tarfile

import numpy as np
import pytest

from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tar_core.skeleton import JOINT_NAMES, global_rotations, pose_skeleton
from tar_core.synthetic.bvh import LIMBS, read_bvh
from tar_core.synthetic.recordings import load_motions
from tests.support.bvh_files import rest_joints


def load_dance(folder):
    """The dance as a motion, and as recorded."""
    motion = next(m for m in load_motions(folder, rest_joints=rest_joints()) if m.name == "cmu/005_03")
    return motion, read_bvh("", (folder / "005_03.bvh").read_text())


def test_bvh_limbs_keep_their_recorded_directions(recorded):
    rest = rest_joints()
    motion, recording = load_dance(recorded[0])
    step = round(1 / 30 / recording.frame_time)
    world = global_rotations(axis_angle_to_matrix(motion.poses))
    for upper, lower in LIMBS:
        a, b = JOINT_NAMES.index(upper), JOINT_NAMES.index(lower)
        bone = world[:, a] @ (rest[b] - rest[a])
        truth = (recording.positions[:, b] - recording.positions[:, a])[::step][: len(bone)]
        cosine = (bone * truth).sum(1) / np.linalg.norm(bone, axis=1) / np.linalg.norm(truth, axis=1)
        # Resampling from 1/0.016667 fps to 30 fps drifts by microseconds.
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 0.3, (upper, lower)


def test_bvh_trunk_and_feet_are_close_to_their_recorded_directions(recorded):
    """The limits are the differences between the two T-poses."""
    motion, recording = load_dance(recorded[0])
    _, joints = pose_skeleton(motion.poses, rest_joints())
    for start, end, limit in (("pelvis", "neck", 12), ("left_hip", "right_hip", 12), ("left_ankle", "left_foot", 18)):
        a, b = JOINT_NAMES.index(start), JOINT_NAMES.index(end)
        bone = joints[:, b] - joints[:, a]
        truth = (recording.positions[:, b] - recording.positions[:, a])[::2][: len(bone)]
        cosine = (bone * truth).sum(1) / np.linalg.norm(bone, axis=1) / np.linalg.norm(truth, axis=1)
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean() < limit, (start, end)


def test_bvh_is_upright_in_meters_and_at_30_fps(recorded):
    motion = next(m for m in load_motions(recorded[0]) if m.name == "cmu/007_04")
    assert motion.poses.shape[1:] == (24, 3)
    assert 0.7 < np.median(motion.trans[:, 1]) < 1.2  # the pelvis of a walking person
    assert np.abs(np.diff(motion.trans, axis=0)).max() * motion.fps < 4  # meters per second
    up = axis_angle_to_matrix(motion.poses[:, 0])[:, 1, 1]
    assert up.min() > 0.9


def test_deepmimic_walk_moves_in_facing_direction(deepmimic_walk):
    (motion,) = load_motions(deepmimic_walk)
    assert motion.name == "deepmimic/walk"
    travel = motion.trans[-1] - motion.trans[0]
    facing = axis_angle_to_matrix(motion.poses[:, 0])[:, :, 2].mean(0)
    assert travel @ facing > 0.9 * np.linalg.norm(travel)
    joints = pose_skeleton(motion.poses, rest_joints())[1]
    assert (joints[:, JOINT_NAMES.index("left_wrist"), 1] < joints[:, JOINT_NAMES.index("neck"), 1]).all()
    knees = motion.poses[:, [JOINT_NAMES.index("left_knee"), JOINT_NAMES.index("right_knee")]]
    assert knees[..., 0].max() > 0.5  # knees bend backward: about +x


@pytest.mark.parametrize(("numbers", "rate"), [(156, "mocap_framerate"), (165, "mocap_frame_rate")])
def test_amass_is_converted_to_y_up(tmp_path, numbers, rate):
    """The keys of AMASS's SMPL-H and SMPL-X editions."""
    poses = np.zeros((40, numbers))
    poses[:, 0] = np.pi / 2  # upright in a z-up world
    trans = np.tile([1.0, 2.0, 3.0], (40, 1))
    np.savez(tmp_path / "a.npz", poses=poses, trans=trans, betas=np.zeros(16), gender="male", **{rate: 60.0})
    (motion,) = load_motions(tmp_path)
    np.testing.assert_allclose(axis_angle_to_matrix(motion.poses[0, 0]), np.eye(3), atol=1e-9)
    np.testing.assert_allclose(motion.trans[0], [1, 3, -2], atol=1e-9)
    assert len(motion) == 20


def test_archive_equals_folder(recorded, tmp_path):
    archive = tmp_path / "motion.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(recorded[0], arcname="motion")
    for packed, loose in zip(load_motions(archive), load_motions(recorded[0]), strict=True):
        assert packed.name == loose.name
        np.testing.assert_array_equal(packed.poses, loose.poses)


def test_unusable_files_are_reported(recorded, tmp_path):
    with pytest.raises(TarError, match="nowhere: no such file or folder"):
        load_motions(tmp_path / "nowhere")
    with pytest.raises(TarError, match="no motion"):
        load_motions(tmp_path)
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    with pytest.raises(TarError, match="broken.npz"):
        load_motions(tmp_path)
    (tmp_path / "broken.npz").unlink()
    (tmp_path / "cut.bvh").write_text((recorded[0] / "005_03.bvh").read_text()[:3000])
    with pytest.raises(TarError, match="cut.bvh"):
        load_motions(tmp_path)
    (tmp_path / "cut.bvh").unlink()
    (tmp_path / "notes.pdf").write_bytes(b"no archive")
    with pytest.raises(TarError, match="neither a folder"):
        load_motions(tmp_path / "notes.pdf")
