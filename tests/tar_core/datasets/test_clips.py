"""Conversion of a dataset's folder to shards of clips."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tar_core.body.model import BodyModel
from tar_core.camera.crop_camera import CropCamera
from tar_core.datasets import eft, threedpw
from tar_core.datasets.clips import clips_of, read_image, transfer_to_body
from tar_core.errors import TarError
from tar_core.rotations import axis_angle_to_matrix
from tests.support.made_up_datasets import BODIES, FREE, joints_of, write_image
from tests.tar_core.datasets import test_eft, test_threedpw

root = test_threedpw.root  # the fixture of 3DPW's files


def first_sequence(folder):
    for number in range(12):
        write_image(folder / "imageFiles" / "downtown_made_up_00" / f"image_{number:05d}.jpg", 1080, 1920)
    return next(threedpw.sequences(folder, "test", BODIES))


def test_crops_contain_the_person(root):
    sequence = replace(first_sequence(root[0]), valid=np.ones(12, bool))
    (clip,) = clips_of(sequence, {}, FREE, np.random.default_rng(0))
    assert clip.images.shape == (9, 256, 256, 3) and clip.poses.shape == (9, 24, 3)
    np.testing.assert_allclose(clip.joints, joints_of(clip.poses, clip.betas, clip.trans), atol=1e-5)
    for frame in (0, 8):
        crop = clip.crop(frame)
        pixels = clip.joints[frame, :, :2] / clip.joints[frame, :, 2:] * clip.focal_length + clip.principal_point
        inside = crop.from_image(pixels)
        assert (inside > 0).all() and (inside < 255).all()  # the whole person is in the crop
        assert np.ptp(inside[:, 1]) > 100  # and fills it
        camera = CropCamera.from_crop(crop, float(clip.focal_length), clip.principal_point.tolist())
        rolled = camera.roll_camera(clip.joints[frame][None])
        np.testing.assert_allclose(camera.project(rolled)[0], inside, atol=1e-2)
        # The image is a horizontal gradient: its brightness gives the crop's center.
        center = clip.images[frame, 128, 128, 0]
        assert abs(center / 255 * 1080 - crop.center_x) < 15
    # The body model reproduces the joints.
    points = BodyModel(FREE)(
        axis_angle_to_matrix(torch.from_numpy(clip.poses)), torch.from_numpy(clip.betas).expand(9, 10)
    )
    np.testing.assert_allclose(points.joints.numpy() + clip.trans[:, None], clip.joints, atol=1e-4)


def test_clips_do_not_span_invalid_frames(root):
    sequence = replace(first_sequence(root[0]), valid=np.arange(12) != 9)
    (clip,) = clips_of(sequence, {}, FREE, np.random.default_rng(0), stride=1)
    np.testing.assert_array_equal(clip.trans, sequence.trans[:9].astype(np.float32))


def test_single_images_are_repeated(tmp_path):
    test_eft.write(tmp_path, "coco")
    (sequence,) = eft.sequences(tmp_path, "coco")
    (clip,) = clips_of(sequence, BODIES, FREE, np.random.default_rng(0))
    assert (clip.poses == clip.poses[0]).all() and (clip.trans == clip.trans[0]).all()
    assert not (clip.crops == clip.crops[0]).all()  # the crops vary, as in tracking


def test_transfer_to_body_keeps_the_joints(root):
    sequence = first_sequence(root[0])
    transferred = transfer_to_body(sequence, BODIES, FREE)
    # transfer_shape regularizes towards the mean shape, which moves joints by up to a centimeter.
    before, after = (joints_of(s.poses, s.betas, s.trans) for s in (sequence, transferred))
    assert np.abs(before - after).max() < 0.015
    np.testing.assert_allclose(after[:, 0], before[:, 0], atol=1e-6)  # the pelvis does not move


def test_portrait_images_are_rotated(tmp_path):
    write_image(tmp_path / "landscape.png", 64, 48)
    upright = read_image(tmp_path / "landscape.png", (48, 64))
    assert upright.shape == (64, 48, 3)
    assert upright[0, 20, 0] < 20 and upright[-1, 20, 0] > 235  # left became top
    for name, words in (("gone.png", "missing"), ("landscape.png", "64x48")):
        with pytest.raises(TarError, match=words):
            read_image(tmp_path / name, (100, 100))


def test_sequence_without_smpl_parameters_is_refused(root):
    with pytest.raises(TarError, match="no SMPL parameters"):
        next(clips_of(replace(first_sequence(root[0]), poses=None), {}, FREE, np.random.default_rng(0)))
