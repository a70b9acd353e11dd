import torch

from tar_core.body.data import load_body
from tar_core.body.model import BodyModel
from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import Landmarks
from tar_core.model.refinement import (
    _JOINTS,
    _LANDMARKS,
    _SURFACE,
    RESIDUAL_SIZE,
    landmark_residuals,
    pose_body,
    sample_windows,
)
from tar_core.model.states import Estimate


def test_windows_read_the_cells_under_their_points():
    """A map that holds its own crop coordinates must give back the points' coordinates."""
    centers = 4 * torch.arange(64.0) + 1.5  # crop pixels of the cells' centers
    y, x = torch.meshgrid(centers, centers, indexing="ij")
    local_map = torch.stack([x, y])[None]
    points = torch.tensor([[[100.3, 57.9], [30.0, 200.0]]])
    windows = sample_windows(local_map, points, radius=2).view(1, 2, 5, 5, 2)
    steps = 4 * torch.arange(-2, 3)
    torch.testing.assert_close(windows[..., 0], (points[..., 0, None, None] + steps).expand(1, 2, 5, 5))
    torch.testing.assert_close(windows[..., 1], (points[..., 1, None, None] + steps[:, None]).expand(1, 2, 5, 5))


def test_windows_outside_the_crop_are_zero():
    windows = sample_windows(torch.ones(1, 3, 64, 64), torch.tensor([[[-500.0, 100.0], [1e9, -1e9]]]), radius=1)
    assert not windows.any()


def standing():
    rotation = torch.tensor([[1.0, 0, 0, 0, 1, 0]]).repeat(24, 1)
    rotation[0] = torch.tensor([1.0, 0, 0, 0, -1, 0])  # upright in OpenCV's camera, facing it
    estimate = Estimate(rotation[None], torch.zeros(1, 10), torch.tensor([[0.8, 0.0, -0.2]]))
    camera = CropCamera.from_crop(Crop(700, 500, 400, 0.3), 1500.0, (639.5, 359.5))
    return pose_body(BodyModel(load_body()), estimate, camera)


def test_a_body_in_front_of_the_camera_fills_its_crop():
    body = standing()
    assert body.translation[0, 2] > 5
    head, foot = body.joints_2d[0, 15], body.joints_2d[0, 10]
    assert 0 < head[1] < 100 and 150 < foot[1] < 256
    assert body.joints_2d[0, 16, 0] > body.joints_2d[0, 17, 0]  # facing us, the left shoulder is on the right


def test_residuals_vanish_where_body_and_landmarks_agree():
    body = standing()
    points, world = torch.zeros(1, 39, 2), torch.zeros(1, 39, 3)
    landmarks = Landmarks(points, torch.ones(1, 39), torch.ones(1, 39), world, torch.ones(1))
    off = landmark_residuals(body, landmarks)
    assert off.shape == (1, RESIDUAL_SIZE) and off.abs().max() == 4
    count = 2 * len(_LANDMARKS)
    points[0, _LANDMARKS] = torch.cat([body.joints_2d[0, _JOINTS], body.landmarks_2d[0, _SURFACE]])
    world[0, _LANDMARKS[: len(_JOINTS)]] = body.points.joints[0, _JOINTS]
    residuals = landmark_residuals(body, Landmarks(points, torch.ones(1, 39), torch.ones(1, 39), world, torch.ones(1)))
    torch.testing.assert_close(residuals[:, :count], torch.zeros(1, count))
    torch.testing.assert_close(residuals[:, count + len(_LANDMARKS) :], torch.zeros(1, 3 * len(_JOINTS)))
