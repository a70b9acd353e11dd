"""Take a range of frames from another motion."""

from dataclasses import replace

import numpy as np

from .bone_motion import BoneMotion, ramp, turn


def spliced(
    motion: BoneMotion, source: BoneMotion, first: int, last: int, offset: int = 0, blend: int = 0, size: float = 1.0
) -> BoneMotion:
    """Replace a range of frames by that of another motion.

    The other motion is moved and turned on the ground so that the root has the place and the heading of this motion
    at both ends of the range; at an end of this motion, at the other end only.

    Args:
        motion: the motion.
        source: of the same bones.
        first, last: the range.
        offset: frames by which the source is later: its frame `first + offset` is taken for `first`.
        blend: frames before and after the range over which one motion passes into the other, as far as both have them.
        size: of this person relative to the other; a ratio of leg lengths. Heights are scaled by it.

    Raises:
        TarError: the range is not within both motions.
    """
    start, end = motion.rows(first, last)
    source_start, source_end = source.rows(first + offset, last + offset)
    before = min(blend, start, source_start)
    after = min(blend, len(motion) - 1 - end, len(source) - 1 - source_end)
    rows = np.clip(np.arange(len(motion)) - start + source_start, 0, len(source) - 1)
    taken = replace(source.at(rows), frames=motion.frames, positions=source.positions[rows] * size)
    anchors = [row for row in (start, end) if 0 < row < len(motion) - 1] or [start]
    share = np.clip((np.arange(len(motion)) - start) / (end - start), 0, 1)
    return motion.mixed(
        _aligned(taken, motion, anchors, share), ramp(len(motion), start, end, before, after)
    ).continuous()


def _aligned(taken: BoneMotion, motion: BoneMotion, anchors: list[int], share: np.ndarray) -> BoneMotion:
    """Move and turn a motion so that its root meets that of another one in some rows.

    Args:
        anchors: one row, or the first and the last row of a range.
        share: [N] 0 at the first of two anchors, 1 at the last.
    """
    angles = [float((motion.headings() - taken.headings())[row]) for row in anchors]
    angles = [angles[0] + (angle - angles[0] + np.pi) % (2 * np.pi) - np.pi for angle in angles]
    ground = np.array([1, 1, 0])
    paths = [
        turn(taken.positions - ground * taken.positions[row], angle) + ground * motion.positions[row]
        for row, angle in zip(anchors, angles, strict=True)
    ]
    positions = paths[0] + share[:, None] * (paths[-1] - paths[0])
    return replace(taken.turned(angles[0] + share * (angles[-1] - angles[0])), positions=positions)
