"""Left and right: mirror a motion, or swap the sides of the limbs in a range of frames."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .bone_motion import BoneMotion, ramp, turn

_MIRROR = np.array([1.0, 1.0, -1.0, -1.0])  # a rotation in a mirror that stands in the plane x = 0


def mirrored(motion: BoneMotion, partners: Sequence[int]) -> BoneMotion:
    """Mirror a motion; it starts at the same place in the same direction.

    The mirror is the vertical plane through the root of the first frame, in the direction that the person faces there.

    Args:
        partners: [B] the index of the bone on the other side; the bone's own in the middle.
    """
    heading = motion.headings()[:1]
    aligned = motion.turned(np.repeat(-heading, len(motion)))
    result = replace(aligned, rotations=aligned.rotations[:, partners] * _MIRROR).turned(
        np.repeat(heading, len(motion))
    )
    start = motion.positions[:1] * [1, 1, 0]
    path = turn(motion.positions - start, -heading) * [-1, 1, 1]
    return replace(result, positions=turn(path, heading) + start).continuous()


def swapped(
    motion: BoneMotion, partners: Sequence[int], bones: Sequence[int], first: int, last: int, blend: int = 0
) -> BoneMotion:
    """Swap the sides of limbs in a range of frames; the trunk keeps its motion.

    Args:
        motion: the motion.
        partners: as for `mirrored`.
        bones: indices of the bones to swap; those in the middle are not changed.
        first, last: the range.
        blend: frames before and after the range over which the motion passes into the swapped one.

    Raises:
        TarError: the range is not within the motion.
    """
    start, end = motion.rows(first, last)
    rotations = motion.rotations.copy()
    sided = [bone for bone in bones if partners[bone] != bone]
    rotations[:, sided] = motion.rotations[:, [partners[bone] for bone in sided]] * _MIRROR
    other = replace(motion, rotations=rotations)
    return motion.mixed(other, ramp(len(motion), start, end, blend, blend)).continuous()
