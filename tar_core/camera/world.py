"""Motion before a camera that moves: from each frame's own camera to the one frame that stands, and back.

The network sees every frame by itself, so its motion is in that frame's camera, as if it had the clip's focal length.
A known camera path (found in the background, keyed by an animator, solved by a tracker) brings it into the world.
"""

from dataclasses import replace

import numpy as np

from tar_core.body.data import BodyData
from tar_core.body.shape import rest_joints
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.motion import MotionClip, PersonMotion
from tar_core.rotations import axis_angle_to_matrix, matrix_to_axis_angle


def to_world_frame(person: PersonMotion, path: CameraTrajectory, pelvis: np.ndarray) -> PersonMotion:
    """A motion in each frame's own camera -> the same in the path's frame, which stands.

    CLIFF's depth is in proportion to the focal length, so a zoom is a matter of depth.

    Args:
        pelvis: [3] of the person's T-pose: SMPL turns the body about it.
    """
    back = path.rotations_at(person.frames).transpose(0, 2, 1)
    trans = person.trans * _depths(path, person.frames)
    trans = (back @ (trans + pelvis)[..., None])[..., 0] + path.positions_at(person.frames) - pelvis
    return replace(person, poses=_turned(person.poses, back), trans=trans)


def to_camera_frame(person: PersonMotion, path: CameraTrajectory, pelvis: np.ndarray) -> PersonMotion:
    """The opposite of `to_world_frame`."""
    turn = path.rotations_at(person.frames)
    away = person.trans + pelvis - path.positions_at(person.frames)
    trans = (turn @ away[..., None])[..., 0] - pelvis
    return replace(person, poses=_turned(person.poses, turn), trans=trans / _depths(path, person.frames))


def with_camera_trajectory(clip: MotionClip, path: CameraTrajectory | None, body: BodyData) -> MotionClip:
    """The clip as another path of the same camera puts it into the world; everybody stays over their pixels.

    Args:
        path: None for a camera that stands.
        body: the clip's.
    """
    people = []
    for person in clip.people:
        pelvis = rest_joints(body, person.betas.astype(np.float64))[0]
        if clip.camera_trajectory is not None:
            person = to_camera_frame(person, clip.camera_trajectory, pelvis)
        people.append(person if path is None else to_world_frame(person, path, pelvis))
    return replace(clip, people=people, camera_trajectory=path)


def _turned(poses: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Poses [N, 72] with bodies turned by [N, 3, 3]."""
    poses = poses.astype(np.float64)
    poses[:, :3] = matrix_to_axis_angle(turns @ axis_angle_to_matrix(poses[:, :3]))
    return poses


def _depths(path: CameraTrajectory, frames: np.ndarray) -> np.ndarray:
    """[N, 3] by which coordinates in each frame's own camera grow with its focal length."""
    zooms = path.zoom_factors_at(frames)
    return np.stack([np.ones_like(zooms), np.ones_like(zooms), zooms], 1)
