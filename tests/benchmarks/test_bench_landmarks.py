"""Replacing the inputs of the network by the ground truth."""

import pytest
import torch

from benchmarks.bench_landmarks import Take
from benchmarks.camera_joints import BLAZEPOSE_KEYPOINTS, HIPS
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import DEPTHS, POINTS, VECTOR_SIZE, WORLD, FrameFeatures, Landmarks


@pytest.fixture
def take() -> Take:
    """Two frames of a crop turned by 90 degrees: of 512 frame pixels, so that a meter at 5 m has 100 crop pixels."""
    random = torch.Generator().manual_seed(0)
    joints = torch.rand(2, 12, 3, generator=random)
    joints[..., 2] += 5 - joints[:, HIPS, 2].mean(1, keepdim=True)
    features = FrameFeatures(
        torch.rand(2, VECTOR_SIZE, generator=random), torch.zeros(2, 0, 64, 64), Landmarks.unknown((2,)).to("cpu")
    )
    two = torch.ones(2)
    camera = CropCamera(1000 * two, torch.zeros(2, 2), 512 * two, torch.pi / 2 * two)
    return Take([0, 2], features, camera, torch.zeros(2, 12, 2), joints, torch.zeros(2, 12, 2))


def test_points_are_replaced_in_landmarks_and_vector(take: Take) -> None:
    points = 100 + torch.arange(48.0).view(2, 12, 2)
    features = take.with_points(points).features
    torch.testing.assert_close(features.landmarks.points[:, BLAZEPOSE_KEYPOINTS], points)
    in_vector = features.vector[:, POINTS].view(2, 39, 2)[:, BLAZEPOSE_KEYPOINTS]
    torch.testing.assert_close(in_vector * 128 + 127.5, points)
    torch.testing.assert_close(features.vector[:, WORLD], take.features.vector[:, WORLD])


def test_true_depth_is_that_of_the_joints_in_the_axes_of_the_crop(take: Take) -> None:
    features = take.with_true_depth().features
    hips = take.joints[:, HIPS].mean(1, keepdim=True)
    x, y, z = (take.joints - hips).unbind(-1)
    expected = torch.stack([y, -x, z], -1)  # the crop is turned by 90 degrees
    torch.testing.assert_close(features.landmarks.world[:, BLAZEPOSE_KEYPOINTS], expected, atol=1e-5, rtol=1e-5)
    in_vector = features.vector[:, WORLD].view(2, 39, 3)[:, BLAZEPOSE_KEYPOINTS]
    torch.testing.assert_close(in_vector, 2 * expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(features.vector[:, DEPTHS][:, BLAZEPOSE_KEYPOINTS], z * 100 / 128, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(features.vector[:, POINTS], take.features.vector[:, POINTS])
