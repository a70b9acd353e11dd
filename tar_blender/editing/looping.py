"""Loops: the part of a motion that repeats best, and its last frame made equal to the first one."""

from dataclasses import replace

import numpy as np

from tar_core.errors import TarError
from tar_core.rotations import (
    axis_angle_to_quaternion,
    quaternion_between,
    quaternion_product,
    quaternion_to_axis_angle,
    slerp,
)

from .bone_motion import BoneMotion, turn

_SPEED_WEIGHT = 3.0  # frames; of a difference in speed, relative to one in pose


def find_loop(motion: BoneMotion, shortest: int) -> tuple[int, int]:
    """Find the two frames of a motion between which it repeats best: similar poses that change alike.

    Args:
        motion: the motion.
        shortest: frames between them, at least.

    Returns:
        The first and the last frame.

    Raises:
        TarError: the motion is too short.
    """
    if len(motion) < shortest + 3:
        raise TarError(f"the range has {len(motion)} frames, too few for a loop of {shortest}; choose a longer one")
    upright = motion.turned(-motion.headings()).continuous()
    poses = np.concatenate([upright.rotations.reshape(len(motion), -1), motion.positions[:, 2:]], 1)
    traits = np.concatenate([poses, _SPEED_WEIGHT * np.gradient(poses, axis=0)], 1)
    best, found = np.inf, (0, len(motion) - 1)
    for length in range(shortest, len(motion) - 2):
        distances = np.linalg.norm(traits[1 + length : -1] - traits[1 : -1 - length], axis=1)
        row = int(distances.argmin())
        if distances[row] < best:
            best, found = float(distances[row]), (row + 1, row + 1 + length)
    return int(motion.frames[found[0]]), int(motion.frames[found[1]])


def looped(motion: BoneMotion, first: int, last: int, blend: int, travels: bool = False) -> BoneMotion:
    """Make a range of frames a loop: the last pose is the first one, and the speed does not jump there.

    The person no longer turns on the whole, and stays in place on the whole.

    Args:
        motion: the motion.
        first, last: the range.
        blend: frames at each end over which the poses are changed.
        travels: keep the distance that the person travels, along a straight line; the last frame is then the first
            one, moved.

    Raises:
        TarError: the range is not within the motion.
    """
    straight, travel = _without_drift(motion.part(first, last))
    blend = int(np.clip(blend, 2, len(straight) // 2))
    rotations = np.stack(
        [_closed_rotations(straight.rotations[:, bone], blend) for bone in range(len(motion.bones))], 1
    )
    positions = _closed(straight.positions, blend)
    if travels:
        positions = positions + np.linspace(0, 1, len(positions))[:, None] * travel
    return replace(straight, rotations=rotations, positions=positions).continuous()


def _without_drift(motion: BoneMotion) -> tuple[BoneMotion, np.ndarray]:
    """Make the path straight, with the first frame's heading on the last frame, and take the travel [3] out of it."""
    share = np.linspace(0, 1, len(motion))
    headings = motion.headings()
    turns = -share * (headings[-1] - headings[0])
    steps = turn(np.diff(motion.positions, axis=0), (turns[1:] + turns[:-1]) / 2)
    path = motion.positions[0] + np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    travel = (path[-1] - path[0]) * [1, 1, 0]
    return replace(motion.turned(turns), positions=path - share[:, None] * travel), travel


def _closed(values: np.ndarray, blend: int) -> np.ndarray:
    """Change the ends of values [N, C] so that the last row equals the first, with the same slope.

    Half of the difference is added at each end, as a cubic that leaves the rest of the values with slope 0.
    """
    slope_first, slope_last = _slope(values[:3]), -_slope(values[:-4:-1])
    gap, bend = values[0] - values[-1], slope_first - slope_last
    time = np.arange(blend + 1)[:, None]  # from where the change begins to the end
    share = time / blend
    end = share**2 * (3 - 2 * share) * gap / 2 + (share**3 - share**2) * blend * bend / 2
    start = -(share**2) * (3 - 2 * share) * gap / 2 + (share**3 - share**2) * blend * bend / 2
    result = values.copy()
    result[-blend - 1 :] += end
    result[: blend + 1] += start[::-1]
    return result


def _closed_rotations(quaternions: np.ndarray, blend: int) -> np.ndarray:
    """As `_closed`, for rotations [N, 4]: in rotation vectors relative to the middle of both ends."""
    first, last = quaternions[0], quaternions[-1]
    middle = np.broadcast_to(slerp(first, last, np.array(0.5)), quaternions.shape)
    vectors = quaternion_to_axis_angle(quaternion_between(middle, quaternions))
    return quaternion_product(middle, axis_angle_to_quaternion(_closed(vectors, blend)))


def _slope(values: np.ndarray) -> np.ndarray:
    """The change per row at the first of three rows [3, C], of the parabola through them."""
    return np.asarray(-1.5 * values[0] + 2 * values[1] - 0.5 * values[2])
