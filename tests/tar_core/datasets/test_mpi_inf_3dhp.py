"""The MPI-INF-3DHP reader: NeuralAnnot's files of the training set, official .mat (HDF5) files of the test set."""

import numpy as np
import pytest

from tar_core.datasets.joints import H36M_NAMES
from tar_core.datasets.mpi_inf_3dhp import sequences
from tar_core.errors import TarError
from tests.support.made_up_datasets import BODIES, joints_of, walker, write_json

COUNT = 4


@pytest.fixture
def train_root(tmp_path):
    person = walker(COUNT, moving_camera=False)
    images = []
    for frame in range(COUNT):
        entry = {"id": frame, "file_name": f"img_S1_Seq2_V5_{frame:06d}.jpg", "width": 1024, "height": 1024}
        images.append(entry | {"subject_idx": 1, "seq_idx": 2, "cam_idx": 5, "frame_idx": frame})
    camera = {"R": person.rotations[0].tolist(), "t": (1000 * person.translations[0]).tolist()}
    camera |= {"focal": [749.0, 750.0], "princpt": [511.0, 512.0]}
    fits = {
        str(frame): {
            "pose": person.poses[frame].ravel().tolist(),
            "shape": person.betas.tolist(),
            "trans": person.trans[frame].tolist(),
        }
        for frame in range(COUNT)
    }
    write_json(tmp_path / "MPI-INF-3DHP_1k.json", {"images": images, "annotations": []})
    write_json(tmp_path / "MPI-INF-3DHP_camera_1k.json", {"1": {"2": {"5": camera}}})
    write_json(tmp_path / "MPI-INF-3DHP_SMPL_NeuralAnnot.json", {"1": {"2": fits}})
    return tmp_path, person


def test_training_sequences_are_in_camera_coordinates(train_root):
    folder, person = train_root
    (sequence,) = sequences(folder, "train", BODIES)
    assert sequence.name == "S1_Seq2_5" and sequence.focal_length == 749.5
    assert sequence.images[0] == folder / "images_1k/S1/Seq2/imageSequence/img_S1_Seq2_V5_000000.jpg"
    joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
    np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)


def test_joints_of_the_test_set_are_reordered(tmp_path):
    h5py = pytest.importorskip("h5py")
    order = "head_top neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip"
    order += " right_knee right_ankle left_hip left_knee left_ankle pelvis spine head"
    for number in range(1, 7):
        folder = tmp_path / "mpi_inf_3dhp_test_set" / f"TS{number}"
        folder.mkdir(parents=True)
        values = np.arange(17.0)
        with h5py.File(folder / "annot_data.mat", "w") as file:
            pixels = np.tile(values[:, None], (4, 1, 1, 2))
            pixels[3, 0, 7, 1] = -1  # a wrist above the image
            file["annot2"] = pixels
            file["univ_annot3"] = 1000 * np.tile(values[:, None], (4, 1, 1, 3))
            file["annot3"] = np.zeros((4, 1, 17, 3))
            file["valid_frame"] = np.array([[1.0], [0.0], [1.0], [1.0]])
            file["bb_crop"] = np.zeros((3, 34))
    read = list(sequences(tmp_path, "test", {}))
    assert [sequence.name for sequence in read] == [f"TS{number}" for number in range(1, 7)]
    assert read[0].frame_size == (2048, 2048) and read[5].frame_size == (1920, 1080)
    assert read[0].images[0].name == "img_000001.jpg"
    assert read[0].valid.tolist() == [True, False, True, False]
    for joint, name in enumerate(H36M_NAMES):
        assert read[2].joints[1, joint, 0] == order.split().index(name), name
        assert read[2].joints_2d[1, joint, 1] == order.split().index(name), name
    assert read[0].poses is None


def test_missing_files_are_reported(tmp_path):
    with pytest.raises(TarError, match="NeuralAnnot_RELEASE"):
        next(sequences(tmp_path, "train", BODIES))
    pytest.importorskip("h5py")
    with pytest.raises(TarError, match="annot_data.mat is missing.*3dhp-dataset"):
        next(sequences(tmp_path, "test", BODIES))
    path = tmp_path / "mpi_inf_3dhp_test_set" / "TS1" / "annot_data.mat"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"MATLAB 5.0")
    with pytest.raises(TarError, match="layout"):
        next(sequences(tmp_path, "test", BODIES))
