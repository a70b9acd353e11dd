"""One motion from the sightings of a person in several views.

1. Each joint is at the mean of its sightings, weighted by their inverse covariances. So views from different sides
   replace each other's uncertain depth.
2. The rotation of each joint is first the mean of the views. Then its bones are turned toward the fused joints, parents
   before children. What the joints do not tell, such as the twist of a bone, stays that of the mean.

Within a short time before a view loses the person, and after it has found the person, its weight changes gradually. At
the ends of the motion, shorter times in which not all views see the person are left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tar_core.filters import true_runs
from tar_core.motion import PersonMotion
from tar_core.npz import MAX_FRAME
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle, nearest_rotations, rotation_between
from tar_core.skeleton import NUM_JOINTS, PARENTS
from tar_core.views.sightings import Sightings

_FADE = 0.5  # seconds within which the weight of a view changes at the ends of its motion
_FAINT = 1e-4  # weight of a view at these ends
WHOLE_SPAN = (0, MAX_FRAME)
_CHILDREN = [[child for child in range(NUM_JOINTS) if PARENTS[child] == joint] for joint in range(NUM_JOINTS)]
_LEAST = 1e-6  # weight of fingers and faces that no view sees
_MIN_ERROR = 1e-3  # meters; smaller errors are raised to this value


def fuse_person(
    people: Sequence[PersonMotion],
    sightings: Sequence[Sightings],
    rest: np.ndarray,
    fps: float,
    span: tuple[int, int] = WHOLE_SPAN,
) -> PersonMotion:
    """Fuse the motions of a person in several views.

    Args:
        people: the motions, which may have different frames.
        sightings: of these, all in the frame of the first view.
        rest: [24, 3] joints of the body in the T-pose, meters.
        fps: frame rate.
        span: first and last frame that the result may have.

    Returns:
        The motion in the frame of the first view, in frames that are connected with those of the first view. Its boxes
        are those of the first view, or zeros.
    """
    frames = _frames(people, fps, span)
    rows = [_rows(person, frames) for person in people]  # of each view's arrays
    weights = np.stack([_weights(person, frames, fps) for person in people])
    seen = [one.rows(row) for one, row in zip(sightings, rows, strict=True)]
    joints, errors = fuse_joints(seen, weights)
    poses, trans = pose_toward(joints, fuse_rotations(seen, weights), rest)
    visible = weights > 0
    confidence = np.stack([person.confidence[row] for person, row in zip(people, rows, strict=True)])
    return replace(
        people[0],
        poses=poses,
        trans=trans,
        frames=frames,
        boxes=np.where(visible[0, :, None], people[0].boxes[rows[0]], 0.0),
        confidence=np.where(visible, confidence, 0.0).max(0),
        joint_errors=errors,
        **_fingers_and_face(people, rows, weights),
    )


def fuse_joints(views: Sequence[Sightings], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fuse the joints of the same frames.

    Args:
        views: V sightings of N frames.
        weights: [V, N] of the views.

    Returns:
        joints: [N, 24, 3] most likely positions, meters.
        errors: [N, 24] expected errors relative to the root, meters.
    """
    total, weighted, certainty = 0.0, 0.0, 0.0
    for view, weight in zip(views, weights, strict=True):
        information = weight[:, None, None, None] * np.linalg.inv(view.covariances())
        total = total + information
        weighted = weighted + information @ view.joints[..., None]
        certainty = certainty + weight[:, None] / np.maximum(view.errors, _MIN_ERROR) ** 2
    errors = np.asarray(certainty) ** -0.5
    errors[:, 0] = 0.0  # of the root relative to itself
    return np.linalg.solve(total, weighted)[..., 0], errors


def fuse_rotations(views: Sequence[Sightings], weights: np.ndarray) -> np.ndarray:
    """The weighted mean [N, 24, 3, 3] of the global rotations of the same frames (chordal mean)."""
    total = np.zeros(views[0].rotations.shape)
    for view, weight in zip(views, weights, strict=True):
        certainty = weight[:, None] / np.maximum(_rotation_errors(view.errors), _MIN_ERROR) ** 2
        total += certainty[..., None, None] * view.rotations
    return nearest_rotations(total)


