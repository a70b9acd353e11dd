"""Landmarks from a fitted parabola: smooth motion is kept, jitter is reduced."""

import numpy as np
import pytest
import torch

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import Landmarks
from tar_core.model.landmark_fit import fit_landmarks, savitzky_golay

WINDOW = 9
PRINCIPAL_POINT = (639.5, 359.5)


def crop_cameras(generator):
    """Crops with jitter in position, size and roll."""
    noise = torch.randn(WINDOW, 4, generator=generator)
    crops = [Crop(700 + 9 * a, 400 + 9 * b, 300 + 20 * float(c), 0.3 * d) for a, b, c, d in noise.tolist()]
    cameras = CropCamera.cat([CropCamera.from_crop(crop, 1500.0, PRINCIPAL_POINT) for crop in crops]).to("cpu")
    return cameras[None]


def landmarks(points, world):
    confidence = torch.rand(1, WINDOW, 39, generator=torch.manual_seed(1))
    return Landmarks(points, confidence, confidence, world, torch.ones(1, WINDOW))


def test_savitzky_golay_weights():
    weights = savitzky_golay(WINDOW)
    np.testing.assert_allclose(231 * weights, [-21, 14, 39, 54, 59, 54, 39, 14, -21])
    time = np.arange(5.0) - 2
    assert float(savitzky_golay(5) @ (3 + 2 * time - 0.7 * time**2)) == pytest.approx(3)


def test_smooth_motion_is_kept_with_jittering_crops():
    generator = torch.manual_seed(0)
    camera = crop_cameras(generator)
    time = (torch.arange(WINDOW) - WINDOW // 2).view(1, -1, 1, 1)
    start, speed, bend = torch.randn(3, 1, 1, 39, 2, generator=generator) * torch.tensor([50.0, 5, 0.5]).view(
        3, 1, 1, 1, 1
    )
    image = start + speed * time + bend * time**2
    world_path = torch.randn(1, 1, 39, 3, generator=generator) + 0.02 * time
    every = camera[:, :, None]
    detected = landmarks(every.to_crop_pixels(image), every.roll_camera(world_path))
    fitted = fit_landmarks(detected, camera)
    middle = WINDOW // 2
    torch.testing.assert_close(fitted.points, detected.points[:, middle], atol=1e-2, rtol=0)
    torch.testing.assert_close(fitted.world, detected.world[:, middle], atol=1e-5, rtol=0)
    assert torch.equal(fitted.visibility, detected.visibility[:, middle])


def test_jitter_of_landmarks_is_halved():
    generator = torch.manual_seed(2)
    camera = CropCamera.from_crop(Crop(700, 400, 256, 0.0), 1500.0, PRINCIPAL_POINT).to("cpu")[[0] * WINDOW][None]
    noise = torch.randn(1, WINDOW, 39, 2, generator=generator)
    fitted = fit_landmarks(landmarks(100 + noise, torch.zeros(1, WINDOW, 39, 3)), camera)
    assert float((fitted.points - 100).std()) == pytest.approx((59 / 231) ** 0.5, rel=0.25)
