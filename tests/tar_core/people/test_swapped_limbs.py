import numpy as np
import pytest

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import CropCamera
from tar_core.model.features import (
    CONFIDENCES,
    DEPTHS,
    NUM_LANDMARKS,
    POINTS,
    VECTOR_SIZE,
    WORLD,
    FrameFeatures,
    Landmarks,
)
from tar_core.people.swapped_limbs import ARMS, LEGS, LimbCorrector, swap_sides

COUNT = 60


def walker(frame: int, fps: float) -> np.ndarray:
    """Landmarks [39, 2] of somebody who walks past: legs and arms pass each other twice a second."""
    swing = np.cos(2 * np.pi * frame / fps)
    points = np.zeros((NUM_LANDMARKS, 2))
    points[:, 0] = 128 + 30 * np.where(np.arange(NUM_LANDMARKS) % 2, swing, -swing)
    points[list(range(11, 13)) + list(range(23, 25)), 0] = 128
    points[:, 1] = np.linspace(40, 220, NUM_LANDMARKS)
    return points


def features_of(points: np.ndarray) -> FrameFeatures:
    """Features whose vector and landmarks hold the points."""
    landmarks = Landmarks.unknown([1])
    landmarks.points[0] = points
    landmarks.world[0, :, 0] = points[:, 0]
    landmarks.visibility[0] = landmarks.presence[0] = points[:, 0] / 256
    vector = np.zeros((1, VECTOR_SIZE), np.float32)
    vector[0, POINTS] = points.ravel()
    vector[0, DEPTHS] = points[:, 0]
    vector[0, CONFIDENCES] = np.repeat(points[:, 0], 2)
    vector[0, WORLD] = np.repeat(points[:, 0], 3)
    return FrameFeatures(vector, np.zeros((1, 0, 64, 64)), landmarks)


def correct(frames: list[FrameFeatures], fps: float = 30.0, roll: float = 0.0) -> list[FrameFeatures]:
    corrector, camera = LimbCorrector(fps), CropCamera.from_crop(Crop(0, 0, 300, roll), 500, (0, 0))
    corrected = [pair for frame in frames for pair in corrector.push(frame, camera)]
    assert len(corrected) < len(frames), "frames are decided later"
    corrected += corrector.finish()
    changed = [
        not np.array_equal(features.landmarks.points[:, ARMS], frame.landmarks.points[:, ARMS])
        for (features, _), frame in zip(corrected, frames, strict=True)
    ]
    assert corrector.swapped_arms == np.flatnonzero(changed).tolist()
    return [features for features, _ in corrected]


@pytest.mark.parametrize("limb", [LEGS, ARMS])
@pytest.mark.parametrize("swapped", [range(10, 13), range(20, 25), range(0, 3), range(57, 60)])
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_swapped_limbs_are_swapped_back(limb: range, swapped: range, fps: float) -> None:
    true = [features_of(walker(frame, fps)) for frame in range(COUNT)]
    seen = [swap_sides(features, limb) if frame in swapped else features for frame, features in enumerate(true)]
    apart = [abs(np.cos(2 * np.pi * frame / fps)) > 0.45 for frame in range(COUNT)]  # where a swap can be seen
    assert any(apart[frame] for frame in swapped)
    corrected = correct(seen, fps, roll=0.3)
    for frame in np.flatnonzero(apart):
        features, expected = corrected[frame], true[frame]
        np.testing.assert_array_equal(features.landmarks.points, expected.landmarks.points, err_msg=str(frame))
        np.testing.assert_array_equal(features.vector, expected.vector)


def test_right_landmarks_are_unchanged() -> None:
    """Limbs that pass each other and noise are not taken for a swap."""
    random = np.random.default_rng(0)
    true = [features_of(walker(frame, 30) + random.normal(size=(NUM_LANDMARKS, 2))) for frame in range(COUNT)]
    for features, expected in zip(correct(true), true, strict=True):
        assert features is expected


def test_a_swap_changes_both_sides_of_all_that_is_known_of_a_landmark() -> None:
    features = features_of(np.random.default_rng(1).uniform(size=(NUM_LANDMARKS, 2)) * 256)
    swapped = swap_sides(features, LEGS)
    for name in ("points", "world", "visibility", "presence"):
        before, after = getattr(features.landmarks, name)[0], getattr(swapped.landmarks, name)[0]
        np.testing.assert_array_equal(after[25], before[26])
        np.testing.assert_array_equal(after[32], before[31])
        np.testing.assert_array_equal(after[:25], before[:25])
    np.testing.assert_array_equal(swapped.vector[0, POINTS].reshape(-1, 2)[25], features.landmarks.points[0, 26])
    np.testing.assert_array_equal(swap_sides(swapped, LEGS).vector, features.vector)
