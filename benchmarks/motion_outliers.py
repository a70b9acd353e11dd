"""How many outliers in known motion the clean-up repairs (tar_core/cleanup/outliers.py)."""

from dataclasses import replace

import numpy as np

from benchmarks.recordings import with_errors
from tar_core.cleanup.outliers import fill_outliers
from tar_core.motion import PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, NUM_JOINTS, pose_skeleton
from tar_core.synthetic.motions import FPS, Motion

OUTLIERS = 6  # that are added to each recording, one at a time
NOTICEABLE = 0.15  # meters; outliers that move no joint by this much do not count
MIRRORED = np.array([1.0, -1, -1])  # factors that mirror the axis-angle of a joint to the other side


def add_outlier(poses: np.ndarray, random: np.random.Generator) -> tuple[str, np.ndarray, slice]:
    """Swap the legs or the arms in 1 to 6 frames, or rotate one joint in them by 45 to 110 degrees.

    Args:
        poses: [N, 24, 3] axis-angles.

    Returns:
        "swapped" or "lost", the changed poses, and the changed frames.
    """
    frames = int(random.integers(1, 7))
    first = int(random.integers(5, len(poses) - frames - 5))
    away = slice(first, first + frames)
    changed = poses.copy()
    if random.random() < 0.5:
        parts = ("hip", "knee", "ankle") if random.random() < 0.5 else ("collar", "shoulder", "elbow", "wrist")
        for part in parts:
            left, right = (JOINT_NAMES.index(f"{side}_{part}") for side in ("left", "right"))
            changed[away, left], changed[away, right] = poses[away, right] * MIRRORED, poses[away, left] * MIRRORED
        return "swapped", changed, away
    joint = JOINT_NAMES.index(
        f"{random.choice(['left', 'right'])}_{random.choice(['hip', 'knee', 'shoulder', 'elbow'])}"
    )
    axis = random.normal(size=3)
    turn = axis_angle_to_matrix(np.radians(random.uniform(45, 110)) * axis / np.linalg.norm(axis))
    changed[away, joint] = matrix_to_axis_angle(axis_angle_to_matrix(poses[away, joint]) @ turn)
    return "lost", changed, away


def print_outliers(recordings: list[Motion], rest: np.ndarray) -> None:
    """Print how many outliers are repaired, and how many frames of the recordings themselves are taken for outliers.

    An outlier is repaired if the error of the worst joint shrinks to less than a third.

    Args:
        rest: [24, 3] joints of the rest pose, meters.
    """
    random = np.random.default_rng(0)
    repaired: dict[str, list[bool]] = {"swapped": [], "lost": []}
    false_alarms: dict[str, list[int]] = {}  # source of the recordings -> [changed frames, all frames]
    for motion in recordings:
        person = with_errors(in_place(motion), random)
        changed = (fill_outliers(person, FPS).poses != person.poses).any(1)
        counts = false_alarms.setdefault(motion.name.partition("/")[0], [0, 0])
        counts[0], counts[1] = counts[0] + int(changed.sum()), counts[1] + len(motion)
        poses = person.poses.reshape(len(motion), NUM_JOINTS, 3).astype(float)
        for _ in range(OUTLIERS):
            kind, changed_poses, away = add_outlier(poses, random)
            filled = fill_outliers(replace(person, poses=changed_poses.reshape(len(motion), -1)), FPS)
            filled_poses = filled.poses.reshape(poses.shape).astype(float)
            before, after = (
                largest_distance(other[away], poses[away], rest) for other in (changed_poses, filled_poses)
            )
            if before > NOTICEABLE:
                repaired[kind].append(bool(after < before / 3))
    for kind, results in repaired.items():
        print(f"limbs {kind}: {np.mean(results):.0%} of {len(results)} repaired")
    for source, (changed_frames, frames) in false_alarms.items():
        print(f"false alarms in the motion of {source}: {changed_frames} of {frames} frames")


def in_place(motion: Motion) -> PersonMotion:
    """A recording without translation, 4 m in front of the camera."""
    count = len(motion)
    trans = np.tile([0.0, 0, 4], (count, 1))
    flat = motion.poses.reshape(count, -1)
    return PersonMotion(1, flat, np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count))


def largest_distance(poses: np.ndarray, true: np.ndarray, rest: np.ndarray) -> float:
    """Mean over frames of the largest distance of a joint between two motions [N, 24, 3], meters."""
    positions, truth = (pose_skeleton(posed, rest)[1] for posed in (poses, true))
    return float(np.linalg.norm(positions - truth, axis=-1).max(1).mean())
