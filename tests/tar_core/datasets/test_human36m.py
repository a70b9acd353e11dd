"""The Human3.6M reader, on files in NeuralAnnot's layout."""

import json

import numpy as np
import pytest

from tar_core.datasets.human36m import sequences
from tar_core.datasets.joints import H36M_NAMES
from tar_core.errors import TarError
from tar_core.skeleton import JOINT_NAMES
from tests.support.made_up_datasets import BODIES, joints_of, walker, write_json

COUNT = 6
FRAMES = range(0, 5 * COUNT, 5)


@pytest.fixture
def root(tmp_path):
    person = walker(COUNT, moving_camera=False)
    smpl = person.world_joints()
    # The order of the files, with right before left. The head stands for the head top, which SMPL does not have.
    names = ["pelvis", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "spine1"]
    names += ["neck", "head", "head", "left_shoulder", "left_elbow", "left_wrist"]
    names += ["right_shoulder", "right_elbow", "right_wrist"]
    measured = 1000 * smpl[:, [JOINT_NAMES.index(name) for name in names]]
    camera = {"R": person.rotations[0].tolist(), "t": (1000 * person.translations[0]).tolist()}
    camera |= {"f": [1145.0, 1144.0], "c": [512.5, 515.5]}
    for subject in (9, 11):
        images = []
        for frame in FRAMES:
            for cam in (1, 4):
                take = f"s_{subject:02d}_act_02_subact_01_ca_{cam:02d}"
                entry = {"id": len(images), "file_name": f"{take}/{take}_{frame + 1:06d}.jpg"}
                entry |= {"width": 1000, "height": 1002, "subject": subject, "action_name": "Directions"}
                entry |= {"action_idx": 2, "subaction_idx": 1, "cam_idx": cam, "frame_idx": frame}
                images.append(entry)
        fits = {
            str(frame): {
                "pose": person.poses[number].ravel().tolist(),
                "shape": (person.betas + (0.1 if number % 2 else -0.1)).tolist(),
                "trans": [person.trans[number].tolist()],
            }
            for number, frame in enumerate(FRAMES)
        }
        joints = {str(frame): measured[number].tolist() for number, frame in enumerate(FRAMES)}
        prefix = tmp_path / "annotations" / f"Human36M_subject{subject}"
        write_json(prefix.with_name(prefix.name + "_data.json"), {"images": images[::-1], "annotations": []})
        write_json(prefix.with_name(prefix.name + "_camera.json"), {"1": camera, "4": camera})
        write_json(prefix.with_name(prefix.name + "_joint_3d.json"), {"2": {"1": joints}})
        write_json(prefix.with_name(prefix.name + "_SMPL_NeuralAnnot.json"), {"2": {"1": fits}})
    return tmp_path, person


def test_protocol_2_has_frontal_camera_of_subjects_9_and_11(root):
    folder, person = root
    first, second = sequences(folder, "test", BODIES)
    assert [first.name, second.name] == ["s_09_act_02_subact_01_ca_04", "s_11_act_02_subact_01_ca_04"]
    assert [path.name[-10:] for path in first.images] == [f"{frame + 1:06d}.jpg" for frame in FRAMES]
    assert first.images[0].parent == folder / "images" / first.name
    assert first.fps == 10 and first.focal_length == 1144.5 and first.frame_size == (1000, 1002)
    np.testing.assert_allclose(first.betas, person.betas, atol=1e-12)
    joints = joints_of(first.poses, first.betas, first.trans)
    np.testing.assert_allclose(joints, person.camera_joints(), atol=1e-9)
    for name in ("pelvis", "left_knee", "right_wrist", "right_hip"):
        measured = first.joints[:, H36M_NAMES.index(name)]
        np.testing.assert_allclose(measured, joints[:, JOINT_NAMES.index(name)], atol=1e-9)


def test_frames_without_fit_are_skipped(root):
    folder, _ = root
    path = folder / "annotations" / "Human36M_subject9_SMPL_NeuralAnnot.json"
    fits = json.loads(path.read_text())
    del fits["2"]["1"]["10"]
    path.write_text(json.dumps(fits))
    assert len(next(sequences(folder, "test", BODIES))) == COUNT - 1


def test_missing_files_are_reported(root):
    folder, _ = root
    with pytest.raises(TarError, match="subject1_data.json.*NeuralAnnot"):
        next(sequences(folder, "train", BODIES))
    (folder / "annotations" / "Human36M_subject9_camera.json").write_text("{")
    with pytest.raises(TarError, match="camera.json"):
        next(sequences(folder, "test", BODIES))
    (folder / "annotations" / "Human36M_subject9_camera.json").write_text("{}")
    with pytest.raises(TarError, match="layout"):
        next(sequences(folder, "test", BODIES))
