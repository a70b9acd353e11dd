"""The EFT reader, on files written after EFT's README."""

import numpy as np
import pytest

from tar_core.camera.crop_camera import project
from tar_core.datasets.eft import sequences
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tests.support.made_up_datasets import joints_of, walker, write_image, write_json

NAMES = {"coco": ("COCO2014-All-ver01.json", "train2014/COCO_train2014_000000000009.jpg", "COCO2014-All")}
NAMES["mpii"] = ("MPII_ver01.json", "images/000001163.jpg", "MPII")
CENTER, SCALE, CAMERA = np.array([200.0, 260.0]), 1.4, (0.9, 0.05, 0.3)


def write(root, split):
    person = walker(1)
    name, image, database = NAMES[split]
    entry = {
        "parm_pose": axis_angle_to_matrix(person.poses[0]).tolist(),
        "parm_shape": person.betas.tolist(),
        "parm_cam": list(CAMERA),
        "bbox_scale": SCALE,
        "bbox_center": CENTER.tolist(),
        "gt_keypoint_2d": np.zeros((49, 3)).tolist(),
        "joint_validity_openpose18": [True] * 18,
        "smpltype": "smpl",
        "annotId": 468,
        "imageName": image.split("/")[1],
        "subjectId": "",
    }
    write_json(root / name, {"ver": 0.1, "data": [entry], "meta": {"dbname": database}})
    write_image(root / image, 640, 480)
    return person


@pytest.mark.parametrize("split", NAMES)
def test_crop_camera_is_converted_to_full_image_camera(tmp_path, split):
    """The full image's camera projects the body to where the fit's weak perspective does, except for perspective."""
    person = write(tmp_path, split)
    (sequence,) = sequences(tmp_path, split)
    assert sequence.name == f"{split}_468" and len(sequence) == 1 and sequence.fps == 0
    assert sequence.focal_length == np.hypot(640, 480) and sequence.frame_size == (640, 480)
    joints = joints_of(sequence.poses, sequence.betas, sequence.trans)
    # At the depth of the translation, weak and full perspective are equal.
    flat = joints.copy()
    flat[..., 2] = sequence.trans[:, None, 2]
    pixels = project(flat, sequence.focal_length, sequence.principal_point)
    scale, tx, ty = CAMERA
    without = joints - sequence.trans[:, None]
    crop = scale * without[..., :2] + [tx, ty]  # -1..1 over the crop, as in EFT's convert_smpl_to_bbox
    expected = CENTER + crop * SCALE * 200 / 2
    np.testing.assert_allclose(pixels, expected, atol=1e-9)
    np.testing.assert_allclose(sequence.poses[0, 5], person.poses[0, 5], atol=1e-9)


def test_missing_files_are_reported(tmp_path):
    with pytest.raises(TarError, match="ver01.json is missing.*facebookresearch/eft"):
        next(sequences(tmp_path, "coco"))
    write(tmp_path, "coco")
    (tmp_path / NAMES["coco"][1]).unlink()
    with pytest.raises(TarError, match="cocodataset.org"):
        next(sequences(tmp_path, "coco"))
    (tmp_path / NAMES["coco"][1]).write_bytes(b"no image")
    with pytest.raises(TarError, match="not a readable image"):
        next(sequences(tmp_path, "coco"))
    write_json(tmp_path / NAMES["coco"][0], {"data": [{"imageName": "x.jpg"}]})
    with pytest.raises(TarError, match="x.jpg is missing"):
        next(sequences(tmp_path, "coco"))
