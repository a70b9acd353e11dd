"""A person who walks in front of a moving camera, generated with NumPy."""

import numpy as np

from tar_core.body.data import load_body
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.cleanup.foot_locking import foot_points
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from tar_core.skeleton import JOINT_NAMES, pose_skeleton

BODY = load_body()
FPS = 30.0
PELVIS = rest_joints(BODY, np.zeros(10))[0]
UPRIGHT = np.array([np.pi, 0.0, 0.0])  # global_orient of an upright person who faces a level camera


def walker(count: int = 120) -> PersonMotion:
    """A person who walks across the image: one foot swings while the other stays exactly in place."""
    poses = np.zeros((count, 24, 3))
    poses[:, 0] = UPRIGHT
    swing = 0.5 * np.sin(np.arange(count) / 6)
    hips = [JOINT_NAMES.index(f"{side}_hip") for side in ("left", "right")]
    poses[:, hips[0], 0], poses[:, hips[1], 0] = swing, -swing
    poses[:, 0] = matrix_to_axis_angle(
        axis_angle_to_matrix(UPRIGHT) @ axis_angle_to_matrix(np.array([0, np.pi / 2, 0]))
    )
    trans = np.tile([-1.0, 0.2, 5.0], (count, 1))
    person = PersonMotion(
        1, poses.reshape(count, -1), np.zeros(10), trans, np.arange(count), np.zeros((count, 4)), np.ones(count)
    )
    feet = foot_points(person, BODY)
    # The foot that moves backwards relative to the body is in stance: the body moves forward by as much.
    stance = np.where(np.diff(feet[:, 0, 0]) < np.diff(feet[:, 2, 0]), 0, 2)
    steps = -np.diff(feet, axis=0)[np.arange(count - 1), stance]
    person.trans[1:] += np.cumsum(steps, axis=0)
    return person


def dolly(count: int = 120) -> CameraTrajectory:
    """A camera that moves sideways on a dolly while it rotates and zooms."""
    time = np.arange(count) / FPS
    rotations = np.stack([0.1 * np.sin(time), 0.4 * np.sin(0.5 * time), 0.05 * time], 1)
    positions = np.stack([0.7 * time, 0.1 * np.sin(2 * time), 0.3 * time], 1)
    return CameraTrajectory(0, rotations, positions, 1 + 0.2 * time)


def clip_of(person: PersonMotion, path: CameraTrajectory | None = None) -> MotionClip:
    return MotionClip(FPS, 1280, 720, 1400.0, np.array([639.5, 359.5]), "walk.mp4", [person], camera_trajectory=path)


def joint_pixels(clip: MotionClip, person: PersonMotion) -> np.ndarray:
    """Pixels [N, 24, 2] of all joints in the camera of each frame."""
    joints = pose_skeleton(person.poses.reshape(-1, 24, 3).astype(float), rest_joints(BODY, np.zeros(10)))[1]
    joints += person.trans[:, None]
    seen = np.array([clip.in_camera(points, int(frame)) for points, frame in zip(joints, person.frames, strict=True)])
    return clip.focal_lengths(person.frames)[:, None, None] * seen[..., :2] / seen[..., 2:]
