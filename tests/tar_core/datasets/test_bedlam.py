"""BEDLAM's SMPL labels."""

import numpy as np
import pytest

from tar_core.body.shape import rest_joints
from tar_core.datasets.bedlam import sequences
from tar_core.errors import TarError
from tests.support.made_up_datasets import FREE, camera_orient, joints_of, walker

SCENE = "20221010_3_1000_batch01hand_6fps"


@pytest.fixture
def root(tmp_path):
    person = walker(5, moving_camera=False)
    poses = person.poses.copy()
    poses[:, 0] = camera_orient(person)
    pelvis = rest_joints(FREE, person.betas)[0]
    trans = person.camera_joints()[:, 0] - pelvis
    extrinsics = np.tile(np.eye(4), (5, 1, 1))
    extrinsics[:, :3, 3] = [0.2, -0.1, 0.4]
    names = [f"seq_000007/seq_000007_{5 * k:04d}.png" for k in range(5)]
    two = {  # two people in the same images, in reverse order
        "imgname": np.array([name for name in names for _ in range(2)])[::-1],
        "sub": np.array(["rp_aaron_posed_002_1038", "rp_emma_posed_010_1000"] * 5)[::-1],
        "pose_cam": np.repeat(poses.reshape(5, 72), 2, 0)[::-1],
        "shape": np.repeat(np.append(person.betas, 0.0)[None], 10, 0),
        "trans_cam": np.repeat(trans - extrinsics[:, :3, 3], 2, 0)[::-1],
        "cam_ext": np.repeat(extrinsics, 2, 0),
        "cam_int": np.tile(np.array([[1000.0, 0, 640], [0, 1000, 360], [0, 0, 1]]), (10, 1, 1)),
        "center": np.zeros((10, 2)),
        "scale": np.ones(10),
        "gender": np.array(["neutral"] * 10),
    }
    folder = tmp_path / "all_npz_12_smpl_training"
    folder.mkdir()
    np.savez(folder / f"{SCENE}.npz", **two)
    (tmp_path / "training_images").mkdir()
    return tmp_path, person


def test_people_are_separated_and_sorted(root):
    folder, person = root
    read = list(sequences(folder, "training"))
    assert len(read) == 2 and {len(sequence) for sequence in read} == {5}
    assert {sequence.name for sequence in read} == {
        f"{SCENE}_seq_000007_rp_aaron_posed_002_1038",
        f"{SCENE}_seq_000007_rp_emma_posed_010_1000",
    }
    for sequence in read:
        assert [path.name[-8:] for path in sequence.images] == [f"{5 * k:04d}.png" for k in range(5)]
        assert sequence.images[0].parent == folder / "training_images" / SCENE / "png" / "seq_000007"
        assert sequence.frame_size == (1280, 720) and sequence.fps == 6
        joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
        np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)


def test_missing_files_are_reported(root, tmp_path):
    folder, _ = root
    with pytest.raises(TarError, match="bedlam.is.tue.mpg.de"):
        next(sequences(folder, "validation"))
    np.savez(folder / "all_npz_12_smpl_training" / f"{SCENE}.npz", imgname=np.array(["a"]))
    with pytest.raises(TarError, match="layout"):
        next(sequences(folder, "training"))
