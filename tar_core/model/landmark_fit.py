"""Steady landmarks: what the backbone's landmarks of a whole window say about its middle frame."""

from dataclasses import replace

import torch
from torch import Tensor

from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import Landmarks
from tar_core.model.precision import full_precision


@full_precision
def steady_landmarks(landmarks: Landmarks, camera: CropCamera) -> Landmarks:
    """The middle frame's landmarks without their jitter: a parabola is laid through each one's path over the window.

    2D and world landmarks become those of the parabola at the middle frame; confidences stay the middle frame's own.

    Args:
        landmarks: of T consecutive frames, batch shape [B, T].
        camera: of their crops, [B, T]; paths are followed in the image, where the crops' own jitter is gone.
    """
    window = camera.roll.shape[1]
    middle = window // 2
    weights = savitzky_golay(window).to(landmarks.points)
    own, every = camera[:, middle : middle + 1], camera[:, :, None]
    image = every.from_crop_pixels(landmarks.points)
    points = own.to_crop_pixels(torch.einsum("t,btnc->bnc", weights, image))
    world = own.roll_camera(torch.einsum("t,btnc->bnc", weights, every.unroll_camera(landmarks.world)))
    return replace(landmarks[:, middle], points=points, world=world)


def savitzky_golay(window: int) -> Tensor:
    """[window] weights that give a least-squares parabola's value in the middle (Savitzky & Golay 1964); odd window."""
    time = torch.arange(window, dtype=torch.float64) - window // 2
    powers = torch.stack([time**0, time, time**2], 1)
    return torch.linalg.pinv(powers)[0]
