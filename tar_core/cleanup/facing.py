"""Frames in which the network takes a person for one who faces the other way.

Seen from the front, a body covers nearly the same pixels as its mirror image behind a plane across the line of sight,
seen from the back. If the network takes one for the other, the person turns around from one frame to the next, and
back later. Each frame is in one of two states: as captured, or mirrored in depth. The most likely sequence of states
is the one in which the joints move least (the Viterbi algorithm), with a cost for each mirrored frame.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import MIRROR, NUM_JOINTS, pose_skeleton

MIRRORED_COST = 0.12  # meters per second in the mirrored state; a person who is mistaken moves by more than 0.1 m
MAX_MOTION = 0.3  # meters of a joint from frame to frame; a larger movement costs the same
_FLIP = np.array([1.0, -1.0, -1.0])  # of axis-angles, for x -> -x


def correct_clip_facing(clip: MotionClip, body: BodyData) -> MotionClip:
    """Turn the people of a clip around in the frames in which they face the wrong way; others stay exactly as is."""
    people = [correct_facing(person, body, clip.fps, clip.camera_positions(person.frames)) for person in clip.people]
    return replace(clip, people=people)


def correct_facing(person: PersonMotion, body: BodyData, fps: float, camera: np.ndarray) -> PersonMotion:
    """Turn one person around in the frames in which they face the wrong way.

    Args:
        person: the captured motion.
        body: the body of the motion.
        fps: frame rate.
        camera: [N, 3] position of the camera, meters.
    """
    mirrored = mirrored_in_depth(person, body, camera)
    turned = mirrored_frames(_offsets(person, body), _offsets(mirrored, body), MIRRORED_COST / fps)
    if not turned.any():
        return person
    arrays: dict[str, Any] = {
        name: np.where(turned[:, None], getattr(mirrored, name), value)
        for name in ("poses", "joint_errors", "hand_poses", "hand_confidence")
        if (value := getattr(person, name)) is not None
    }
    return replace(person, **arrays)


def mirrored_in_depth(person: PersonMotion, body: BodyData, camera: np.ndarray) -> PersonMotion:
    """The mirror image of a person behind the plane through the pelvis across the line of sight, as a body.

    Left and right change places twice: in the mirror, and by name.
    """
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    sight = person.trans + rest_joints(body, person.betas.astype(np.float64))[0] - camera
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    mirror = np.eye(3) - 2 * sight[:, :, None] * sight[:, None]
    root = matrix_to_axis_angle(mirror @ axis_angle_to_matrix(poses[:, 0]) @ np.diag([-1.0, 1.0, 1.0]))
    poses = poses[:, list(MIRROR)] * _FLIP
    poses[:, 0] = root
    hands, confidence = person.hand_poses, person.hand_confidence
    return replace(
        person,
        poses=poses.reshape(len(person), -1),
        joint_errors=person.joint_errors[:, list(MIRROR)],
        hand_poses=None
        if hands is None
        else (hands.reshape(len(person), 2, -1, 3)[:, ::-1] * _FLIP).reshape(hands.shape),
        hand_confidence=None if confidence is None else confidence[:, ::-1],
    )


def _offsets(person: PersonMotion, body: BodyData) -> np.ndarray:
    """Joints [N, 24, 3] relative to the pelvis, meters."""
    poses = person.poses.reshape(len(person), NUM_JOINTS, 3).astype(np.float64)
    _, joints = pose_skeleton(poses, rest_joints(body, person.betas.astype(np.float64)))
    return joints - joints[:, :1]


def mirrored_frames(captured: np.ndarray, mirrored: np.ndarray, cost: float) -> np.ndarray:
    """Find the frames [N] in which the mirrored state is more likely.

    Args:
        captured, mirrored: [N, J, 3] joints relative to the pelvis, meters.
        cost: of a mirrored frame, meters.
    """
    states = np.stack([captured, mirrored], 1)
    own = cost * np.arange(2)
    moved = np.linalg.norm(states[:-1, :, None] - states[1:, None], axis=-1)  # [N - 1, before, now, J]
    motion = np.minimum(moved, MAX_MOTION).mean(-1)
    total, best = own, []
    for step in motion:
        paths = total[:, None] + step
        best.append(paths.argmin(0))
        total = paths.min(0) + own
    state = int(total.argmin())
    sequence = [state]
    for before in reversed(best):
        state = int(before[state])
        sequence.append(state)
    return np.array(sequence[::-1], bool)
