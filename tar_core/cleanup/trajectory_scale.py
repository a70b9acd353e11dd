"""Estimate the scale of a camera trajectory from the feet of the people in the clip.

A trajectory that was solved from images alone has an unknown scale. People have a known size, so the scale can be found
from them: with a wrong scale, their feet slide with the camera.
"""

import numpy as np

from tar_core.body.data import BodyData
from tar_core.cleanup.foot_locking import foot_points, stance_weights
from tar_core.motion import MotionClip

SCALE_TOLERANCE = 1.3  # factor by which the scale of a trajectory may seem wrong before it is worth a warning
_SHORTEST_PATH = 0.5  # meters; a trajectory that is shorter than this at the largest scale gives no information
_LARGEST_SCALE, _NUM_SCALES = 20.0, 121  # scales to try: from 1/20 to 20, 5 % apart
_DISTINCT = 1.5  # the best scale must give this many times the stance of the median scale


def scale_from_feet(clip: MotionClip, body: BodyData) -> float | None:
    """Find the factor for the clip's camera trajectory at which feet are in stance for the longest time.

    Args:
        clip: motion in the world frame of its camera trajectory.
        body: the clip's body.

    Returns:
        The factor; None if the camera is static or hardly moves, or if no scale is clearly better than the others.
    """
    trajectory = clip.camera_trajectory
    if trajectory is None or trajectory.length < _SHORTEST_PATH / _LARGEST_SCALE:
        return None
    scales = np.geomspace(1 / _LARGEST_SCALE, _LARGEST_SCALE, _NUM_SCALES)
    stance = np.zeros(_NUM_SCALES)
    for person in clip.people:
        if len(person) < 2:
            continue
        camera = trajectory.positions_at(person.frames)
        from_camera = foot_points(person, body) - camera[:, None]
        for k, scale in enumerate(scales):
            stance[k] += stance_weights(from_camera + scale * camera[:, None], clip.fps, scale * camera).sum()
    best = int(stance.argmax())
    distinct = stance[best] > _DISTINCT * np.median(stance) and 0 < best < _NUM_SCALES - 1
    return float(scales[best]) if distinct else None
