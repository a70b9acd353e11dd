"""Captured motion at other moments: at another frame rate, or at the frames between those that were looked at.

Cubic curves run through the frames (Catmull and Rom 1974: at each frame the slope from the one before to the one
after), beyond the ends straight on. Rotations take them as unit quaternions on one half sphere, brought back to unit
length; between neighboring frames of a motion that is as good as the sphere's own curves.
"""

from dataclasses import replace

import numpy as np

from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_quaternion, continuous_quaternions, quaternion_to_axis_angle

_TOLERANCE = 1e-6  # frames; rates such as 30000/1001 must not lose a frame to rounding


def resample_clip(clip: MotionClip, fps: float) -> MotionClip:
    """Everybody's motion at `fps` frames a second: frame k of the result stands at k / fps seconds.

    Raises:
        TarError: a frame rate that isn't above zero.
    """
    if not fps > 0:
        raise TarError(f"the frame rate is {fps:g}; give one above zero")
    ratio = fps / clip.fps
    path = None if clip.camera_trajectory is None else clip.camera_trajectory.resampled(ratio)
    people = [resample_person(person, ratio) for person in clip.people]
    return replace(clip, fps=fps, people=people, camera_trajectory=path)


def resample_person(person: PersonMotion, ratio: float) -> PersonMotion:
    """One person's motion with `ratio` frames for each frame of before.

    The new frames are those inside the old time span; of a motion too short to hold one, the nearest is kept.
    """
    old_first, old_last = int(person.frames[0]), int(person.frames[-1])
    first = int(np.ceil(old_first * ratio - _TOLERANCE))
    last = max(first, int(np.floor(old_last * ratio + _TOLERANCE)))
    frames = np.arange(first, last + 1)
    return _motion_at(person, frames, np.clip(frames / ratio - old_first, 0, len(person) - 1))


def fill_frames(person: PersonMotion, first: int, step: int, last: int) -> PersonMotion:
    """The motion at every frame of a video of which every `step`-th was looked at.

    Args:
        person: its frame k is the video's frame first + k step.
        last: the video's last frame; whoever was there in the last frame looked at is taken to be there until then.
    """
    begin, end = (first + step * int(frame) for frame in person.frames[[0, -1]])
    frames = np.arange(begin, (last if last - end < step else end) + 1)
    return _motion_at(person, frames, (frames - begin) / step)


def _motion_at(person: PersonMotion, frames: np.ndarray, place: np.ndarray) -> PersonMotion:
    """The motion at `place` [M], counted in frames from its first; `frames` [M] are the new numbers."""
    quaternions = axis_angle_to_quaternion(person.poses.reshape(len(person), -1, 3).astype(float))
    curves = cubic(continuous_quaternions(quaternions), place)
    turned = curves / np.linalg.norm(curves, axis=-1, keepdims=True)
    return replace(
        person,
        poses=quaternion_to_axis_angle(turned).reshape(len(frames), -1),
        trans=cubic(person.trans.astype(float), place),
        frames=frames,
        boxes=linear(person.boxes, place),
        confidence=linear(person.confidence, place),
        joint_errors=linear(person.joint_errors, place),
    )


def cubic(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """[N, ...] -> [M, ...]: Catmull and Rom's curve at the places [M], which may lie up to a frame outside 0..N - 1."""
    before, after = values[0] - values[min(1, len(values) - 1)], values[-1] - values[max(len(values) - 2, 0)]
    ends = [values[0] + 2 * before], [values[0] + before], [values[-1] + after], [values[-1] + 2 * after]
    points = np.concatenate([ends[0], ends[1], values, ends[2], ends[3]])  # two frames more at either end
    corner = np.clip(np.floor(place).astype(int), -1, len(values) - 1)
    t = (place - corner).reshape(-1, *[1] * (values.ndim - 1))
    p0, p1, p2, p3 = (points[corner + k] for k in (1, 2, 3, 4))
    return p1 + t / 2 * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))


def linear(values: np.ndarray, place: np.ndarray) -> np.ndarray:
    """[N, ...] -> [M, ...]: straight lines between the frames, beyond the ends their values."""
    inside = np.clip(place, 0, len(values) - 1)
    before = np.minimum(inside.astype(int), max(len(values) - 2, 0))
    t = (inside - before).reshape(-1, *[1] * (values.ndim - 1))
    return (1 - t) * values[before] + t * values[np.minimum(before + 1, len(values) - 1)]
