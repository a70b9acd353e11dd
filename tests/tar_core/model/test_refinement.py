"""RRM, the recurrent refinement module."""

import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import Landmarks
from tar_core.model.refinement import (
    MATCHED_JOINTS,
    MATCHED_LANDMARKS,
    MATCHED_SURFACE,
    RESIDUAL_SIZE,
    landmark_residuals,
    pose_body,
    sample_windows,
)
from tar_core.model.states import Estimate


def test_sample_windows_samples_at_the_points():
    """Sampling a map of crop coordinates gives the coordinates of the points."""
    centers = 4 * torch.arange(64.0) + 1.5  # crop pixels of the cells' centers
    y, x = torch.meshgrid(centers, centers, indexing="ij")
    local_map = torch.stack([x, y])[None]
    points = torch.tensor([[[100.3, 57.9], [30.0, 200.0]]])
    windows = sample_windows(local_map, points, radius=2).view(1, 2, 5, 5, 2)
    steps = 4 * torch.arange(-2, 3)
    torch.testing.assert_close(windows[..., 0], (points[..., 0, None, None] + steps).expand(1, 2, 5, 5))
    torch.testing.assert_close(windows[..., 1], (points[..., 1, None, None] + steps[:, None]).expand(1, 2, 5, 5))


def test_sample_windows_is_zero_outside_the_crop():
    windows = sample_windows(torch.ones(1, 3, 64, 64), torch.tensor([[[-500.0, 100.0], [1e9, -1e9]]]), radius=1)
    assert not windows.any()


def standing_body():
    rotation = torch.tensor([[1.0, 0, 0, 0, 1, 0]]).repeat(24, 1)
    rotation[0] = torch.tensor([1.0, 0, 0, 0, -1, 0])  # upright and facing the camera
    estimate = Estimate(rotation[None], torch.zeros(1, 10), torch.tensor([[0.8, 0.0, -0.2]]))
    camera = CropCamera.from_crop(Crop(700, 500, 400, 0.3), 1500.0, (639.5, 359.5)).to("cpu")
    return pose_body(BodyModel(load_body()), estimate, camera)


def test_body_fills_its_crop():
    body = standing_body()
    assert body.translation[0, 2] > 5
    head, foot = body.joints_2d[0, 15], body.joints_2d[0, 10]
    assert 0 < head[1] < 100 and 150 < foot[1] < 256
    assert body.joints_2d[0, 16, 0] > body.joints_2d[0, 17, 0]  # the person faces the camera


def test_residuals_are_zero_if_body_and_landmarks_agree():
    body = standing_body()
    points, world = torch.zeros(1, 39, 2), torch.zeros(1, 39, 3)
    landmarks = Landmarks(points, torch.ones(1, 39), torch.ones(1, 39), world, torch.ones(1))
    large = landmark_residuals(body, landmarks)
    assert large.shape == (1, RESIDUAL_SIZE) and large.abs().max() == 4
    count = 2 * len(MATCHED_LANDMARKS)
    points[0, MATCHED_LANDMARKS] = torch.cat([body.joints_2d[0, MATCHED_JOINTS], body.landmarks_2d[0, MATCHED_SURFACE]])
    world[0, MATCHED_LANDMARKS[: len(MATCHED_JOINTS)]] = body.points.joints[0, MATCHED_JOINTS]
    residuals = landmark_residuals(body, Landmarks(points, torch.ones(1, 39), torch.ones(1, 39), world, torch.ones(1)))
    torch.testing.assert_close(residuals[:, :count], torch.zeros(1, count))
    torch.testing.assert_close(residuals[:, count + len(MATCHED_LANDMARKS) :], torch.zeros(1, 3 * len(MATCHED_JOINTS)))
