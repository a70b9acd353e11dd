"""The scene's own camera, keyed by hand or by Blender's motion tracker, taken for the video's."""

from dataclasses import dataclass

import bpy
import numpy as np

from tar_core.camera.trajectory import CameraTrajectory
from tar_core.errors import TarError

from ..util.incremental import Incremental

_FRAMES_A_STEP = 4  # that are looked at before others may do something


@dataclass(frozen=True)
class AnimatedCamera:
    """What a scene's camera does while the video runs.

    Attributes:
        path: in the scene's world; its zooms are multiples of `focal_length`.
        focal_length: in the first frame, pixels of the video.
        principal_point: [2] in the first frame, pixels of the video.
    """

    path: CameraTrajectory
    focal_length: float
    principal_point: np.ndarray


def find_camera(name: str) -> bpy.types.Object:
    """The camera of that name.

    Raises:
        TarError: there is none, or it has no perspective.
    """
    camera = bpy.data.objects.get(name)
    if camera is None or camera.type != "CAMERA":
        raise TarError(f"the camera {name} is not there any more; make yours the scene's camera and re-import")
    check_perspective(camera)
    return camera


def check_perspective(camera: bpy.types.Object) -> None:
    """Raises TarError for cameras that see without perspective."""
    if camera.data.type != "PERSP":
        raise TarError(f"{camera.name} has no perspective; set its type to Perspective, or choose another one")


def animated_camera_steps(
    scene: bpy.types.Scene, camera: bpy.types.Object, frames: np.ndarray, first: int, size: tuple[int, int]
) -> Incremental[AnimatedCamera]:
    """Goes through the scene's frames and looks where the camera is; parents, constraints and drivers count.

    Args:
        frames: [F] scene frames, whole or not, of the video's frames from `first` on.
        size: the video's width and height.
    """
    rotations, places, focal_lengths, centers = [], [], [], []
    now, between = scene.frame_current, scene.frame_subframe
    try:
        for k, frame in enumerate(frames):
            if k % _FRAMES_A_STEP == 0:
                yield
            scene.frame_set(int(np.floor(frame)), subframe=float(frame - np.floor(frame)))
            seen = camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
            place, turn, _ = seen.matrix_world.decompose()
            # The camera object's y is up and it looks along -z; OpenCV's y is down and z forward.
            rotations.append((np.array(turn.to_matrix()) * [1, -1, -1]).T)
            places.append(place)
            focal_lengths.append(focal_length(seen.data, *size))
            centers.append(principal_point(seen.data, *size))
    finally:
        scene.frame_set(now, subframe=between)
    zooms = np.array(focal_lengths) / focal_lengths[0]
    zooms[np.abs(zooms - 1) < 1e-6] = 1.0  # a lens that is not keyed
    path = CameraTrajectory.from_poses(first, np.array(rotations), np.array(places), zooms, world_is_upright=True)
    return AnimatedCamera(path, focal_lengths[0], centers[0])


def focal_length(camera: bpy.types.Camera, width: float, height: float) -> float:
    """Pixels, for pictures of this size."""
    side, sensor = _fitted(camera, width, height)
    return camera.lens / sensor * side


def principal_point(camera: bpy.types.Camera, width: float, height: float) -> np.ndarray:
    """[2] pixels, (0, 0) at the first one's center: see `build_camera`, whose shift this undoes."""
    side, _ = _fitted(camera, width, height)
    return np.array([(width - 1) / 2 - camera.shift_x * side, (height - 1) / 2 + camera.shift_y * side])


def _fitted(camera: bpy.types.Camera, width: float, height: float) -> tuple[float, float]:
    """The picture's side that Blender fits to the sensor, pixels, and the sensor's size along it, millimeters."""
    fit = camera.sensor_fit
    if fit == "AUTO":  # the sensor's width is that of the longer side, whichever that is
        return max(width, height), camera.sensor_width
    return (width, camera.sensor_width) if fit == "HORIZONTAL" else (height, camera.sensor_height)
