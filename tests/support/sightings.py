"""A sighting of a person, from made-up landmarks."""

import numpy as np

from tar_core.camera.crop import Crop
from tar_core.camera.crop_camera import Pinhole
from tar_core.model.features import NUM_LANDMARKS, FrameFeatures, Landmarks
from tar_core.people.track import Sighting

CAMERA = Pinhole(600.0, (319.5, 239.5))  # of an image of 640 x 480 pixels


def random_world() -> np.ndarray:
    """World landmarks [39, 3] of nobody in particular, the same each time."""
    return np.random.default_rng(0).normal(size=(NUM_LANDMARKS, 3)).astype(np.float32) * 0.3


def made_up_sighting(frame: int, points: np.ndarray, world: np.ndarray, visibility: float = 1.0) -> Sighting:
    """The person with track 1 and these landmarks in an image of 640 x 480 pixels.

    Args:
        points: [39, 2] pixels.
        world: [39, 3] meters.
        visibility: of all landmarks.
    """
    crop = Crop(320.0, 240.0, 640.0)
    seen = np.full(NUM_LANDMARKS, visibility, np.float32)
    landmarks = Landmarks(crop.from_image(points)[None], seen[None], seen[None], world[None], np.ones(1, np.float32))
    features = FrameFeatures(np.zeros((1, 0)), np.zeros((1, 0, 64, 64)), landmarks)
    return Sighting(1, frame, crop, features, np.array([0, 0, 640, 480.0]), 1.0, np.zeros(4), np.zeros(3))
