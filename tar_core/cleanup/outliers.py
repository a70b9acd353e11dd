"""Limbs that are flung away for a few frames and come back: a left and a right taken for each other, a limb lost.

A joint that leaps from one frame to the next, stays away for a moment and leaps back again did not move so: bodies are
slow to start and to stop, and even the quickest kick swings through the frames before and after its fastest one. What
lies between two such leaps is replaced by the shortest turn from the frame before to the frame after.
"""

from dataclasses import replace

import numpy as np

from tar_core.motion import PersonMotion
from tar_core.rotations import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    matrix_to_axis_angle,
    quaternion_to_axis_angle,
    slerp,
)
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS

# What leaps together where a left and a right are taken for each other.
LIMBS = [
    [JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right") for part in parts]
    for parts in (("hip", "knee", "ankle"), ("collar", "shoulder", "elbow", "wrist"))
]
LONGEST = 0.25  # seconds for which a joint may be away
_LEAP = np.radians(35)  # the least turn of a leap
_FRAME = 1 / 30  # seconds that a leap takes: videos of more frames a second are looked at about so often
_ISOLATED = 3.0  # times as far as the joint turns in the frames around
_AROUND = 4  # frames of these, on either side
_ALONE = 0.9  # of a limb's leap: done by one joint
_BACK = 0.8  # of the smaller leap: how far from where it left the joint may come back


def fill_outliers(person: PersonMotion, fps: float) -> PersonMotion:
    """The motion with flung joints brought back; all others stay exactly as they are.

    Args:
        fps: frames a second of the motion.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3)
    rotations = axis_angle_to_matrix(poses.astype(np.float64))
    filled = poses.copy()
    for joints in (*LIMBS, *([joint] for joint in range(NUM_JOINTS))):
        for before, after in flung(rotations[:, joints], fps):
            middle = (before + after) // 2
            away = [float(_angle(rotations[before, [joint]], rotations[middle, [joint]])) for joint in joints]
            if len(joints) > 1 and max(away) > _ALONE * np.linalg.norm(away):
                continue  # one joint's leap, which does not concern the others
            for joint in joints:
                turned = _between(filled[before, joint], filled[after, joint], after - before)
                filled[before + 1 : after, joint] = turned
                rotations[before + 1 : after, joint] = axis_angle_to_matrix(turned)
    return replace(person, poses=filled.reshape(len(person), -1))


def flung(rotations: np.ndarray, fps: float) -> list[tuple[int, int]]:
    """The stretches in which some joints, [N, J, 3, 3], are away: the last frame before, and the first after."""
    lag = max(1, round(_FRAME * fps))  # frames that a leap takes
    if len(rotations) < 2 * lag + 1:
        return []
    turns = _angle(rotations[:-lag], rotations[lag:])  # [N - lag], from each frame to the one a lag later
    leaps = _leaps(turns, lag)
    found: list[tuple[int, int]] = []
    for first in leaps:
        if found and first < found[-1][1]:
            continue
        for last in leaps[(leaps >= first + lag) & (leaps <= first + lag + LONGEST * fps)]:
            back = _angle(rotations[first], rotations[last + lag])
            if back < _BACK * min(turns[first], turns[last]):
                found.append((int(first), int(last + lag)))
                break
    return found


def _leaps(turns: np.ndarray, lag: int) -> np.ndarray:
    """The frames from which a joint leaps, given how far it turns [M] in a lag: far, and farther than around them."""
    large = np.flatnonzero(turns > _LEAP)
    isolated = []
    for frame in large:
        around = [
            turns[place]
            for step in range(1, _AROUND + 1)
            for place in (frame - lag * step, frame + lag * step)
            if 0 <= place < len(turns)
        ]
        # A leap back is one more large turn: half of those around may be.
        usual = float(np.median(around)) if around else 0.0
        near = turns[max(frame - lag + 1, 0) : frame + lag]
        if turns[frame] > _ISOLATED * usual and turns[frame] == near.max():
            isolated.append(frame)
    return np.array(isolated, int)


def _angle(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Radians between the rotations of joints [..., J, 3, 3], all together."""
    return np.linalg.norm(matrix_to_axis_angle(start.swapaxes(-1, -2) @ end), axis=(-2, -1))


def _between(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """[steps - 1, 3] axis-angles on the shortest turn from one [3] to another, without both."""
    share = np.arange(1, steps) / steps
    first, last = (np.tile(axis_angle_to_quaternion(pose.astype(np.float64)), (steps - 1, 1)) for pose in (start, end))
    return np.asarray(quaternion_to_axis_angle(slerp(first, last, share)))
