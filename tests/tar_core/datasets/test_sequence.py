import pickle

import numpy as np
import pytest

from tar_core.datasets.sequence import load_bodies, read_json, read_pickle, rest_pelvis, to_camera
from tar_core.errors import TarError
from tests.support.made_up_datasets import FREE, camera_orient, joints_of, walker
from tests.support.smpl_files import smpl_content


def test_to_camera_preserves_joints_in_moving_camera():
    person = walker(7)
    pelvis = rest_pelvis(FREE, person.betas)
    orient, trans = to_camera(person.poses[:, 0], person.trans, pelvis, person.rotations, person.translations)
    poses = person.poses.copy()
    poses[:, 0] = orient
    np.testing.assert_allclose(joints_of(poses, person.betas, trans), person.camera_joints(), atol=1e-9)
    np.testing.assert_allclose(orient, camera_orient(person), atol=1e-9)


def test_load_bodies_finds_files_by_name(tmp_path):
    with pytest.raises(TarError, match="SMPL_NEUTRAL.*smpl.is.tue.mpg.de"):
        load_bodies(tmp_path)
    (tmp_path / "SMPL_MALE.pkl").write_bytes(pickle.dumps(smpl_content()))
    bodies = load_bodies(tmp_path)
    assert list(bodies) == ["male"] and len(bodies["male"].v_template) == 6890


def test_pickles_of_python_2_and_numpy_scalars_are_read(tmp_path):
    content = {"a": [np.arange(3.0), {"b": np.float32(2)}], "text": "x", "flag": np.bool_(True), "none": None}
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(content, protocol=2))
    read = read_pickle(tmp_path / "data.pkl")
    np.testing.assert_array_equal(read["a"][0], [0, 1, 2])
    assert float(read["a"][1]["b"]) == 2 and read["text"] == "x" and bool(read["flag"]) and read["none"] is None


def test_pickles_with_code_are_refused(tmp_path):
    (tmp_path / "data.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    with pytest.raises(TarError, match="posix.system"):
        read_pickle(tmp_path / "data.pkl")


def test_damaged_json_is_reported(tmp_path):
    (tmp_path / "data.json").write_text("[1, ")
    with pytest.raises(TarError, match="data.json.*download"):
        read_json(tmp_path / "data.json", "get it")
    with pytest.raises(TarError, match="get it"):
        read_json(tmp_path / "gone.json", "get it")
