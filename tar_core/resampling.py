"""Captured motion at another frame rate, correct in time: frame k of the result stands at k / fps seconds.

Rotations go along the shortest arc between the two frames around each moment, everything else along a straight line.
"""

from dataclasses import replace

import numpy as np

from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_quaternion, quaternion_to_axis_angle, slerp

_TOLERANCE = 1e-6  # frames; rates such as 30000/1001 must not lose a frame to rounding


def resample_clip(clip: MotionClip, fps: float) -> MotionClip:
    """Everybody's motion at `fps` frames a second.

    Raises:
        TarError: a frame rate that isn't above zero.
    """
    if not fps > 0:
        raise TarError(f"the frame rate is {fps:g}; give one above zero")
    return replace(clip, fps=fps, people=[resample_person(person, fps / clip.fps) for person in clip.people])


def resample_person(person: PersonMotion, ratio: float) -> PersonMotion:
    """One person's motion with `ratio` frames for each frame of before.

    The new frames are those inside the old time span; of a motion too short to hold one, the nearest is kept.
    """
    old_first, old_last = int(person.frames[0]), int(person.frames[-1])
    first = int(np.ceil(old_first * ratio - _TOLERANCE))
    last = max(first, int(np.floor(old_last * ratio + _TOLERANCE)))
    frames = np.arange(first, last + 1)
    place = np.clip(frames / ratio - old_first, 0, len(person) - 1)
    before = np.minimum(place.astype(int), max(len(person) - 2, 0))
    after = np.minimum(before + 1, len(person) - 1)
    fraction = place - before

    def between(values: np.ndarray) -> np.ndarray:
        values = values.astype(float)
        weight = fraction.reshape(-1, *[1] * (values.ndim - 1))
        return (1 - weight) * values[before] + weight * values[after]

    quaternions = axis_angle_to_quaternion(person.poses.reshape(len(person), -1, 3).astype(float))
    turned = slerp(quaternions[before], quaternions[after], fraction[:, None])
    return replace(
        person,
        poses=quaternion_to_axis_angle(turned).reshape(len(frames), -1),
        trans=between(person.trans),
        frames=frames,
        boxes=between(person.boxes),
        confidence=between(person.confidence),
        joint_errors=between(person.joint_errors),
    )
