"""Landmarks of the middle frame of a window, from a parabola fitted to the landmarks of all its frames."""

from dataclasses import replace

import numpy as np
import torch

from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import Landmarks
from tar_core.model.precision import full_precision


@full_precision
def fit_landmarks(landmarks: Landmarks, camera: CropCamera) -> Landmarks:
    """Remove jitter from the landmarks of the middle frame by fitting a parabola to each over the window.

    The 2D and world landmarks are the values of the parabola at the middle frame; confidences are those of the middle
    frame. Parabolas are fitted in the camera frame and in frame pixels, which do not have the jitter of the crops.

    Args:
        landmarks: [B, T] landmarks of T consecutive frames.
        camera: [B, T] cameras of their crops.

    Returns:
        [B] landmarks.
    """
    window = int(camera.roll.shape[1])
    middle = window // 2
    weights = torch.from_numpy(savitzky_golay(window)).to(landmarks.points)
    middle_camera, all_cameras = camera[:, middle : middle + 1], camera[:, :, None]
    frame_pixels = all_cameras.from_crop_pixels(landmarks.points)
    points = middle_camera.to_crop_pixels(torch.einsum("t,btnc->bnc", weights, frame_pixels))
    world = all_cameras.unroll_camera(landmarks.world)
    world = middle_camera.roll_camera(torch.einsum("t,btnc->bnc", weights, world))
    return replace(landmarks[:, middle], points=points, world=world)


def savitzky_golay(window: int) -> np.ndarray:
    """Weights [window] of the value at the middle of a least-squares parabola (Savitzky and Golay 1964); odd window."""
    time = np.arange(window) - window // 2
    return np.linalg.pinv(np.stack([time**0, time, time**2], 1))[0]
