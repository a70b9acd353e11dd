"""The scene's own camera, keyed by hand or by Blender's motion tracking, used as the video's camera."""

from dataclasses import dataclass

import bpy
import numpy as np

from tar_core.body.data import BodyData, body_of_clip
from tar_core.camera.trajectory import CameraTrajectory
from tar_core.camera.world import with_camera_trajectory
from tar_core.cleanup.trajectory_scale import SCALE_TOLERANCE, scale_from_feet
from tar_core.errors import TarError
from tar_core.motion import MotionClip

from ..util.blender_types import data_of, find_object
from ..util.incremental import Incremental

_FRAMES_PER_STEP = 4


@dataclass(frozen=True)
class AnimatedCamera:
    """The motion and lens of a scene's camera during the video.

    Attributes:
        trajectory: in the scene's world; its zoom factors are relative to `focal_length`.
        focal_length: of the first frame, in pixels of the video.
        principal_point: [2] of the first frame, in pixels of the video.
    """

    trajectory: CameraTrajectory
    focal_length: float
    principal_point: np.ndarray


def find_camera(name: str) -> bpy.types.Object:
    """Return the camera object of that name.

    Raises:
        TarError: there is no such camera, or it is not a perspective camera.
    """
    camera = find_object(name)
    if camera is None or camera.type != "CAMERA":
        raise TarError(
            f"{name}: no such camera in this file; make your camera the active camera of the scene and re-import"
        )
    check_perspective(camera)
    return camera


def check_perspective(camera: bpy.types.Object) -> None:
    """Raise TarError if a camera is not a perspective camera."""
    if data_of(camera, bpy.types.Camera).type != "PERSP":
        raise TarError(f"{camera.name}: not a perspective camera; set its type to Perspective, or choose another")


def animated_camera_steps(
    scene: bpy.types.Scene, camera: bpy.types.Object, frames: np.ndarray, first: int, size: tuple[int, int]
) -> Incremental[AnimatedCamera]:
    """Sample a camera's motion and lens, including the effect of parents, constraints and drivers.

    Args:
        scene: its current frame is changed meanwhile and restored afterwards.
        camera: the camera object.
        frames: [F] scene frames of the video's frames from `first` on; may be fractions.
        first: number of the first video frame.
        size: width and height of the video.
    """
    rotations, positions, focal_lengths, centers = [], [], [], []
    current, subframe = scene.frame_current, scene.frame_subframe
    try:
        for k, frame in enumerate(frames):
            if k % _FRAMES_PER_STEP == 0:
                yield
            scene.frame_set(int(np.floor(frame)), subframe=float(frame - np.floor(frame)))
            evaluated = camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
            position, rotation, _ = evaluated.matrix_world.decompose()
            # The camera object's y axis points up and it looks along -z; OpenCV's y axis points down and z forward.
            rotations.append((np.array(rotation.to_matrix()) * [1, -1, -1]).T)
            positions.append(position)
            data = data_of(evaluated, bpy.types.Camera)
            focal_lengths.append(focal_length(data, *size))
            centers.append(principal_point(data, *size))
    finally:
        scene.frame_set(current, subframe=subframe)
    zoom_factors = np.array(focal_lengths) / focal_lengths[0]
    zoom_factors[np.abs(zoom_factors - 1) < 1e-6] = 1.0  # the lens is not animated
    trajectory = CameraTrajectory.from_poses(
        first, np.array(rotations), np.array(positions), zoom_factors, world_is_upright=True
    )
    return AnimatedCamera(trajectory, focal_lengths[0], centers[0])


def focal_length(camera: bpy.types.Camera, width: float, height: float) -> float:
    """Return a camera's focal length in pixels, for images of this size."""
    side, sensor = _fitted_side(camera, width, height)
    return camera.lens / sensor * side


def principal_point(camera: bpy.types.Camera, width: float, height: float) -> np.ndarray:
    """Return a camera's principal point [2] in pixels, with (0, 0) at the center of the first pixel.

    This is the inverse of the lens shift that `build_camera` sets.
    """
    side, _ = _fitted_side(camera, width, height)
    return np.array([(width - 1) / 2 - camera.shift_x * side, (height - 1) / 2 + camera.shift_y * side])


def _fitted_side(camera: bpy.types.Camera, width: float, height: float) -> tuple[float, float]:
    """Return the side of the image that Blender fits to the sensor, in pixels, and the sensor's size in millimeters."""
    fit = camera.sensor_fit
    if fit == "AUTO":  # the sensor's width applies to the longer side
        return max(width, height), camera.sensor_width
    return (width, camera.sensor_width) if fit == "HORIZONTAL" else (height, camera.sensor_height)


def in_front_of(camera: AnimatedCamera, clip: MotionClip, body: BodyData) -> MotionClip:
    """Place a clip in the world of the camera that filmed it."""
    seen = with_camera_trajectory(clip, None, body).with_focal_length(camera.focal_length)
    return with_camera_trajectory(seen.with_principal_point(camera.principal_point), camera.trajectory, body)


def scale_warnings(clip: MotionClip, camera: AnimatedCamera) -> list[str]:
    """Warn if the scale of the camera trajectory seems wrong. Foot locking would hide that, so it comes later."""
    body = body_of_clip(clip)
    scale = scale_from_feet(in_front_of(camera, clip, body), body)
    if scale is None or 1 / SCALE_TOLERANCE < scale < SCALE_TOLERANCE:
        return []
    return [
        f"feet would slide less if the camera trajectory were {scale:.2g} times as long; scale the world of the "
        "camera by this factor and re-import"
    ]
