"""Resampling of motion: to another frame rate, or to the video frames between the processed ones.

Values are interpolated by Catmull-Rom splines (1974): the slope at each frame is that from the frame before to the
frame after. Beyond the ends the curve continues in a straight line. Rotations are interpolated as unit quaternions with
continuous signs, normalized afterwards; between neighboring frames this is as accurate as spherical interpolation.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from tar_core.errors import TarError
from tar_core.motion import MotionClip, PersonMotion
from tar_core.motion_forms import COMPANIONS
from tar_core.rotations import axis_angle_to_quaternion, continuous_quaternions, quaternion_to_axis_angle

# Arrays of a person that are interpolated linearly, since they must stay in their ranges.
_LINEAR = ("boxes", "confidence", "joint_errors", "hand_confidence", "face_values", "face_confidence")
_TOLERANCE = 1e-6  # frames; with rates such as 30000/1001, rounding must not drop a frame


def resample_clip(clip: MotionClip, fps: float) -> MotionClip:
    """Resample a clip to another frame rate. Frame k of the result is at k / fps seconds.

    Raises:
        TarError: the frame rate is not above zero.
    """
    if not fps > 0:
        raise TarError(f"the frame rate is {fps:g}; it must be above zero")
    ratio = fps / clip.fps
    trajectory = None if clip.camera_trajectory is None else clip.camera_trajectory.resampled(ratio)
    people = [resample_person(person, ratio) for person in clip.people]
    shot = None if clip.shot is None else clip.shot.resampled(ratio)
    return replace(clip, fps=fps, people=people, camera_trajectory=trajectory, shot=shot)


def resample_person(person: PersonMotion, ratio: float, delay: float = 0.0) -> PersonMotion:
    """Resample the motion of one person.

    Args:
        person: the motion.
        ratio: new frame rate over old frame rate.
        delay: number of new frames by which the motion is delayed, with fractions.

    Returns:
        The motion at the new frames within the old time span; if there is none, at the nearest new frame.
    """
    frames = _resampled_frames(person.frames, ratio, delay)
    positions = (frames - delay) / ratio - int(person.frames[0])
    return _sample_motion(person, frames, np.clip(positions, 0, len(person) - 1))


def resample_flags(flags: np.ndarray, frames: np.ndarray, ratio: float) -> np.ndarray:
    """Resample flags [N, C] at frame numbers [N] to the frames of `resample_person`: those of the nearest frames."""
    new_frames = _resampled_frames(frames, ratio)
    return np.asarray(flags[np.clip(np.rint(new_frames / ratio).astype(int) - frames[0], 0, len(frames) - 1)])


def _resampled_frames(frames: np.ndarray, ratio: float, delay: float = 0.0) -> np.ndarray:
    """The new frame numbers within the time span of old ones [N]; if there is none, the nearest.

    With a delay, the first and the last one may be half a frame outside, so that a small delay costs no frame.
    """
    tolerance = 0.5 if delay else _TOLERANCE
    first = int(np.ceil(int(frames[0]) * ratio + delay - tolerance))
    last = max(first, int(np.floor(int(frames[-1]) * ratio + delay + tolerance)))
    return np.arange(first, last + 1)


def fill_frames(person: PersonMotion, first: int, step: int, last: int) -> PersonMotion:
    """Interpolate a motion that was computed at every `step`-th video frame to all video frames.

    Args:
        person: frame k of the motion is the video frame first + k step.
        first: first processed video frame.
        step: video frames from one processed frame to the next.
        last: last video frame. A person who is present in the last processed frame is assumed to stay until then.
    """
    begin, end = (first + step * int(frame) for frame in person.frames[[0, -1]])
    frames = np.arange(begin, (last if last - end < step else end) + 1)
    return _sample_motion(person, frames, (frames - begin) / step)


def select_frames(person: PersonMotion, rows: slice) -> PersonMotion:
    """Some frames of a motion without its fingers and face, numbered consecutively from the first one on."""
    names = ("poses", "trans", "boxes", "confidence", "joint_errors")
    arrays = {name: getattr(person, name)[rows] for name in names}
    frames = person.frames[rows][0] + np.arange(len(arrays["trans"]))
    absent: dict[str, Any] = dict.fromkeys(COMPANIONS)
    return replace(person, frames=frames, **absent, **arrays)


def _sample_motion(person: PersonMotion, frames: np.ndarray, positions: np.ndarray) -> PersonMotion:
    """Sample a motion between its frames.

    Args:
        person: the motion.
        frames: [M] new frame numbers.
        positions: [M] where to sample, in frames from the first one.
    """
    hands = person.hand_poses
    linear: dict[str, Any] = {
        name: piecewise_linear(array, positions) for name in _LINEAR if (array := getattr(person, name)) is not None
    }
    return replace(
        person,
        poses=_sample_rotations(person.poses, positions),
        trans=catmull_rom(person.trans.astype(float), positions),
        frames=frames,
        hand_poses=None if hands is None else _sample_rotations(hands, positions),
        **linear,
    )


def _sample_rotations(poses: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Sample axis-angle rotations [N, 3 J] at positions [M]: [M, 3 J]."""
    quaternions = axis_angle_to_quaternion(poses.reshape(len(poses), -1, 3).astype(float))
    interpolated = catmull_rom(continuous_quaternions(quaternions), positions)
    normalized = interpolated / np.linalg.norm(interpolated, axis=-1, keepdims=True)
    return quaternion_to_axis_angle(normalized).reshape(len(positions), -1)


def catmull_rom(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Sample the Catmull-Rom spline through values [N, ...] at positions [M]: [M, ...].

    Positions may lie up to one frame outside 0..N - 1.
    """
    before, after = values[0] - values[min(1, len(values) - 1)], values[-1] - values[max(len(values) - 2, 0)]
    ends = [values[0] + 2 * before], [values[0] + before], [values[-1] + after], [values[-1] + 2 * after]
    points = np.concatenate([ends[0], ends[1], values, ends[2], ends[3]])  # two more frames at each end
    corner = np.clip(np.floor(positions).astype(int), -1, len(values) - 1)
    t = (positions - corner).reshape(-1, *[1] * (values.ndim - 1))
    p0, p1, p2, p3 = (points[corner + k] for k in (1, 2, 3, 4))
    return p1 + t / 2 * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))


def piecewise_linear(values: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Interpolate values [N, ...] linearly at positions [M]: [M, ...]. Beyond the ends the end values are used."""
    inside = np.clip(positions, 0, len(values) - 1)
    before = np.minimum(inside.astype(int), max(len(values) - 2, 0))
    t = (inside - before).reshape(-1, *[1] * (values.ndim - 1))
    return (1 - t) * values[before] + t * values[np.minimum(before + 1, len(values) - 1)]
