"""A recording of a standing person, for tests of the motion benchmark."""

import numpy as np

from benchmarks.recordings import in_camera
from tar_core.body.data import BodyData
from tar_core.motion import PersonMotion
from tar_core.synthetic.motions import Motion
from tar_core.synthetic.scene import sample_camera


def standing_recording(count: int = 90) -> Motion:
    """A person who stands still and raises one arm."""
    poses = np.zeros((count, 24, 3))
    poses[:, 16, 2] = np.linspace(0, 1, count)
    return Motion("test/stand", poses, np.tile([0.0, 0.95, 0.0], (count, 1)))


def standing_person(body: BodyData, random: np.random.Generator) -> PersonMotion:
    """The same person as a random camera sees them."""
    motion = standing_recording()
    return in_camera(motion, sample_camera(random, motion.trans[:, None] + 0.5, truncate=False), body)