def pose_toward(joints: np.ndarray, rotations: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pose the body so that its joints are close to given ones.

    Args:
        joints: [N, 24, 3] targets, meters.
        rotations: [N, 24, 3, 3] global rotations to start from.
        rest: [24, 3] joints of the body in the T-pose, meters.

    Returns:
        poses: [N, 72] axis-angle, relative to the parents.
        trans: [N, 3] SMPL's translation, meters.
    """
    world = rotations.copy()
    placed = joints.copy()  # where the joints of the posed body are
    for joint, children in enumerate(_CHILDREN):
        if not children:
            continue
        bones = rest[children] - rest[joint]
        toward = joints[:, children] - placed[:, [joint]]
        if len(children) == 1:
            start = world[:, joint] @ bones[0]
            world[:, joint] = rotation_between(start, toward[:, 0]) @ world[:, joint]
        else:
            # All bones of a pelvis or chest together: the rotation that fits the targets best (Kabsch 1976).
            world[:, joint] = nearest_rotations(toward.swapaxes(1, 2) @ bones)
        placed[:, children] = placed[:, [joint]] + bones @ world[:, joint].swapaxes(1, 2)
    parents = world[:, PARENTS[1:]]
    local = np.concatenate([world[:, :1], parents.swapaxes(-1, -2) @ world[:, 1:]], 1)
    poses = matrix_to_axis_angle(local).reshape(len(joints), -1)
    return poses, joints[:, 0] + (joints - placed).mean(1) - rest[0]


def _rotation_errors(errors: np.ndarray) -> np.ndarray:
    """Errors [N, 24] that measure how uncertain each joint's rotation is: those of its children, or its own."""
    return np.stack(
        [errors[:, children].mean(1) if children else errors[:, j] for j, children in enumerate(_CHILDREN)], 1
    )


def _frames(people: Sequence[PersonMotion], fps: float, span: tuple[int, int]) -> np.ndarray:
    """The frames [N] of the span that are connected with those of the first motion, a part of which is inside it."""
    low = max(span[0], min(int(person.frames[0]) for person in people))
    high = min(span[1], max(int(person.frames[-1]) for person in people))
    frames = np.arange(low, high + 1)
    seen_by = np.sum([(frames >= person.frames[0]) & (frames <= person.frames[-1]) for person in people], axis=0)
    start = max(int(people[0].frames[0]) - low, 0)
    ((first, end),) = [run for run in true_runs(seen_by > 0) if run[0] <= start < run[1]]
    by_all = first + np.flatnonzero(seen_by[first:end] == len(people))
    if len(by_all):
        first = by_all[0] if by_all[0] - first < _FADE * fps else first
        end = by_all[-1] + 1 if end - by_all[-1] - 1 < _FADE * fps else end
    return frames[first:end]


def _rows(person: PersonMotion, frames: np.ndarray) -> np.ndarray:
    """The rows [N] of a person's arrays at frames [N]; the nearest ones where the person does not exist."""
    return np.clip(frames - int(person.frames[0]), 0, len(person) - 1)


def _weights(person: PersonMotion, frames: np.ndarray, fps: float) -> np.ndarray:
    """Weights [N] of a view at frames [N]: 0 where the person does not exist, rising to 1 from its ends inward.

    They rise exponentially: across its lines of sight, a view is some hundred times as certain as another along them.

    At the ends of all frames, it does not fall.
    """
    since, until = frames - int(person.frames[0]) + 1, int(person.frames[-1]) - frames + 1
    rising = since if person.frames[0] > frames[0] else np.where(since > 0, np.inf, 0)
    falling = until if person.frames[-1] < frames[-1] else np.where(until > 0, np.inf, 0)
    inside = np.minimum(rising, falling)
    return np.where(inside > 0, _FAINT ** (1 - np.clip(inside / max(_FADE * fps, 1), 0, 1)), 0.0)


def _fingers_and_face(
    people: Sequence[PersonMotion], rows: Sequence[np.ndarray], weights: np.ndarray
) -> dict[str, Any]:
    """Fingers and faces: means of the views that captured them, weighted by their confidence."""
    values: dict[str, Any] = {}
    hands = [_seen(*view, "hand_poses", "hand_confidence") for view in zip(people, rows, weights, strict=True)]
    if found := [hand for hand in hands if hand is not None]:
        matrices = [axis_angle_to_matrix(poses.reshape(len(poses), 2, -1, 3)) for poses, _ in found]
        mean = np.sum([(c + _LEAST)[..., None, None, None] * m for m, (_, c) in zip(matrices, found, strict=True)], 0)
        values["hand_poses"] = matrix_to_axis_angle(nearest_rotations(mean)).reshape(len(mean), -1)
        values["hand_confidence"] = np.max([confidence for _, confidence in found], axis=0)
    faces = [_seen(*view, "face_values", "face_confidence") for view in zip(people, rows, weights, strict=True)]
    if found := [face for face in faces if face is not None]:
        total = np.sum([c + _LEAST for _, c in found], axis=0)[:, None]
        values["face_values"] = np.sum([(c + _LEAST)[:, None] * keys for keys, c in found], axis=0) / total
        values["face_confidence"] = np.max([confidence for _, confidence in found], axis=0)
    return values


def _seen(
    person: PersonMotion, rows: np.ndarray, weights: np.ndarray, name: str, confidence_name: str
) -> tuple[np.ndarray, np.ndarray] | None:
    """The values [N, ...] of a view and their confidence [N, ...]; None if the view does not have them."""
    values, confidence = getattr(person, name), getattr(person, confidence_name)
    if values is None:
        return None
    own = confidence[rows].astype(np.float64)
    return values[rows].astype(np.float64), own * weights.reshape(-1, *[1] * (own.ndim - 1))
