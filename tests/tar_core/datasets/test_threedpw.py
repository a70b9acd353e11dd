"""The 3DPW reader, on files written after 3DPW's readme."""

import pickle

import numpy as np
import pytest

from tar_core.datasets.threedpw import sequences
from tar_core.errors import TarError
from tests.support.made_up_datasets import BODIES, joints_of, walker


@pytest.fixture
def root(tmp_path):
    person = walker(12)
    other = walker(12)
    cameras = np.tile(np.eye(4), (12, 1, 1))
    cameras[:, :3, :3], cameras[:, :3, 3] = person.rotations, person.translations
    data = {
        "sequence": "downtown_made_up_00",
        "betas": [person.betas, np.append(other.betas, np.zeros(290))],  # some files have all 300 betas
        "poses": [person.poses.reshape(12, 72), other.poses.reshape(12, 72)],
        "trans": [person.trans, other.trans + np.array([-0.5, 0, 0])],
        "poses_60Hz": [np.zeros((24, 72))] * 2,
        "trans_60Hz": [np.zeros((24, 3))] * 2,
        "betas_clothed": [person.betas] * 2,
        "v_template_clothed": [np.zeros((6890, 3))] * 2,
        "genders": ["m", "f"],
        "texture_maps": [[], []],
        "poses2d": [np.zeros((12, 3, 18))] * 2,
        "jointPositions": [person.world_joints().reshape(12, 72)] * 2,
        "img_frame_ids": np.arange(0, 24, 2),
        "cam_poses": cameras,
        "campose_valid": [np.arange(12) != 3, np.ones(12, bool)],
        "cam_intrinsics": np.array([[1962.0, 0, 540], [0, 1969.0, 960], [0, 0, 1]]),
    }
    (tmp_path / "imageFiles" / "downtown_made_up_00").mkdir(parents=True)
    folder = tmp_path / "sequenceFiles" / "test"
    folder.mkdir(parents=True)
    (folder / "downtown_made_up_00.pkl").write_bytes(pickle.dumps(data, protocol=2))
    return tmp_path, person


def test_all_people_are_in_camera_coordinates(root):
    folder, person = root
    first, second = sequences(folder, "test", BODIES)
    assert (first.name, first.gender, second.gender) == ("downtown_made_up_00_0", "male", "female")
    assert first.images[11] == folder / "imageFiles" / "downtown_made_up_00" / "image_00011.jpg"
    assert first.frame_size == (1080, 1920)
    assert first.focal_length == 1965.5
    np.testing.assert_array_equal(first.principal_point, [540, 960])
    np.testing.assert_array_equal(np.flatnonzero(~first.valid), [3])
    joints = joints_of(first.poses, first.betas, first.trans)
    np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)
    assert second.betas.shape == (10,)


def test_missing_files_are_reported(root, tmp_path):
    folder, _ = root
    with pytest.raises(TarError, match="validation.*virtualhumans.*imageFiles.zip"):
        next(sequences(folder, "validation", BODIES))
    with pytest.raises(TarError, match="SMPL_FEMALE"):
        list(sequences(folder, "test", {"male": BODIES["male"]}))
    (folder / "sequenceFiles" / "test" / "downtown_made_up_00.pkl").write_bytes(pickle.dumps({"poses": []}))
    with pytest.raises(TarError, match="layout"):
        list(sequences(folder, "test", BODIES))
