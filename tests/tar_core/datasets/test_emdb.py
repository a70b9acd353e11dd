"""The EMDB reader, on files written after EMDB's dataset.md."""

import pickle

import numpy as np
import pytest

from tar_core.datasets.emdb import sequences
from tar_core.errors import TarError
from tests.support.made_up_datasets import BODIES, joints_of, walker


@pytest.fixture
def root(tmp_path):
    person = walker(10)
    extrinsics = np.tile(np.eye(4), (10, 1, 1))
    extrinsics[:, :3, :3], extrinsics[:, :3, 3] = person.rotations, person.translations
    for name, is_first in (("09_outdoor_walk", True), ("20_indoor_talk", False)):
        data = {
            "gender": "female",
            "name": f"P0_{name}",
            "emdb1": is_first,
            "emdb2": np.bool_(not is_first),
            "n_frames": 10,
            "good_frames_mask": np.arange(10) > 1,
            "camera": {
                "intrinsics": np.array([[1400.0, 0, 720], [0, 1400.0, 960], [0, 0, 1]]),
                "extrinsics": extrinsics,
                "width": 1440,
                "height": 1920,
            },
            "smpl": {
                "poses_root": person.poses[:, 0],
                "poses_body": person.poses[:, 1:].reshape(10, 69),
                "trans": person.trans,
                "betas": person.betas,
            },
            "kp2d": np.zeros((10, 24, 2)),
            "bboxes": {"bboxes": np.zeros((10, 4)), "invalid_idxs": np.array([0, 1])},
        }
        folder = tmp_path / "P0" / name
        (folder / "images").mkdir(parents=True)
        (folder / f"P0_{name}_data.pkl").write_bytes(pickle.dumps(data))
    return tmp_path, person


@pytest.mark.parametrize(("split", "name"), [("emdb1", "P0_09_outdoor_walk"), ("emdb2", "P0_20_indoor_talk")])
def test_sequences_are_in_camera_coordinates(root, split, name):
    folder, person = root
    (sequence,) = sequences(folder, split, BODIES)
    assert sequence.name == name and sequence.gender == "female"
    assert sequence.frame_size == (1440, 1920) and sequence.focal_length == 1400
    assert sequence.images[0].name == "00000.jpg" and sequence.images[9].parent.name == "images"
    assert sequence.valid.tolist() == [False, False] + [True] * 8
    joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
    np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)


def test_missing_files_are_reported(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(TarError, match="emdb.ait.ethz.ch"):
            next(sequences(folder, "emdb1", BODIES))
