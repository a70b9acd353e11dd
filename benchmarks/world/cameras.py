"""Cameras of the world benchmark: static, panned and handheld, in a world with y up."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from tar_core.rotations import axis_angle_to_matrix, rotation_z
from tar_core.synthetic.motions import FPS

PAN_LAG = 0.2  # seconds by which a panning camera follows its subject
PAN_SMOOTHING = 0.4  # seconds
SHAKE = np.radians(0.5)  # amplitude of a hand's rotations
SWAY = 0.02  # meters, standard deviation of a hand's movements
FOLLOW = 0.5  # share of the subject's path that a handheld camera follows
RATES = np.array([0.7, 1.9, 3.7, 6.1])  # Hz of the shake
MOVEMENTS = ("static", "pan", "handheld")


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Rotation [3, 3] from the world (y up) to a camera without roll that looks at a point."""
    forward = target - position
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1, 0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def camera_path(
    movement: str, position: np.ndarray, subject: np.ndarray, roll: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Move a camera.

    Args:
        movement: one of MOVEMENTS. A static camera looks at the middle of the subject's path, a panning one follows the
            subject, a handheld one follows half of the path, shakes and sways.
        position: [3] in the world, meters.
        subject: [T, 3] what the camera looks at, meters.
        roll: degrees.

    Returns:
        [T, 3, 3] from the world to the camera, and [T, 3] positions.
    """
    count = len(subject)
    middle = (subject.min(0) + subject.max(0)) / 2
    positions = np.tile(position, (count, 1))
    if movement == "static":
        targets = np.tile(middle, (count, 1))
    else:
        late = subject[np.maximum(np.arange(count) - round(PAN_LAG * FPS), 0)]
        targets = gaussian_filter1d(late, PAN_SMOOTHING * FPS, axis=0, mode="nearest")
        targets[:, 1] = middle[1]
    if movement == "handheld":
        targets = FOLLOW * targets + (1 - FOLLOW) * middle
        positions = positions + SWAY * _waves(random, count, 0.3)
    rotations = np.stack([look_at(*pair) for pair in zip(positions, targets, strict=True)])
    rotations = rotation_z(np.array(np.radians(roll))) @ rotations
    if movement == "handheld":
        rotations = axis_angle_to_matrix(SHAKE * _waves(random, count, 1.0)) @ rotations
    return rotations, positions


def _waves(random: np.random.Generator, count: int, speed: float) -> np.ndarray:
    """Sums [count, 3] of sine waves that imitate a hand, at RATES times `speed`."""
    time = np.arange(count) / FPS
    phases = random.uniform(0, 2 * np.pi, (3, len(RATES)))
    return (np.sin(2 * np.pi * speed * RATES * time[:, None, None] + phases) * (1.0, 0.5, 0.25, 0.12)).sum(-1)
