"""Conversion of motion between the camera frame of each video frame and the clip's frame, for moving cameras.

The network processes each frame by itself, so its motion is in the camera frame of each video frame, as if each frame
had the clip's focal length. A known trajectory of the camera (tracked, animated, or solved elsewhere) brings it into
the clip's frame, which does not move.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle


def to_world_frame(person: PersonMotion, trajectory: CameraTrajectory, pelvis: np.ndarray) -> PersonMotion:
    """Convert a motion from the camera frame of each video frame to the clip's frame.

    CLIFF's depth is proportional to the focal length, so a zoom changes the depth.

    Args:
        pelvis: [3] position of the pelvis in the person's T-pose, about which SMPL rotates the body.
    """
    to_world = trajectory.rotations_at(person.frames).transpose(0, 2, 1)
    trans = person.trans * _depth_scales(trajectory, person.frames)
    trans = (to_world @ (trans + pelvis)[..., None])[..., 0] + trajectory.positions_at(person.frames) - pelvis
    return replace(person, poses=_rotated(person.poses, to_world), trans=trans)


def to_camera_frame(person: PersonMotion, trajectory: CameraTrajectory, pelvis: np.ndarray) -> PersonMotion:
    """Convert a motion from the clip's frame to the camera frame of each video frame; inverts `to_world_frame`."""
    to_camera = trajectory.rotations_at(person.frames)
    from_camera = person.trans + pelvis - trajectory.positions_at(person.frames)
    trans = (to_camera @ from_camera[..., None])[..., 0] - pelvis
    scales = _depth_scales(trajectory, person.frames)
    return replace(person, poses=_rotated(person.poses, to_camera), trans=trans / scales)


def with_camera_trajectory(clip: MotionClip, trajectory: CameraTrajectory | None, body: BodyData) -> MotionClip:
    """Replace the camera trajectory of a clip and move people with it, so that they keep their pixels.

    Args:
        trajectory: None for a static camera.
        body: the clip's body.
    """
    people = []
    for person in clip.people:
        pelvis = rest_joints(body, person.betas.astype(np.float64))[0]
        if clip.camera_trajectory is not None:
            person = to_camera_frame(person, clip.camera_trajectory, pelvis)
        people.append(person if trajectory is None else to_world_frame(person, trajectory, pelvis))
    return replace(clip, people=people, camera_trajectory=trajectory)


def _rotated(poses: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """Poses [N, 72] with the whole body rotated by [N, 3, 3]."""
    poses = poses.astype(np.float64)
    poses[:, :3] = matrix_to_axis_angle(rotations @ axis_angle_to_matrix(poses[:, :3]))
    return poses


def _depth_scales(trajectory: CameraTrajectory, frames: np.ndarray) -> np.ndarray:
    """Factors [N, 3] by which the focal length of each frame scales coordinates in its camera frame."""
    zoom_factors = trajectory.zoom_factors_at(frames)
    return np.stack([np.ones_like(zoom_factors), np.ones_like(zoom_factors), zoom_factors], 1)
