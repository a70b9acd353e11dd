"""The camera of a crop: CLIFF's translation, projection, and the rolled camera."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import (
    CropCamera,
    Pinhole,
    default_focal_length,
    focal_length_from_fov,
    image_center,
    project,
)

crops = st.builds(Crop, st.floats(0, 1900), st.floats(0, 1000), st.floats(60, 1500), st.floats(-np.pi, np.pi))
PRINCIPAL_POINT = (959.5, 539.5)


def double(camera):
    return CropCamera(camera.focal_length.double(), camera.center.double(), camera.size.double(), camera.roll.double())


@given(crop=crops, scale=st.floats(0.3, 2), tx=st.floats(-1, 1), ty=st.floats(-1, 1))
def test_crop_camera_inverts_translation(crop, scale, tx, ty):
    camera = double(CropCamera.from_crop(crop, 1500.0, PRINCIPAL_POINT).to("cpu"))
    weak = torch.tensor([[scale, tx, ty]], dtype=torch.float64)
    torch.testing.assert_close(camera.crop_camera(camera.translation(weak)), weak, atol=1e-9, rtol=0)


@given(crop=crops, scale=st.floats(0.3, 2))
def test_zero_offset_projects_to_the_center_of_the_crop(crop, scale):
    """With tx = ty = 0, the origin of the body projects to the center of the crop, wherever it is (CLIFF)."""
    camera = double(CropCamera.from_crop(crop, 1500.0, PRINCIPAL_POINT).to("cpu"))
    translation = camera.translation(torch.tensor([[scale, 0.0, 0.0]], dtype=torch.float64))
    pixels = camera.project(translation[:, None])
    torch.testing.assert_close(pixels, torch.full_like(pixels, 127.5), atol=1e-4, rtol=0)


@given(crop=crops)
def test_projection_in_the_rolled_camera_equals_projection_in_the_frame(crop):
    """Rolled camera into the crop gives the same pixels as camera into the frame, then cropping."""
    points = torch.tensor(np.random.default_rng(0).normal(size=(1, 20, 3)) * 0.5 + [0.3, 0.1, 4])
    camera = double(CropCamera.from_crop(crop, 1500.0, PRINCIPAL_POINT).to("cpu"))
    rolled = camera[:, None].roll_camera(points)
    in_crop = camera.project(rolled)[0].numpy()
    in_frame = project(points[0].numpy(), 1500.0, np.array(PRINCIPAL_POINT))
    # from_crop stores float32, so frame pixels are off by 0.0005; the crop may be magnified.
    np.testing.assert_allclose(in_crop, crop.from_image(in_frame), atol=1e-3 * max(1, 256 / crop.size))
    torch.testing.assert_close(camera[:, None].unroll_camera(rolled), points)


@given(crop=crops)
def test_from_crop_pixels_agrees_with_the_crop(crop):
    camera = double(CropCamera.from_crop(crop, 1500.0, PRINCIPAL_POINT).to("cpu"))
    pixels = torch.tensor(np.random.default_rng(0).uniform(0, 255, (1, 20, 2)))
    image = camera[:, None].from_crop_pixels(pixels)
    np.testing.assert_allclose(image[0] + np.array(PRINCIPAL_POINT), crop.to_image(pixels[0].numpy()), atol=1e-3)
    torch.testing.assert_close(camera[:, None].to_crop_pixels(image), pixels)


def test_roll_rotation_agrees_with_roll_camera():
    camera = double(CropCamera.from_crop(Crop(100, 900, 300, 0.7), 1500.0, PRINCIPAL_POINT).to("cpu"))
    orient = torch.linalg.qr(torch.randn(1, 3, 3, dtype=torch.float64, generator=torch.manual_seed(0)))[0]
    vector = torch.tensor([0.2, -0.4, 0.1], dtype=torch.float64)
    torch.testing.assert_close(camera.roll_rotation(orient) @ vector, camera.roll_camera(orient @ vector))
    torch.testing.assert_close(camera.unroll_rotation(camera.roll_rotation(orient)), orient)


def test_default_cameras():
    assert default_focal_length(1080, 1920) == pytest.approx(2202.9, abs=0.1)
    assert focal_length_from_fov(1920, 1080, 90) == pytest.approx(960)
    assert image_center(1920, 1080) == PRINCIPAL_POINT
    assert math.isclose(project(np.array([1.0, 2.0, 4.0]), 100.0, np.array([10.0, 20.0]))[1], 70)


def test_box_information_is_within_unit_range():
    camera = CropCamera.from_crop(Crop(1500, 200, 700, 0.2), 2203.0, PRINCIPAL_POINT).to("cpu")
    assert camera.box_information().abs().max() < 1.5


def test_rotation_to_a_pixel_turns_the_optical_axis_to_its_ray():
    camera = Pinhole(1000.0, (400.0, 300.0))
    np.testing.assert_allclose(camera.rotation_to(400, 300), np.eye(3), atol=1e-12)
    turn = camera.rotation_to(900, 100)
    x, y, z = turn[:, 2]
    np.testing.assert_allclose([x / z, y / z], [0.5, -0.2])
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) == pytest.approx(np.degrees(np.arctan(np.hypot(0.5, 0.2))))
